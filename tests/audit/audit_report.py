"""What an audit has found, as text and as JSON."""
import base64
import collections
import datetime
import json

MOST_PLACES = 20  # that are listed of one kind of file; all are counted


def base64_of(data):
    return base64.b64encode(data).decode()


def time_text(microseconds):
    try:
        time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds} microseconds since 1970"
    return time.isoformat() + "Z"


def printable(text):
    """An event's text, a name in a note and a path may hold anything, also what a terminal obeys."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class Places:
    """Where something was found, and what: lists the first of each kind of file, and counts them all."""

    def __init__(self):
        self.listed = []
        self.counts = collections.Counter()

    def add(self, path, index, what):
        """index is the number of the event, or of the hash on its level; None where it is the file as a whole."""
        parts = path.split("/")
        kind = "/".join(parts[:2]) if parts[0] == "tile" else parts[0]
        self.counts[kind] += 1
        if self.counts[kind] <= MOST_PLACES:
            self.listed.append({"path": path, "index": index, "what": what})

    def total(self):
        return self.counts.total()

    def lines(self, title):
        for place in self.listed:
            index = "" if place["index"] is None else f" at {place['index']}"
            yield f"{title}  {printable(place['path'])}{index}: {printable(place['what'])}"
        for kind, count in self.counts.items():
            if count > MOST_PLACES:
                yield f"{title}  {printable(kind)}: {count - MOST_PLACES} more, not listed"


class EventTotals:
    """What is counted of all events, in their order."""

    def __init__(self):
        self.operations = collections.Counter()
        self.first = self.last = None
        self.times_back = 0
        self.first_back = None

    def add(self, index, event):
        self.operations[event.operation, event.result] += 1
        if self.first is None:
            self.first = event.time_microseconds
        elif event.time_microseconds < self.last:
            self.times_back += 1
            if self.first_back is None:
                self.first_back = index
        self.last = event.time_microseconds


class Report:
    """Everything that is shown. It is sound if there are no faults; a note is for people to judge."""

    def __init__(self):
        self.faults, self.notes = Places(), Places()
        self.totals = EventTotals()
        self.facts = {}  # origin, events, root, …: what is shown first, in this order
        self.cosignatures = collections.Counter()  # by witness
        self.last_cosignature = {}  # by witness: seconds since 1970

    def is_sound(self):
        return self.faults.total() == 0

    def fault(self, path, index, what):
        self.faults.add(str(path), index, what)

    def note(self, path, index, what):
        self.notes.add(str(path), index, what)

    def cosigned(self, witness, at):
        self.cosignatures[str(witness)] += 1
        self.last_cosignature[str(witness)] = max(at, self.last_cosignature.get(str(witness), 0))

    def json(self):
        operations = {}
        for (operation, result), count in sorted(self.totals.operations.items()):
            operations.setdefault(operation, {})[result] = count
        witnesses = {name: {"count": count, "last": self.last_cosignature[name]} for name, count in self.cosignatures.items()}
        times = {"first": self.totals.first, "last": self.totals.last, "went_back": self.totals.times_back,
                 "first_back": self.totals.first_back}
        return json.dumps({"sound": self.is_sound(), **self.facts, "cosignatures": witnesses, "times": times, "operations": operations,
                           "fault_counts": self.faults.counts, "faults": self.faults.listed, "note_counts": self.notes.counts,
                           "notes": self.notes.listed}, ensure_ascii=True, indent=1)

    def text(self):
        return "\n".join(self._lines()) + "\n"

    def _lines(self):
        for name, value in self.facts.items():
            yield f"{name.replace('_', ' '):20} {printable(str(value))}"
        for name, count in self.cosignatures.items():
            last = time_text(self.last_cosignature[name] * 1_000_000)
            yield f"{'cosignatures':20} {printable(name)}: {count}, the last one of {last}"
        if self.totals.first is not None:
            yield f"{'times':20} {time_text(self.totals.first)} to {time_text(self.totals.last)}"
            back = f", first at event {self.totals.first_back}" if self.totals.times_back else ""
            yield f"{'time went back':20} {self.totals.times_back} times{back}"
        for (operation, result), count in sorted(self.totals.operations.items()):
            yield f"{'events':20} {count}  {printable(operation) or '–'}  {printable(result) or '–'}"
        yield from self.notes.lines("note ")
        yield from self.faults.lines("FAULT")
        yield "sound" if self.is_sound() else f"NOT SOUND: {self.faults.total()} faults"
