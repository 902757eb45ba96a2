"""Publishes logs as docs/formats/log.md says, for tests: shares nothing with the verifier, so that a mistake is not made on both sides."""
import base64
import dataclasses
import hashlib
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OPERATIONS = ("keyfile.issue", "project.create", "insight.look-up", "population.submit")
RESULTS = ("OK", "OK", "OK", "NOT_PERMITTED")
FIRST_TIME = 1_774_000_000_123_456


def encoded(data):
    return base64.b64encode(data).decode()


def sha256(data):
    return hashlib.sha256(data).digest()


def naive_leaf(event):
    return sha256(b"\x00" + event)


def naive_root(leaf_hashes):
    """The definition of RFC 6962 as it stands there."""
    if not leaf_hashes:
        return sha256(b"")
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    k = 1
    while k * 2 < len(leaf_hashes):
        k *= 2
    return sha256(b"\x01" + naive_root(leaf_hashes[:k]) + naive_root(leaf_hashes[k:]))


def field(tag, value):
    return bytes([tag]) + len(value).to_bytes(4, "big") + value


def texts(*values):
    return b"".join(len(value.encode()).to_bytes(4, "big") + value.encode() for value in values)


def make_event(number, time=None, note="keyfile 7"):
    """Event `number` of an invented log: not two are alike, and every kind of field occurs."""
    event = b"\x01" + field(1, (FIRST_TIME + 1000 * number if time is None else time).to_bytes(8, "big", signed=True))
    event += field(2, b"kari.berg") + field(3, "nøkkelansvarlig".encode() if number % 7 == 0 else b"key-officer")
    event += field(4, OPERATIONS[number % 4].encode()) + field(5, RESULTS[number % 5 % 4].encode())
    event += field(7, b"P%04d" % (number % 50)) + field(9, note.encode()) + field(11, b"%032x" % number)
    if number % 3 == 0:
        event += field(12, sha256(b"%d" % number)[:16])
    for count in range(number % 3):
        event += field(20, number.to_bytes(8, "big") + b"rows %d" % count)
    if number % 4 == 1:
        event += field(21, texts("state", "", "ISSUED"))
    return event


class Signer:
    """A key pair of the log, type 1, or of a witness, type 4."""

    def __init__(self, name, key_type, seed):
        self.name, self.type = name, key_type
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        public = bytes([key_type]) + self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = sha256(name.encode() + b"\n" + public)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{encoded(public)}"

    def line(self, text, at=1_774_000_000):
        """The line that signs a text, at a time if the key is a witness's."""
        if self.type == 1:
            return self.line_of(self.private.sign(text.encode()))
        message = f"cosignature/v1\ntime {at}\n{text}"
        return self.line_of(at.to_bytes(8, "big") + self.private.sign(message.encode()))

    def line_of(self, signature):
        return f"— {self.name} {encoded(self.id + signature)}\n"


def bundle_name(number):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


@dataclasses.dataclass
class MadeLog:
    """A log whose events are all known; publish() writes what is published of the first of them."""

    folder: pathlib.Path
    log: Signer
    witnesses: list
    events: list

    def __post_init__(self):
        self.leaf_hashes = [naive_leaf(event) for event in self.events]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write("keys", f"{self.log.vkey}\n".encode())

    def write(self, path, data):
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def text(self, size, origin=None):
        return f"{origin or self.log.name}\n{size}\n{encoded(naive_root(self.leaf_hashes[:size]))}\n"

    def checkpoint(self, size):
        text = self.text(size)
        return (text + "\n" + self.log.line(text) + "".join(witness.line(text) for witness in self.witnesses)).encode()

    def publish(self, size, hour=None):
        """Writes the tiles, then the checkpoint, also as that of an hour: 2026/03/20-09."""
        rows, level = self.leaf_hashes[:size], 0
        while rows:
            self.write_row(f"tile/{level}", [b"".join(rows[at:at + 256]) for at in range(0, len(rows), 256)], len(rows))
            rows = [naive_root(rows[at:at + 256]) for at in range(0, len(rows) - 255, 256)]
            level += 1
        events = [len(event).to_bytes(2, "big") + event for event in self.events[:size]]
        self.write_row("tile/entries", [b"".join(events[at:at + 256]) for at in range(0, size, 256)], size)
        self.write("checkpoint", self.checkpoint(size))
        if hour is not None:
            self.write(f"checkpoints/{hour}", self.checkpoint(size))

    def write_row(self, under, files, count):
        for number, data in enumerate(files):
            partial = f".p/{count % 256}" if (number + 1) * 256 > count else ""
            self.write(f"{under}/{bundle_name(number)}{partial}", data)

    def proof(self, index, size):
        """A proof file with the checkpoint of `size` events."""
        hashes = naive_path(index, self.leaf_hashes[:size])
        return f"c2sp.org/tlog-proof@v1\nindex {index}\n".encode() + "".join(f"{encoded(one)}\n" for one in hashes).encode() + b"\n" + \
            self.checkpoint(size)


def naive_path(index, leaf_hashes):
    """The inclusion proof by going up level by level: a node without a sibling goes up alone."""
    path, row = [], list(leaf_hashes)
    while len(row) > 1:
        if index ^ 1 < len(row):
            path.append(row[index ^ 1])
        row = [sha256(b"\x01" + row[at] + row[at + 1]) if at + 1 < len(row) else row[at] for at in range(0, len(row), 2)]
        index //= 2
    return path
