"""Verifier keys, checkpoints with their signatures and cosignatures, and proof files, as docs/formats/log.md says."""
import base64
import binascii
import dataclasses
import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from merkle import HASH_BYTES

LOG_KEY, WITNESS_KEY = 1, 4  # types of keys
MOST_SIGNATURES, MOST_BYTES = 16, 16 * 1024
MOST_PROOF_BYTES = MOST_BYTES + 16 * 1024
SIGNATURE_BYTES, TIME_BYTES, ID_BYTES = 64, 8, 4
LAST_TIME = 2**63 - 1
NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


class NotRight(Exception):
    """What was read is not what it should be; the text says what is wrong."""


def from_base64(text, what):
    """Only the one spelling that the same bytes are written in again: the bits after the last byte must be zero."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or base64.b64encode(data).decode() != text:
        raise NotRight(f"{what} is not Base64")
    return data


def hash_from_base64(text, what):
    data = from_base64(text, what)
    if len(data) != HASH_BYTES:
        raise NotRight(f"{what} has {len(data)} bytes, not {HASH_BYTES}")
    return data


def number_from(text, what):
    if not NUMBER.fullmatch(text) or int(text) > LAST_TIME:
        raise NotRight(f"{what} is not a number in decimal")
    return int(text)


def text_lines(data, what):
    """The lines of a text, each of which ends with a line feed."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NotRight(f"{what} is not UTF-8") from None
    if any(c < " " and c != "\n" for c in text):
        raise NotRight(f"{what} has control characters")
    if not text.endswith("\n"):
        raise NotRight(f"{what} does not end with a line feed")
    return text.split("\n")[:-1]


def is_name(text):
    return text != "" and "+" not in text and not any(c.isspace() or c < " " for c in text)


@dataclasses.dataclass(frozen=True)
class VerifierKey:
    """NAME+ID+KEY."""

    name: str
    id: bytes
    type: int
    public: bytes

    @classmethod
    def parse(cls, text):
        parts = text.split("+", 2)  # KEY is Base64, which may have a + too
        if len(parts) != 3 or not is_name(parts[0]):
            raise NotRight("a verifier key is NAME+ID+KEY")
        name, key_id, key = parts[0], parts[1], from_base64(parts[2], "the KEY of a verifier key")
        if len(key) != 33 or key[0] not in (LOG_KEY, WITNESS_KEY):
            raise NotRight("the KEY of a verifier key is not a type, 01 or 04, and 32 bytes")
        expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:ID_BYTES]
        if key_id != expected.hex():
            raise NotRight(f"the ID of the verifier key is {key_id!r}, not {expected.hex()}")
        return cls(name, expected, key[0], key[1:])

    def __str__(self):
        return f"{self.name}+{self.id.hex()}"

    def check(self, text, signature):
        """Returns the time of a cosignature, None for the log's own signature; raises NotRight if it is wrong."""
        message, at = text, None
        if self.type == WITNESS_KEY:
            at, signature = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
            message = b"cosignature/v1\ntime %d\n" % at + text
        try:
            if len(signature) != SIGNATURE_BYTES or (at or 0) > LAST_TIME:
                raise InvalidSignature
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NotRight(f"the signature of {self} is wrong") from None
        return at


@dataclasses.dataclass(frozen=True)
class SignedNote:
    """A text and the lines that sign it: (name, ID, signature) each. That says nothing of whether they are right."""

    text: bytes
    signatures: tuple

    @classmethod
    def parse(cls, data):
        if len(data) > MOST_BYTES:
            raise NotRight(f"more than {MOST_BYTES} bytes")
        lines = text_lines(data, "the note")
        if "" not in lines:
            raise NotRight("there is no empty line before the signatures")
        end = len(lines) - 1 - lines[::-1].index("")
        if end == 0 or end + 1 == len(lines):
            raise NotRight("there is no text, or no signature line")
        if len(lines) - end - 1 > MOST_SIGNATURES:
            raise NotRight(f"more than {MOST_SIGNATURES} signature lines")
        text = "".join(f"{line}\n" for line in lines[:end]).encode()
        return cls(text, tuple(cls._signature(line) for line in lines[end + 1:]))

    @staticmethod
    def _signature(line):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not is_name(parts[1]):
            raise NotRight("a line after the empty one is not a signature line")
        data = from_base64(parts[2], f"the signature of {parts[1]}")
        if len(data) <= ID_BYTES:
            raise NotRight(f"the signature of {parts[1]} is too short")
        return parts[1], data[:ID_BYTES], data[ID_BYTES:]

    def verify(self, keys):
        """Returns the lines of these keys as (key, time), and the names of the others. Raises NotRight if a line of these keys is wrong."""
        known = {(key.name, key.id): key for key in keys}
        right, others = [], []
        for name, key_id, signature in self.signatures:
            key = known.get((name, key_id))
            if key is None:
                others.append(f"{name}+{key_id.hex()}")
            else:
                right.append((key, key.check(self.text, signature)))
        return right, others


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says, and the note that says it."""

    origin: str
    size: int
    root: bytes
    note: SignedNote

    @classmethod
    def parse(cls, data):
        note = SignedNote.parse(data)
        lines = text_lines(note.text, "the text")
        if len(lines) != 3 or not is_name(lines[0]):
            raise NotRight("the text is not three lines: origin, number of events, root")
        return cls(lines[0], number_from(lines[1], "the number of events"), hash_from_base64(lines[2], "the root"), note)

    def verify(self, log_keys, witnesses):
        """Returns [(witness, time)] of the cosignatures, and the names of the lines that no key was given for. Raises NotRight if the
        checkpoint does not count: there is no signature of the log, or one that is wrong."""
        if any(key.name != self.origin for key in log_keys):
            raise NotRight(f"the origin is {self.origin}, the log's key is that of {log_keys[0].name}")
        right, others = self.note.verify([*log_keys, *witnesses])
        if not any(key in log_keys for key, _ in right):
            raise NotRight("it is not signed by " + " or ".join(map(str, log_keys)))
        return [(key, at) for key, at in right if key.type == WITNESS_KEY], others


@dataclasses.dataclass(frozen=True)
class ProofFile:
    """A .tlog-proof: that a leaf is number `index` of the checkpoint's tree."""

    index: int
    hashes: tuple
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, data):
        head, separator, rest = data[:MOST_PROOF_BYTES].partition(b"\n\n")
        if not separator:
            raise NotRight("there is no empty line before the checkpoint")
        lines = text_lines(head + b"\n", "the proof")
        if lines.pop(0) != "c2sp.org/tlog-proof@v1":
            raise NotRight("the first line is not c2sp.org/tlog-proof@v1")
        if lines and lines[0].startswith("extra "):
            lines.pop(0)  # C2SP allows it, and nothing vouches for it
        if not lines or not lines[0].startswith("index "):
            raise NotRight("there is no line that begins with index")
        index = number_from(lines[0][len("index "):], "the index")
        hashes = tuple(hash_from_base64(line, f"hash {number} of the proof") for number, line in enumerate(lines[1:]))
        return cls(index, hashes, Checkpoint.parse(rest))
