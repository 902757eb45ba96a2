"""The files of a published log: their names, and what stands in one file. docs/formats/log.md, The folder and Tiles."""
import datetime
import os
import pathlib
import re
import typing

from merkle import HASH_BYTES

WIDTH = 256  # hashes of a tile, events of a bundle
WIDTH_BITS = 8
LENGTH_BYTES = 2
MOST_BUNDLE_BYTES = WIDTH * (LENGTH_BYTES + 0xffff)
ENTRIES = "entries"
TILE = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
KEPT = re.compile(r"checkpoints/([0-9]{4})/([0-9]{2})/([0-9]{2})-([0-9]{2})")


class CannotRead(Exception):
    """The file is there, and cannot be read as a file of this kind; the text says why."""


def tile_number(number):
    """1234067 is x001/x234/067."""
    text = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        text = f"x{number % 1000:03}/{text}"
    return text


class Tile(typing.NamedTuple):
    """A tile at a level of the tree, or, at level `entries`, a bundle of events; partial if its width is less than 256."""

    level: int | str
    number: int
    width: int

    @classmethod
    def parse(cls, path):
        """None if the path is not written as that of a tile."""
        match = TILE.fullmatch(path)
        if match is None:
            return None
        level = match[1] if match[1] == ENTRIES else int(match[1])
        tile = cls(level, int(match[2].replace("x", "").replace("/", "")), int(match[3] or WIDTH))
        return tile if tile.path() == path else None

    def path(self):
        whole = f"tile/{self.level}/{tile_number(self.number)}"
        return whole if self.width == WIDTH else f"{whole}.p/{self.width}"

    def first(self):
        """The number of its first hash or event among all of its level."""
        return self.number * WIDTH

    def level_of_tree(self):
        return 0 if self.level == ENTRIES else self.level


def tiles_of(level, count):
    """The tiles that hold `count` hashes of a level, or so many events."""
    for number in range(count // WIDTH):
        yield Tile(level, number, WIDTH)
    if count % WIDTH:
        yield Tile(level, count // WIDTH, count % WIDTH)


def is_hour(path):
    match = KEPT.fullmatch(path)
    try:
        return match is not None and bool(datetime.datetime(*map(int, match.groups())))
    except ValueError:
        return False


def split_bundle(data, width):
    """The events of a bundle that should hold `width` of them, and what is wrong after the last of them, or None."""
    events, at = [], 0
    while at < len(data):
        if len(events) == width:
            return events, f"{len(data) - at} bytes follow after the last event"
        end = at + LENGTH_BYTES + int.from_bytes(data[at:at + LENGTH_BYTES], "big")
        if at + LENGTH_BYTES > len(data) or end > len(data):
            return events, "the file ends inside this event"
        events.append(data[at + LENGTH_BYTES:end])
        at = end
    return events, None if len(events) == width else "the file ends before this event"


def split_hashes(data):
    """The whole hashes; of one that is cut off nothing is known."""
    return [data[at:at + HASH_BYTES] for at in range(0, len(data) - HASH_BYTES + 1, HASH_BYTES)]


class LogFolder:
    """Reads the files by their paths in the folder. Raises OSError if a folder cannot be read."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def read(self, path, most_bytes):
        """None if there is no such file."""
        place = self.path / path
        if not os.path.exists(place):
            return None
        if not os.path.isfile(place):
            raise CannotRead("it is not a file")
        try:
            with open(place, "rb") as file:
                data = file.read(most_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CannotRead(f"it cannot be read: {error.strerror}") from None
        if len(data) > most_bytes:
            raise CannotRead(f"it has more than {most_bytes} bytes")
        return data

    def files(self, under=""):
        """The paths of all files, in the order of their names. Links to folders are followed, to each folder once."""
        def unless_gone(error):
            if not isinstance(error, FileNotFoundError):
                raise error

        seen = set()
        for folder, folders, names in os.walk(self.path / under, onerror=unless_gone, followlinks=True):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders.sort()
            for name in sorted(names):
                yield (pathlib.Path(folder) / name).relative_to(self.path).as_posix()

    def holding(self, tile):
        """The tile if it is there, or else another that holds its hashes or events and more; None if there is none."""
        if self._is_there(tile.path()):
            return tile
        whole = tile._replace(width=WIDTH)
        if self._is_there(whole.path()):
            return whole
        partials = self.path / f"{whole.path()}.p"
        others = (Tile.parse(f"{whole.path()}.p/{name}") for name in (os.listdir(partials) if os.path.isdir(partials) else ()))
        return min((other for other in others if other is not None and other.width > tile.width), default=None)

    def _is_there(self, path):
        return os.path.exists(self.path / path)
