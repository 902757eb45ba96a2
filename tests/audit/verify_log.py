#!/usr/bin/env python3
"""Checks a published event log, or one proof from it, with nothing but the files and the signers' public keys.

  verify_log.py FOLDER --key VKEY [--key VKEY]... [--witness VKEY]... [--earlier CHECKPOINT_FILE]... [--json]
  verify_log.py --proof FILE.tlog-proof --entry FILE --key VKEY [--key VKEY]... [--witness VKEY]... [--json]

The first does all that "What an auditor checks" in docs/formats/log.md asks for, and says of all that is wrong where it begins.
The second shows that the event whose bytes are in a file is in the log. Written from docs/formats alone, not from the server's code.

  --key      a verifier key of the log; once more for each one that it had before
  --witness  a verifier key of a witness, who must have cosigned the newest checkpoint
  --earlier  a checkpoint that was kept elsewhere and must be a beginning of this log

Ends with 0 if everything is right, with 2 if anything is wrong, with 1 if the command is or a folder cannot be read. Needs Python 3.11 and
python3-cryptography.
"""
import argparse
import collections
import itertools
import pathlib
import sys

from audit_report import Report, base64_of
from event_record import NotCanonical, parse_event
from log_folder import (ENTRIES, MOST_BUNDLE_BYTES, WIDTH, WIDTH_BITS, CannotRead, LogFolder, Tile, is_hour, split_bundle, split_hashes,
                        tiles_of)
from merkle import HASH_BYTES, Tree, leaf_hash, proves_consistency, proves_inclusion
from signed_note import LOG_KEY, MOST_BYTES, MOST_PROOF_BYTES, WITNESS_KEY, Checkpoint, NotRight, ProofFile, VerifierKey

SOUND, WRONG_USAGE, NOT_SOUND = 0, 1, 2
CHECKPOINT, KEYS = "checkpoint", "keys"
MOST_KEYS_BYTES = 1024 * 1024
MOST_MISSING = 10_000  # tiles of a level that are looked for in vain


class Audit:
    """Checks one folder. A server may go on writing to it meanwhile: what is read later is what was written earlier, the checkpoints of the
    hours before the newest checkpoint, and that before the tiles."""

    def __init__(self, folder, log_keys, witnesses):
        self.folder = LogFolder(folder)
        self.log_keys, self.witnesses = log_keys, witnesses
        self.report = Report()
        self.others = collections.Counter()  # signature lines of keys that were not given

    def run(self, earlier=()):
        """earlier: (path, bytes) of checkpoints that were kept elsewhere. Returns the report."""
        compared = [(path, self.checkpoint(path, data)) for path, data in earlier] + self.kept_checkpoints()
        newest = self.newest_checkpoint()
        self.check_keys_file()
        for name, count in sorted(self.others.items()):
            self.report.note(CHECKPOINT, None, f"{count} signature lines of {name}, a key that was not given, were not checked")
        if newest is not None:
            tree = self.signed_tree(newest)
            self.check_tiles_are_there(newest.size)
            self.check_files(tree, newest.size)
            self.check_beginnings(tree, newest, [(path, one) for path, one in compared if one is not None])
        return self.report

    def read(self, path, most_bytes):
        """None if the file is not there or cannot be read; that it cannot is noted as a fault."""
        try:
            return self.folder.read(path, most_bytes)
        except CannotRead as error:
            self.report.fault(path, None, str(error))
            return None

    # Checkpoints

    def checkpoint(self, path, data):
        """A checkpoint that counts, or None."""
        try:
            found = Checkpoint.parse(data)
            self.verify(found)
        except NotRight as error:
            self.report.fault(path, None, str(error))
            return None
        return found

    def verify(self, checkpoint):
        cosignatures, others = checkpoint.verify(self.log_keys, self.witnesses)
        self.others.update(others)
        for witness, at in cosignatures:
            self.report.cosigned(witness, at)
        return cosignatures

    def kept_checkpoints(self):
        found = []
        for path in self.folder.files("checkpoints"):
            if is_hour(path):
                data = self.read(path, MOST_BYTES)
                one = None if data is None else self.checkpoint(path, data)
                if one is not None and found and one.size < found[-1][1].size:
                    self.report.note(path, None, f"it counts fewer events than {found[-1][0]}, as if the clock had been set back")
                found += [] if one is None else [(path, one)]
        return found

    def newest_checkpoint(self):
        """None if it cannot be read. If only a signature is wrong, what it says is still compared with the files."""
        data = self.read(CHECKPOINT, MOST_BYTES)
        try:
            if data is None:
                raise NotRight("it is missing; nothing else could be checked")
            newest = Checkpoint.parse(data)
        except NotRight as error:
            self.report.fault(CHECKPOINT, None, str(error))
            return None
        self.report.facts |= {"origin": newest.origin, "events": newest.size, "root": base64_of(newest.root)}
        try:
            cosigners = {witness for witness, _ in self.verify(newest)}
        except NotRight as error:
            self.report.fault(CHECKPOINT, None, str(error))
            return newest
        for witness in self.witnesses:
            if witness not in cosigners:
                self.report.fault(CHECKPOINT, None, f"it is not cosigned by {witness}")
        return newest

    def check_keys_file(self):
        data = self.read(KEYS, MOST_KEYS_BYTES)
        listed = []
        for number, line in enumerate((data or b"").split(b"\n")[:-1]):
            try:
                listed.append(VerifierKey.parse(line.decode(errors="replace")))
            except NotRight as error:
                self.report.fault(KEYS, number, str(error))
        if data and not data.endswith(b"\n"):
            self.report.fault(KEYS, len(listed), "the last line does not end with a line feed")
        for key in self.log_keys:
            if key not in listed:
                self.report.fault(KEYS, None, f"{key} is not in it")
        for key in listed:
            if key not in self.log_keys and key not in self.witnesses:
                self.report.note(KEYS, None, f"{key} was not given, so that what only it has signed does not count")

    def check_beginnings(self, tree, newest, checkpoints):
        """Each is the root of the first leaves; and each proves to be the beginning of the next larger one."""
        right = []
        for path, one in checkpoints:
            if one.size > newest.size:
                self.report.fault(path, one.size, f"it counts {one.size} events, the newest checkpoint only {newest.size}")
            elif one.size > tree.size:
                self.report.note(path, one.size, f"not compared: only {tree.size} events are known")
            elif one.root != tree.root(one.size):
                self.report.fault(path, one.size, f"its root is {base64_of(one.root)}, that of the first {one.size} events "
                                                  f"{base64_of(tree.root(one.size))}")
            else:
                right.append((path, one))
        if newest.size <= tree.size and newest.root == tree.root(newest.size):
            right.append((CHECKPOINT, newest))
        right.sort(key=lambda pair: pair[1].size)
        for (path, old), (next_path, new) in itertools.pairwise(right):
            if not proves_consistency(old.size, old.root, new.size, new.root, tree.consistency_proof(old.size, new.size)):
                self.report.fault(path, old.size, f"no proof shows that it is the beginning of {next_path}")
        self.report.facts |= {"checkpoints_compared": len(checkpoints) + 1, "checkpoints_right": len(right)}

    # Events

    def signed_tree(self, newest):
        """The tree that has the newest checkpoint's root: that of the events, or, if some are wrong, that of the tiles' leaf hashes, so that
        it can be said which. If neither has that root, the tree of the events."""
        tree = self.tree_of_events(newest.size)
        if tree.size == newest.size and tree.root() == newest.root:
            return tree
        other = self.tree_of_tiles(newest.size, tree)
        if other.size == newest.size and other.root() == newest.root:
            self.name_wrong_events(tree, other)
            return other
        if tree.size == newest.size:
            self.report.fault(CHECKPOINT, newest.size, f"its root is {base64_of(newest.root)}, that of the {tree.size} events "
                                                       f"{base64_of(tree.root())}; where event and tile differ, either may be wrong")
        return tree

    def tree_of_events(self, size):
        """Where a bundle is missing or cut off, the leaf hashes of its tile take its place. Ends before `size` where both are missing."""
        tree = Tree()
        for bundle in tiles_of(ENTRIES, size):
            path, events = self.bundle_events(bundle)
            self.count_events(path, bundle.first(), events)
            hashes = [leaf_hash(event) for event in events]
            if len(hashes) < bundle.width:
                hashes += self.tile_hashes(bundle._replace(level=0))[len(hashes):]
            for one in hashes:
                tree.append(one)
            if len(hashes) < bundle.width:
                self.report.note(path, tree.size, "neither event nor leaf hash is there; nothing is known of this event and those after it")
                break
        return tree

    def tree_of_tiles(self, size, events_tree):
        tree = Tree()
        for tile in tiles_of(0, size):
            hashes = self.tile_hashes(tile)
            hashes += split_hashes(events_tree.tile(0, tile.first() + len(hashes), tile.first() + tile.width))
            for one in hashes:
                tree.append(one)
            if len(hashes) < tile.width:
                break
        return tree

    def bundle_events(self, bundle):
        """Returns the path of the file that holds them, and as many of the events as there are."""
        there = self.folder.holding(bundle)
        data = None if there is None else self.read(there.path(), MOST_BUNDLE_BYTES)
        if there is None:
            self.report.fault(bundle.path(), bundle.first(), f"it is missing; it should hold {bundle.width} events")
        if data is None:
            return (there or bundle).path(), []
        events, problem = split_bundle(data, there.width)
        if problem is not None:
            self.report.fault(there.path(), there.first() + len(events), problem)
        return there.path(), events[:bundle.width]

    def tile_hashes(self, tile):
        """As many as there are; what is wrong with the file is said when all files are checked."""
        there = self.folder.holding(tile)
        try:
            data = None if there is None else self.folder.read(there.path(), WIDTH * HASH_BYTES)
        except CannotRead:
            data = None
        return split_hashes((data or b"")[:tile.width * HASH_BYTES])

    def count_events(self, path, first, events):
        wrong = []
        for index, data in enumerate(events, first):
            try:
                self.report.totals.add(index, parse_event(data))
            except NotCanonical as error:
                wrong.append((index, str(error)))
        if wrong:
            index, problem = wrong[0]
            self.report.fault(path, index, f"not an event in its canonical form: {problem}{and_more(wrong)}")

    def name_wrong_events(self, tree, signed):
        for bundle in tiles_of(ENTRIES, signed.size):
            wrong = [i for i in range(bundle.first(), bundle.first() + bundle.width) if tree.leaf(i) != signed.leaf(i)]
            if wrong:
                self.report.fault((self.folder.holding(bundle) or bundle).path(), wrong[0], differs(tree, signed, wrong))

    # Tiles

    def check_tiles_are_there(self, size):
        """Stops at a level of which very many are missing: the checkpoint may say any size."""
        level = 0
        while size >> (WIDTH_BITS * level) > 0:
            missing = (tile for tile in tiles_of(level, size >> (WIDTH_BITS * level)) if self.folder.holding(tile) is None)
            for tile in itertools.islice(missing, MOST_MISSING):
                self.report.fault(tile.path(), tile.first(), f"it is missing; it should hold {tile.width} hashes")
            level += 1

    def check_files(self, tree, size):
        """Every tile, also partial ones that nobody needs any longer, and whatever else there is."""
        last_in_use = self.folder.holding(Tile(ENTRIES, size // WIDTH, size % WIDTH)) if size % WIDTH else None
        for path in self.folder.files():
            tile = Tile.parse(path)
            if tile is None:
                if path not in (CHECKPOINT, KEYS) and not is_hour(path):
                    self.report.note(path, None, "not a file of the log")
            elif tile.level != ENTRIES:
                self.check_tile(path, tile, tree)
            elif tile != last_in_use and (tile.width < WIDTH or tile.first() + WIDTH > size):
                self.check_unused_bundle(path, tile, tree)
            if tile is not None and tile.first() + tile.width > size >> (WIDTH_BITS * tile.level_of_tree()):
                self.report.note(path, None, "it goes on after the newest checkpoint; only what is before was checked")

    def check_tile(self, path, tile, tree):
        data = self.read(path, 2 * WIDTH * HASH_BYTES)  # so that where too long a tile begins to be wrong is found too
        if data is not None:
            if len(data) != tile.width * HASH_BYTES:
                self.report.fault(path, tile.first() + min(len(data) // HASH_BYTES, tile.width),
                                  f"it has {len(data)} bytes, not {tile.width * HASH_BYTES}")
            self.check_hashes(path, tile, split_hashes(data), tree)

    def check_unused_bundle(self, path, bundle, tree):
        data = self.read(path, MOST_BUNDLE_BYTES)
        if data is not None:
            events, problem = split_bundle(data, bundle.width)
            if problem is not None:
                self.report.fault(path, bundle.first() + len(events), problem)
            self.check_hashes(path, bundle, [leaf_hash(event) for event in events], tree)

    def check_hashes(self, path, tile, hashes, tree):
        level = tile.level_of_tree()
        expected = split_hashes(tree.tile(level, tile.first(), tile.first() + tile.width))
        wrong = [number for number, (one, right) in enumerate(zip(hashes, expected)) if one != right]
        if wrong:
            of_what = "the event's leaf hash is" if tile.level == ENTRIES else "the hash is"
            self.report.fault(path, tile.first() + wrong[0], f"{of_what} {hashes[wrong[0]].hex()}, that of the tree "
                                                             f"{expected[wrong[0]].hex()}{and_more(wrong)}")


def and_more(places):
    return f"; {len(places)} such places in this file" if len(places) > 1 else ""


def differs(tree, signed, wrong):
    return (f"the event's leaf hash is {tree.leaf(wrong[0]).hex()}, that of the tile and the signed root {signed.leaf(wrong[0]).hex()}"
            f"{and_more(wrong)}")


def check_proof(path, data, entry, log_keys, witnesses):
    """Checks a proof file and the bytes of its event. Returns the report."""
    report = Report()
    try:
        proof = ProofFile.parse(data)
        checkpoint = proof.checkpoint
        report.facts = {"origin": checkpoint.origin, "index": proof.index, "events": checkpoint.size, "root": base64_of(checkpoint.root)}
        cosignatures, others = checkpoint.verify(log_keys, witnesses)
    except NotRight as error:
        report.fault(path, None, str(error))
        return report
    for name in others:
        report.note(path, None, f"the signature line of {name}, a key that was not given, was not checked")
    for witness, at in cosignatures:
        report.cosigned(witness, at)
    for witness in witnesses:
        if witness not in [cosigner for cosigner, _ in cosignatures]:
            report.fault(path, None, f"the checkpoint is not cosigned by {witness}")
    if not proves_inclusion(proof.index, checkpoint.size, leaf_hash(entry), proof.hashes, checkpoint.root):
        report.fault(path, proof.index, "it does not show that these bytes are this event of the log")
    try:
        parse_event(entry)
    except NotCanonical as error:
        report.fault(path, proof.index, f"not an event in its canonical form: {error}")
    return report


class Arguments(argparse.ArgumentParser):
    """Ends with WRONG_USAGE, not with argparse's 2, which says that a log is not sound."""

    def error(self, message):
        self.exit(WRONG_USAGE, f"error: {message}; see --help\n")


def parse_arguments(words):
    parser = Arguments(usage=__doc__, add_help=False, allow_abbrev=False)
    parser.add_argument("folder", nargs="?")
    for name in ("--key", "--witness", "--earlier"):
        parser.add_argument(name, action="append", default=[])
    for name in ("--proof", "--entry"):
        parser.add_argument(name)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    given = parser.parse_args(words)
    if given.help:
        print(__doc__, end="")
        sys.exit(SOUND)
    if (given.folder is None) == (given.proof is None) or (given.proof is None) != (given.entry is None) or (given.proof and given.earlier):
        parser.error("give FOLDER, or --proof and --entry")
    if given.folder is not None and not pathlib.Path(given.folder).is_dir():
        parser.error(f"{given.folder} is not a folder")
    try:
        keys = {kind: [VerifierKey.parse(key) for key in texts] for kind, texts in
                ((LOG_KEY, given.key), (WITNESS_KEY, given.witness))}
    except NotRight as error:
        parser.error(str(error))
    if any(key.type != kind for kind, listed in keys.items() for key in listed):
        parser.error("--key takes keys of type 01, --witness those of type 04")
    if len({key.name for key in keys[LOG_KEY]}) != 1:
        parser.error("--key is needed, and several must be of the same name")
    given.key, given.witness = keys[LOG_KEY], keys[WITNESS_KEY]
    try:
        given.earlier = [(path, read_given(path, MOST_BYTES)) for path in given.earlier]
        given.proof = given.proof and (given.proof, read_given(given.proof, MOST_PROOF_BYTES), read_given(given.entry, MOST_BUNDLE_BYTES))
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    return given


def read_given(path, most_bytes):
    """One byte more than is right shows that there is more."""
    with open(path, "rb") as file:
        return file.read(most_bytes + 1)


def main(words):
    given = parse_arguments(words)
    try:
        if given.proof:
            report = check_proof(*given.proof, given.key, given.witness)
        else:
            report = Audit(given.folder, given.key, given.witness).run(given.earlier)
    except OSError as error:
        sys.exit(f"error: nothing can be said of the log: {error.filename}: {error.strerror}")  # with WRONG_USAGE
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout.write(report.json() + "\n" if given.json else report.text())
    return SOUND if report.is_sound() else NOT_SOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
