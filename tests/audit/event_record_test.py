"""Tests that events are read as docs/formats/events.md says, and that every spelling but the canonical one is refused."""
import pathlib
import re
import unittest

from event_record import Event, NotCanonical, parse_event
from log_maker import field, make_event, texts

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/formats/events.md"
TIME = field(1, bytes(8))
ACTOR, OPERATION, RESULT = field(2, b"kari.berg"), field(4, b"keyfile.issue"), field(5, b"OK")
COUNT, CHANGE = field(20, bytes(8) + b"rows"), field(21, texts("state", "", "ISSUED"))
SUBJECT = field(12, bytes(16))

NOT_EVENTS = {
    "nothing at all": b"",
    "another version": b"\x02" + TIME,
    "version 0": b"\x00" + TIME,
    "no time": b"\x01" + ACTOR,
    "no field": b"\x01",
    "a time of 7 bytes": b"\x01" + field(1, bytes(7)),
    "a time of 9 bytes": b"\x01" + field(1, bytes(9)),
    "time twice": b"\x01" + TIME + TIME,
    "a text twice": b"\x01" + TIME + ACTOR + ACTOR,
    "a subject twice": b"\x01" + TIME + SUBJECT + SUBJECT,
    "tags out of order": b"\x01" + TIME + OPERATION + ACTOR,
    "the time not first": b"\x01" + ACTOR + TIME,
    "a count after a change": b"\x01" + TIME + CHANGE + COUNT,
    "an empty text": b"\x01" + TIME + field(2, b""),
    "tag 0": b"\x01" + field(0, b"x") + TIME,
    "tag 13": b"\x01" + TIME + field(13, b"x"),
    "tag 19": b"\x01" + TIME + field(19, b"x"),
    "tag 22": b"\x01" + TIME + field(22, b"x"),
    "tag 255": b"\x01" + TIME + field(255, b"x"),
    "only a tag": b"\x01" + TIME + b"\x02",
    "half a length": b"\x01" + TIME + b"\x02\x00\x00",
    "a length and no value": b"\x01" + TIME + b"\x02\x00\x00\x00\x01",
    "a length beyond the end": b"\x01" + TIME + b"\x02\xff\xff\xff\xffkari.berg",
    "a byte at the end": b"\x01" + TIME + ACTOR + b"\x00",
    "a subject of 15 bytes": b"\x01" + TIME + field(12, bytes(15)),
    "a subject of 17 bytes": b"\x01" + TIME + field(12, bytes(17)),
    "a count of 7 bytes": b"\x01" + TIME + field(20, bytes(7)),
    "a change of two texts": b"\x01" + TIME + field(21, texts("state", "")),
    "a change of four texts": b"\x01" + TIME + field(21, texts("state", "", "ISSUED", "")),
    "a change with a byte too many": b"\x01" + TIME + field(21, texts("state", "", "ISSUED") + b"x"),
    "a change that is cut off": b"\x01" + TIME + field(21, texts("state", "", "ISSUED")[:-1]),
    "an empty change": b"\x01" + TIME + field(21, b""),
    "a text that is not UTF-8": b"\x01" + TIME + field(2, b"kari\xff"),
    "a surrogate in a text": b"\x01" + TIME + field(2, b"\xed\xa0\x80"),
    "the name of a count that is not UTF-8": b"\x01" + TIME + field(20, bytes(8) + b"\xff"),
    "a text of a change that is not UTF-8": b"\x01" + TIME + field(21, b"\x00\x00\x00\x01\xff" + texts("", "")),
}


class EventTest(unittest.TestCase):
    def test_the_worked_example_of_the_page(self):
        block = re.search(r"```hex\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
        data = bytes.fromhex("".join(line.split("|")[0] for line in block.splitlines()))
        self.assertEqual(parse_event(data), Event(1_774_000_000_123_456, "keyfile.issue", "OK"))

    def test_what_is_left_out_is_empty_and_times_may_be_before_1970(self):
        self.assertEqual(parse_event(b"\x01" + TIME), Event(0, "", ""))
        self.assertEqual(parse_event(b"\x01" + field(1, b"\xff" * 8) + RESULT), Event(-1, "", "OK"))

    def test_counts_and_changes_may_repeat(self):
        self.assertEqual(parse_event(b"\x01" + TIME + SUBJECT + COUNT + COUNT + CHANGE + CHANGE), Event(0, "", ""))

    def test_made_events_are_events(self):
        for number in range(100):
            self.assertEqual(parse_event(make_event(number)).time_microseconds % 1000, 456)

    def test_every_other_spelling_is_refused(self):
        for what, data in NOT_EVENTS.items():
            with self.subTest(what), self.assertRaises(NotCanonical):
                parse_event(data)

    def test_an_event_that_is_cut_off_is_none(self):
        """Unless the cut is between two fields: what is left is an event of its own."""
        data = make_event(5)
        ends, at = set(), 1
        while at < len(data):
            at += 5 + int.from_bytes(data[at + 1:at + 5], "big")
            ends.add(at)
        for length in set(range(len(data))) - ends:
            with self.subTest(length), self.assertRaises(NotCanonical):
                parse_event(data[:length])


if __name__ == "__main__":
    unittest.main()
