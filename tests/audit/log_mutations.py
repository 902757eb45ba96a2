"""Ways to change a published log, for tests: each is (what was done, the files that it changes, where it must be found).

The files are {path: bytes, or None if it is deleted}. Where: {path: index of the first place, or None if only the file is known}.
"""
import random

HASH, WIDTH = 32, 256


def is_tile(path):
    return path.startswith("tile/") and not path.startswith("tile/entries/")


def is_bundle(path):
    return path.startswith("tile/entries/")


def first_index(path):
    """Of a tile or bundle whose number has one group of digits."""
    return int(path.split("/")[2][:3]) * WIDTH


def events_of(data):
    """The start and end of each event with its length."""
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at:at + 2], "big")
        yield at, end
        at = end


def index_of(path, data, position):
    """The number of the event or hash that a byte of the file belongs to; None for a text."""
    if is_tile(path):
        return first_index(path) + position // HASH
    if is_bundle(path):
        return first_index(path) + next(number for number, (_, end) in enumerate(events_of(data)) if position < end)
    return None


def with_bit(data, position, bit):
    return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1:]


def vouched_positions(path, data):
    """The bytes whose change must be found. In a cosignature of an hour's checkpoint these are not the witness's name and ID: with others it is
    that of somebody who is not known."""
    if not path.startswith("checkpoints/"):
        return range(len(data))
    log_lines_end = data.index(b"\n", data.index("—".encode())) + 1
    line_start = data.rindex(b" ") + 1
    return [*range(log_lines_end), *range(line_start + 6, len(data) - 1)]


def flips(path, data, chance, count):
    positions = vouched_positions(path, data)
    for position in {positions[0], positions[-1], *chance.choices(positions, k=count)}:
        bit = chance.randrange(8)
        yield f"bit {bit} of byte {position}", {path: with_bit(data, position, bit)}, {path: index_of(path, data, position)}


def cuts(path, data, chance):
    """Nothing left, half of it, a byte less, a byte more, a byte less in the middle, a byte more there, zeros in its place."""
    middle = chance.randrange(len(data) // 4, len(data) // 2)
    in_place = index_of(path, data, middle)
    yield "emptied", {path: b""}, {path: index_of(path, data, 0)}
    yield "cut off", {path: data[:middle]}, {path: in_place}
    yield "the last byte gone", {path: data[:-1]}, {path: index_of(path, data, len(data) - 1)}
    yield "a byte at the end", {path: data + b"\0"}, {path: None}
    yield "a byte gone", {path: data[:middle] + data[middle + 1:]}, {path: None}
    yield "a byte put in", {path: data[:middle] + b"\x5a" + data[middle:]}, {path: None}
    yield "zeros", {path: bytes(len(data))}, {path: index_of(path, data, 0)}


def rearranged(path, data, chance):
    """Whole hashes or events deleted, put in twice, and in another order."""
    if is_tile(path):
        parts = [data[at:at + HASH] for at in range(0, len(data), HASH)]
    else:
        parts = [data[start:end] for start, end in events_of(data)]
    first = first_index(path)
    at = chance.randrange(len(parts))
    yield "one twice", {path: b"".join(parts[:at] + parts[at:at + 1] + parts[at:])}, {path: first + at + 1}
    yield "the last one gone", {path: b"".join(parts[:-1])}, {path: first + len(parts) - 1}
    if len(parts) > 1:
        at = chance.randrange(len(parts) - 1)
        yield "one gone", {path: b"".join(parts[:at] + parts[at + 1:])}, {path: first + at}
        yield "two swapped", {path: b"".join(parts[:at] + parts[at + 1:at + 2] + parts[at:at + 1] + parts[at + 2:])}, {path: first + at}
        yield "one in place of another", {path: b"".join(parts[:at] + parts[at + 1:at + 2] + parts[at + 1:])}, {path: first + at}
        yield "backwards", {path: b"".join(parts[::-1])}, {path: first}
        other = chance.randrange(1, len(parts))
        yield "turned", {path: b"".join(parts[other:] + parts[:other])}, {path: first}


def swapped(files, one, other):
    """Two files in each other's place. Of the same tile the smaller has the beginning of the larger, and is wrong only after it."""
    shorter = min((one, other), key=lambda path: len(files[path]))
    where = first_index(one)
    if files[one].startswith(files[shorter]) and files[other].startswith(files[shorter]):
        where = index_of(shorter, files[shorter], len(files[shorter]) - 1) + 1
    yield f"swapped with {other}", {one: files[other], other: files[one]}, {one: where}


def deleted(path, needed):
    if path in needed:
        yield "deleted", {path: None}, {path: None}


def battery(files, needed, seed, flips_of_a_file):
    """Everything, for each file. needed: the paths without which the log is not complete."""
    chance = random.Random(seed)
    for path, data in sorted(files.items()):
        yield from flips(path, data, chance, flips_of_a_file)
        yield from cuts(path, data, chance)
        yield from deleted(path, needed)
        if is_tile(path) or is_bundle(path):
            yield from rearranged(path, data, chance)
            same_kind = [other for other in files if other.split("/")[:2] == path.split("/")[:2] and files[other] != data]
            if same_kind:
                yield from swapped(files, path, chance.choice(same_kind))
