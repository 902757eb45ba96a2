#!/usr/bin/env python3
"""Tests of verify_log.py on logs that log_maker.py publishes: right ones of many sizes, and every way to change them that was thought of.

  /usr/bin/python3 tests/audit/verify_log_test.py

runs the tests of its modules too, and prints how many changed logs there were and how many of them were found to be wrong.
"""
import collections
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import event_record_test
import log_mutations
import merkle_test
import signed_note_test
from log_maker import MadeLog, Signer, encoded, field, make_event, naive_root
from signed_note import VerifierKey
from verify_log import NOT_SOUND, SOUND, WRONG_USAGE, Audit, main

PROGRAM = pathlib.Path(__file__).with_name("verify_log.py")
SEED = random.SystemRandom().randrange(2**32)
SIZES = (0, 1, 2, 3, 255, 256, 257, 511, 512, 513)
LARGE = 65_537  # the smallest log with a tile at level 2
HOUR = "2026/03/20-{:02}"
SECONDS = 60

mutations = collections.Counter()


def made_log(folder, count, witnesses=1, note="keyfile 7", keys=random.Random(SEED)):
    """A log with keys of its own, of which nothing is published yet."""
    log = Signer("trial.kobling.example/log", 1, keys.randbytes(32))
    cosigners = [Signer(f"witness{number}.example", 4, keys.randbytes(32)) for number in range(witnesses)]
    return MadeLog(folder, log, cosigners, [make_event(number, note=note) for number in range(count)])


def audit(made, witnesses=None, earlier=(), log_keys=None):
    keys = [VerifierKey.parse(signer.vkey) for signer in (log_keys or [made.log])]
    cosigners = [VerifierKey.parse(signer.vkey) for signer in (made.witnesses if witnesses is None else witnesses)]
    return json.loads(Audit(made.folder, keys, cosigners).run(earlier).json())


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class LogTest(unittest.TestCase):
    """A temporary folder, and what is said of a log in it."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="kobling-audit-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def published(self, *sizes, **how):
        """A log of which a checkpoint of each size was made, each in an hour of its own."""
        made = made_log(self.folder / "log", sizes[-1], **how)
        for hour, size in enumerate(sizes):
            made.publish(size, HOUR.format(hour))
        return made

    def sound(self, report):
        self.assertEqual(report["faults"], [])
        self.assertTrue(report["sound"])
        return report

    def wrong(self, report, path, index=None, words=""):
        """That the log is wrong at this path, and where there is an index at that one first of all that is said of the path."""
        places = [fault for fault in report["faults"] if fault["path"] == path]
        self.assertFalse(report["sound"])
        self.assertTrue(places, (path, report["faults"]))
        if index is not None:
            self.assertEqual(min(fault["index"] for fault in places), index, places)
        self.assertTrue(any(words in fault["what"] for fault in places), places)
        return report


class RightLogTest(LogTest):
    def test_logs_of_all_sizes_are_sound(self):
        for size in SIZES:
            with self.subTest(size):
                shutil.rmtree(self.folder / "log", ignore_errors=True)
                sizes = sorted({0, size // 3, size // 2, size - size % 256, max(size - 1, 0), size})
                made = self.published(*sizes)
                report = self.sound(audit(made))
                self.assertEqual((report["origin"], report["events"]), (made.log.name, size))
                self.assertEqual(report["root"], encoded(naive_root(made.leaf_hashes)))
                self.assertEqual((report["checkpoints_compared"], report["checkpoints_right"]), (len(sizes) + 1, len(sizes) + 1))
                self.assertEqual([witness["count"] for witness in report["cosignatures"].values()], [len(sizes) + 1])
                self.assertEqual(sum(sum(results.values()) for results in report["operations"].values()), size)
                self.assertEqual(report["notes"], [])

    def test_operations_and_times_are_counted(self):
        made = self.published(300)
        made.events[100:103] = [make_event(100, time=-5), make_event(101, time=-6), make_event(102, time=2**63 - 1)]
        made.__post_init__()
        made.publish(300, HOUR.format(0))
        report = self.sound(audit(made))
        self.assertEqual(report["operations"]["keyfile.issue"], {"NOT_PERMITTED": 15, "OK": 60})
        self.assertEqual(report["times"] | {"first": 0, "last": 0}, {"first": 0, "last": 0, "went_back": 3, "first_back": 100})

    def test_a_log_without_witnesses_and_one_whose_witnesses_are_not_known(self):
        made = self.published(10, 20)
        self.assertIn("not given", self.sound(audit(made, witnesses=[]))["notes"][0]["what"])
        shutil.rmtree(made.folder)
        self.assertEqual(self.sound(audit(self.published(10, 20, witnesses=0)))["notes"], [])

    def test_a_replaced_key(self):
        made = self.published(5, 10)
        old = made.log
        made.log = Signer(old.name, 1, bytes(32))
        made.publish(10, HOUR.format(2))
        made.write("keys", f"{old.vkey}\n{made.log.vkey}\n".encode())
        self.sound(audit(made, log_keys=[old, made.log]))
        report = self.wrong(audit(made), "checkpoints/" + HOUR.format(0), words="not signed by")
        self.assertEqual([note["path"] for note in report["notes"]], ["keys"])

    def test_full_tiles_and_larger_partial_ones_serve_for_partial_ones(self):
        made = self.published(300, 600)
        made.write("checkpoint", made.checkpoint(300))
        for kind in ("0", "entries"):
            shutil.rmtree(made.folder / f"tile/{kind}/001.p")
        (made.folder / "checkpoints" / HOUR.format(1)).unlink()
        self.sound(audit(made))
        made.write("checkpoint", made.checkpoint(590))
        for kind in ("0", "entries"):
            shutil.move(made.folder / f"tile/{kind}/002.p/88", made.folder / f"tile/{kind}/002.p/100")
        self.wrong(audit(made), "tile/entries/002.p/100", 600, "ends before")
        for kind in ("0", "entries"):
            shutil.move(made.folder / f"tile/{kind}/002.p/100", made.folder / f"tile/{kind}/002.p/88")
        self.assertIn("goes on after", self.sound(audit(made))["notes"][0]["what"])
        self.assertEqual(audit(made)["events"], 590)

    def test_unknown_files_are_noted(self):
        made = self.published(10)
        unknown = ["checkpoint.new", "checkpoints/2026/02/30-01", "checkpoints/2026/03/20-24", "checkpoints/2026/3/20-01", "tile/0/x000/000",
                   "tile/00/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/010", "tile/0/0001", "tile/entries/1"]
        for path in unknown:
            made.write(path, b"whatever")
        report = self.sound(audit(made))
        self.assertEqual({note["path"] for note in report["notes"]}, set(unknown))

    def test_tiles_after_the_newest_checkpoint_are_noted(self):
        made = self.published(10)
        made.write("tile/0/001", bytes(256 * 32))
        made.write("tile/1/000.p/1", bytes(32))
        made.write("tile/entries/001.p/1", b"\0\0")
        report = self.sound(audit(made))
        self.assertEqual({note["path"] for note in report["notes"]}, {"tile/0/001", "tile/1/000.p/1", "tile/entries/001.p/1"})

    def test_folders_may_be_links(self):
        made = self.published(10)
        shutil.move(made.folder / "tile", self.folder / "elsewhere")
        (made.folder / "tile").symlink_to(self.folder / "elsewhere")
        (self.folder / "elsewhere/round").symlink_to(self.folder / "elsewhere")
        self.assertEqual(self.sound(audit(made))["notes"], [])
        made.write("tile/0/000.p/10", bytes(320))
        self.wrong(audit(made), "tile/0/000.p/10", 0)

    def test_an_hour_with_fewer_events_than_the_one_before_is_noted(self):
        made = self.published(20, 10, 30)
        report = self.sound(audit(made))
        self.assertEqual([note["path"] for note in report["notes"]], ["checkpoints/" + HOUR.format(1)])


class MutationTest(LogTest):
    """Every change must be found, and at its place."""

    def try_all(self, made, changes):
        original = files_of(made.folder)
        for what, files, where in changes:
            with self.subTest(what, files=list(files)):
                for path, data in files.items():
                    (made.folder / path).unlink() if data is None else made.write(path, data)
                mutations["tried"] += 1
                for path, index in where.items():
                    self.wrong(audit(made), path, index)
                mutations["found"] += 1
            for path in files:
                made.write(path, original[path])
        self.sound(audit(made))

    def test_small_and_middling_logs(self):
        print(f"seed of the keys and mutations: {SEED}")
        for sizes, flips in (((1,), 40), ((2, 3), 20), ((200, 255, 256), 3), ((200, 300, 513), 8)):
            made = self.published(*sizes)
            last = sizes[-1]
            needed = {"checkpoint", "keys", *(f"tile/{kind}/{number:03}" for kind in (0, "entries") for number in range(last // 256)),
                      *(f"tile/{kind}/{last // 256:03}.p/{last % 256}" for kind in (0, "entries") if last % 256),
                      *(f"tile/1/000.p/{last // 256}" for _ in range(last // 256 > 0))}
            self.try_all(made, log_mutations.battery(files_of(made.folder), needed, SEED, flips))
            shutil.rmtree(made.folder)

    def test_every_level_of_a_large_log(self):
        made = self.published(40_000, LARGE)
        self.assertEqual(self.sound(audit(made))["events"], LARGE)
        files = files_of(made.folder)
        chosen = {path: files[path] for path in ("tile/0/100", "tile/1/000", "tile/1/000.p/156", "tile/2/000.p/1", "tile/entries/100")}
        chance = random.Random(SEED)
        changes = [change for path, data in chosen.items() for change in log_mutations.flips(path, data, chance, 1)][::3]
        changes += [("deleted", {path: None}, {path: None}) for path in ("tile/1/000", "tile/2/000.p/1", "tile/entries/100")]
        changes += log_mutations.swapped(files, "tile/entries/003", "tile/entries/255")
        self.try_all(made, changes)

    def test_damage_in_several_places_is_named_in_all_of_them(self):
        made = self.published(200, 513)
        files = files_of(made.folder)
        damaged = {"tile/0/000": 7 * 32, "tile/1/000.p/2": 40, "tile/entries/001": 5, "tile/entries/000.p/200": 3, "keys": 3,
                   "checkpoints/" + HOUR.format(0): 30}
        for path, position in damaged.items():
            made.write(path, log_mutations.with_bit(files[path], position, 2))
        report = audit(made)
        for path in damaged:
            self.wrong(report, path)

    def test_what_a_missing_bundle_leaves_unknown_is_taken_from_its_tile(self):
        made = self.published(200, 513)
        (made.folder / "tile/entries/000").unlink()
        tile = made.folder / "tile/0/001"
        tile.write_bytes(log_mutations.with_bit(tile.read_bytes(), 9 * 32, 0))
        report = self.wrong(self.wrong(audit(made), "tile/entries/000", 0, "missing"), "tile/0/001", 256 + 9, "the hash is")
        self.assertEqual(len(report["faults"]), 2)
        self.assertEqual(report["checkpoints_right"], 3)

    def test_where_neither_event_nor_leaf_hash_is_left_the_first_of_them_is_named(self):
        made = self.published(100, 300, 700)
        for kind in ("0", "entries"):
            (made.folder / f"tile/{kind}/001").unlink()
            shutil.rmtree(made.folder / f"tile/{kind}/001.p")
        report = self.wrong(self.wrong(audit(made), "tile/entries/001", 256, "missing"), "tile/0/001", 256, "missing")
        self.assertEqual(report["checkpoints_right"], 1)
        self.assertEqual(report["events"], 700)

    def test_a_size_that_was_made_up_is_not_believed(self):
        made = self.published(10)
        text = made.text(10).replace("\n10\n", f"\n{2**63 - 1}\n")
        made.write("checkpoint", (text + "\n" + made.log.line(text) + made.witnesses[0].line(text)).encode())
        self.wrong(audit(made), "tile/entries/000", 0, "missing")


class WrongEventTest(LogTest):
    def test_what_is_no_event_is_named_although_everything_else_is_right(self):
        for what, data in event_record_test.NOT_EVENTS.items():
            with self.subTest(what):
                made = made_log(self.folder / "log", 5)
                made.events[3] = data
                made.__post_init__()
                made.publish(5, HOUR.format(0))
                mutations["tried"] += 1
                self.wrong(audit(made), "tile/entries/000.p/5", 3, "canonical")
                mutations["found"] += 1
                shutil.rmtree(made.folder)

    def test_events_may_have_65535_bytes(self):
        made = made_log(self.folder / "log", 2)
        start = make_event(0)[:14]
        made.events[1] = start + field(2, b"x" * (65_535 - len(start) - 5))
        made.__post_init__()
        made.publish(2)
        self.assertEqual(len(made.events[1]), 65_535)
        self.sound(audit(made))


class ForkTest(LogTest):
    """Logs that follow from themselves and are signed by the log, and are not the log that others have seen."""

    def forked(self, *sizes):
        """Two logs of the same signers, of which the second has another history from the first event on."""
        made = self.published(*sizes)
        fork = MadeLog(self.folder / "fork", made.log, made.witnesses, [make_event(number, note="keyfile 8") for number in
                                                                        range(sizes[-1])])
        for hour, size in enumerate(sizes):
            fork.publish(size, HOUR.format(hour))
        return made, fork

    def tried(self, report, *where, **words):
        mutations["tried"] += 1
        self.wrong(report, *where, **words)
        mutations["found"] += 1

    def test_a_fork_that_the_witness_has_not_seen(self):
        made, fork = self.forked(100, 300)
        fork.witnesses = []
        fork.publish(300, HOUR.format(1))
        self.tried(audit(fork, made.witnesses), "checkpoint", words="not cosigned by witness0.example")
        self.sound(audit(fork, witnesses=[]))

    def test_a_fork_with_a_cosignature_of_the_other_log(self):
        made, fork = self.forked(100, 300)
        text = fork.text(300)
        fork.write("checkpoint", (text + "\n" + fork.log.line(text) + made.witnesses[0].line(made.text(300))).encode())
        self.tried(audit(fork), "checkpoint", words="signature of witness0.example")

    def test_one_of_two_witnesses_is_missing(self):
        made = self.published(10, witnesses=2)
        second = made.witnesses.pop()
        made.publish(10)
        self.tried(audit(made, made.witnesses + [second]), "checkpoint", words="not cosigned by witness1.example")

    def test_a_fork_beside_a_checkpoint_of_an_hour_or_of_one_s_own(self):
        made, fork = self.forked(100, 300)
        self.tried(audit(fork, earlier=[("own", made.checkpoint(100))]), "own", 100, "root")
        self.tried(audit(fork, earlier=[("own", made.checkpoint(300))]), "own", 300, "root")
        self.sound(audit(fork, earlier=[("own", fork.checkpoint(100))]))
        fork.write("checkpoints/" + HOUR.format(0), made.checkpoint(100))
        self.tried(audit(fork), "checkpoints/" + HOUR.format(0), 100, "root")

    def test_a_log_that_was_cut(self):
        made = self.published(100, 300)
        made.write("checkpoint", made.checkpoint(100))
        self.tried(audit(made), "checkpoints/" + HOUR.format(1), 300, "the newest checkpoint only 100")
        (made.folder / "checkpoints" / HOUR.format(1)).unlink()
        self.sound(audit(made))
        self.tried(audit(made, earlier=[("own", made.checkpoint(200))]), "own", 200, "the newest checkpoint only 100")

    def test_a_checkpoint_of_one_s_own_that_does_not_count(self):
        made = self.published(100, 300)
        self.tried(audit(made, earlier=[("own", made.checkpoint(100)[:-1])]), "own", None, "line feed")
        stranger = Signer(made.log.name, 1, bytes(32))
        text = made.text(100)
        self.tried(audit(made, earlier=[("own", (text + "\n" + stranger.line(text)).encode())]), "own", None, "not signed by")

    def test_a_checkpoint_whose_root_is_another(self):
        made = self.published(100, 300)
        text = f"{made.log.name}\n300\n{encoded(bytes(32))}\n"
        made.write("checkpoint", (text + "\n" + made.log.line(text) + made.witnesses[0].line(text)).encode())
        self.tried(audit(made), "checkpoint", 300, "root")
        made.publish(300)
        made.write("checkpoints/" + HOUR.format(0), (text + "\n" + made.log.line(text)).encode())
        self.tried(audit(made), "checkpoints/" + HOUR.format(0), 300, "root")

    def test_an_event_changed_with_all_that_follows_from_it_but_the_signatures(self):
        made, fork = self.forked(100, 300)
        for path, data in files_of(fork.folder).items():
            if path.startswith("tile/"):
                made.write(path, data)
        self.tried(audit(made), "checkpoint", 300, "root")
        self.tried(audit(made), "checkpoints/" + HOUR.format(0), 100, "root")

    def test_the_checkpoint_of_another_log(self):
        made = self.published(10)
        text = made.text(10, origin="other.example/log")
        made.write("checkpoint", (text + "\n" + made.log.line(text)).encode())
        self.tried(audit(made), "checkpoint", None, "origin")


class CommandTest(LogTest):
    """What is said to a person or a program, and how the program ends."""

    def run_program(self, code, *words):
        done = subprocess.run([sys.executable, "-B", PROGRAM, *map(str, words)], capture_output=True, text=True, encoding="utf-8",
                              timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code != WRONG_USAGE else done.stderr

    def test_a_folder(self):
        made = self.published(100, 300)
        own = self.folder / "own"
        own.write_bytes(made.checkpoint(77))
        words = [made.folder, "--key", made.log.vkey, "--witness", made.witnesses[0].vkey, "--earlier", own]
        shown = self.run_program(SOUND, *words)
        self.assertRegex(shown, r"origin +trial.kobling.example/log\nevents +300\n")
        self.assertRegex(shown, r"events +15  keyfile.issue  NOT_PERMITTED\n")
        self.assertTrue(shown.endswith("\nsound\n"), shown)
        made.write("tile/0/000", bytes(8192))
        shown = self.run_program(NOT_SOUND, *words)
        self.assertRegex(shown, r"FAULT  tile/0/000 at 0: the hash is 0{64}, that of the tree [0-9a-f]{64}; 256 such places in this file\n")
        self.assertTrue(shown.endswith("\nNOT SOUND: 1 faults\n"), shown)
        report = json.loads(self.run_program(NOT_SOUND, *words, "--json"))
        self.assertEqual((report["sound"], report["fault_counts"], report["checkpoints_right"]), (False, {"tile/0": 1}, 4))
        (made.folder / "checkpoint").unlink()
        self.assertIn("FAULT  checkpoint: it is missing", self.run_program(NOT_SOUND, *words))

    def test_what_a_terminal_would_obey_is_not_shown_as_it_is(self):
        made = made_log(self.folder / "log", 1)
        made.events[0] = made.events[0].replace(b"keyfile.issue", b"key\x1b[2J.issue")
        made.__post_init__()
        made.publish(1)
        self.assertIn("key\\x1b[2J.issue", self.run_program(SOUND, made.folder, "--key", made.log.vkey))

    def test_a_proof(self):
        made = self.published(300)
        file, entry = self.folder / "event.tlog-proof", self.folder / "event"
        words = ["--proof", file, "--entry", entry, "--key", made.log.vkey]
        file.write_bytes(made.proof(17, 300))
        entry.write_bytes(made.events[17])
        self.assertRegex(self.run_program(SOUND, *words, "--witness", made.witnesses[0].vkey), r"index +17\nevents +300\n")
        stranger = Signer("stranger.example", 4, bytes(32))
        self.assertIn("not cosigned by stranger.example", self.run_program(NOT_SOUND, *words, "--witness", stranger.vkey))
        entry.write_bytes(made.events[18])
        self.assertIn("it does not show", self.run_program(NOT_SOUND, *words))
        entry.write_bytes(made.events[17])
        for what, data in {"another index": made.proof(17, 300).replace(b"index 17", b"index 18"), "cut off": made.proof(17, 300)[:-1],
                           "another tree": made.proof(17, 299).replace(b"\n299\n", b"\n300\n"), "empty": b""}.items():
            with self.subTest(what):
                file.write_bytes(data)
                mutations["tried"] += 1
                self.assertIn(f"FAULT  {file}", self.run_program(NOT_SOUND, *words))
                mutations["found"] += 1

    def test_a_folder_that_cannot_be_read_is_not_said_to_be_sound(self):
        made = self.published(10)
        refused = PermissionError(13, "Permission denied", "tile")
        with unittest.mock.patch("os.scandir", side_effect=refused), self.assertRaises(SystemExit) as ended:
            main([str(made.folder), "--key", made.log.vkey])
        self.assertEqual(ended.exception.code, "error: nothing can be said of the log: tile: Permission denied")

    def test_wrong_usage(self):
        made = self.published(1)
        key, witness = made.log.vkey, made.witnesses[0].vkey
        for words in ([], [made.folder], ["--key", key], [made.folder, "--key", key[:-1]], [made.folder, "--key", witness],
                      [made.folder, "--key", key, "--witness", key], [made.folder / "missing", "--key", key],
                      [made.folder, "--key", key, "--earlier", self.folder / "missing"], [made.folder, "--key", key, "--unknown"],
                      ["--proof", made.folder / "checkpoint", "--key", key],
                      [made.folder, "--key", key, "--key", Signer("other.example/log", 1, bytes(32)).vkey]):
            with self.subTest(words):
                self.assertRegex(self.run_program(WRONG_USAGE, *words), r"^error: .*; see --help\n$")
        self.assertIn("--witness", self.run_program(SOUND, "--help"))


def load_tests(loader, tests, _pattern):
    tests.addTests(loader.loadTestsFromModule(module) for module in (merkle_test, event_record_test, signed_note_test))
    return tests


if __name__ == "__main__":
    program = unittest.main(exit=False)
    print(f"{mutations['tried']} changed logs, {mutations['found']} found to be wrong at the right place")
    sys.exit(not program.result.wasSuccessful())
