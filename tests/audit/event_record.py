"""Reads the bytes of one event, as docs/formats/events.md says, and refuses every spelling but the canonical one."""
import struct
import typing

VERSION = 1
TIME, ACTOR, OPERATION, RESULT, REQUEST_ID, SUBJECT, COUNT, CHANGE = 1, 2, 4, 5, 11, 12, 20, 21
REPEATED = (COUNT, CHANGE)
TAG_AND_LENGTH = struct.Struct(">BI")
LENGTH = struct.Struct(">I")
NUMBER_BYTES, SUBJECT_BYTES = 8, 16


class NotCanonical(Exception):
    """The bytes are not an event; the text says why, without the event's own words."""


class Event(typing.NamedTuple):
    time_microseconds: int
    operation: str
    result: str


def text_of(value, tag):
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise NotCanonical(f"the text of tag {tag} is not UTF-8") from None


def check_change(value):
    at = 0
    for _ in range(3):
        if at + LENGTH.size > len(value):
            raise NotCanonical("a change is not three texts")
        end = at + LENGTH.size + LENGTH.unpack_from(value, at)[0]
        if end > len(value):
            raise NotCanonical("a text of a change is longer than the change")
        text_of(value[at + LENGTH.size:end], CHANGE)
        at = end
    if at != len(value):
        raise NotCanonical("there is something after the three texts of a change")


def parse_event(data):
    """Returns the event, or raises NotCanonical. An operation or result that was left out is an empty text."""
    if not data or data[0] != VERSION:
        raise NotCanonical("it does not begin with version 1")
    fields, at, last = {}, 1, -1
    while at < len(data):
        if at + TAG_AND_LENGTH.size > len(data):
            raise NotCanonical("it ends inside a field")
        tag, length = TAG_AND_LENGTH.unpack_from(data, at)
        at += TAG_AND_LENGTH.size
        value = data[at:at + length]
        at += length
        if at > len(data):
            raise NotCanonical(f"it ends inside the field of tag {tag}")
        if tag < last or (tag == last and tag not in REPEATED):
            raise NotCanonical(f"tag {tag} stands after tag {last}")
        last = tag
        if ACTOR <= tag <= REQUEST_ID:
            if not value:
                raise NotCanonical(f"the text of tag {tag} is empty")
            fields[tag] = text_of(value, tag)
        elif tag == TIME:
            if length != NUMBER_BYTES:
                raise NotCanonical(f"the time has {length} bytes")
            fields[tag] = int.from_bytes(value, "big", signed=True)
        elif tag == SUBJECT:
            if length != SUBJECT_BYTES:
                raise NotCanonical(f"the subject has {length} bytes")
        elif tag == COUNT:
            if length < NUMBER_BYTES:
                raise NotCanonical(f"a count has {length} bytes")
            text_of(value[NUMBER_BYTES:], tag)
        elif tag == CHANGE:
            check_change(value)
        else:
            raise NotCanonical(f"tag {tag} has no meaning")
    if TIME not in fields:
        raise NotCanonical("it has no time")
    return Event(fields[TIME], fields.get(OPERATION, ""), fields.get(RESULT, ""))
