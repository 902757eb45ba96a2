"""Tests that keys, checkpoints and proof files are read as docs/formats/log.md says, and nothing that only looks like them."""
import base64
import unittest

from log_maker import Signer, encoded, naive_root
from signed_note import Checkpoint, NotRight, ProofFile, SignedNote, VerifierKey

C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""

LOG = Signer("trial.kobling.example/log", 1, bytes(range(32)))
OLD_LOG = Signer("trial.kobling.example/log", 1, bytes(range(1, 33)))
WITNESS = Signer("witness.example", 4, bytes(range(2, 34)))
STRANGER = Signer("stranger.example", 4, bytes(range(3, 35)))
ROOT = encoded(naive_root([]))
TEXT = f"{LOG.name}\n0\n{ROOT}\n"
SIGNED = TEXT + "\n" + LOG.line(TEXT)
LOG_KEYS, WITNESSES = [VerifierKey.parse(LOG.vkey)], [VerifierKey.parse(WITNESS.vkey)]


def counts(note, log_keys=None, witnesses=None):
    data = note if isinstance(note, bytes) else note.encode()
    return Checkpoint.parse(data).verify(log_keys or LOG_KEYS, WITNESSES if witnesses is None else witnesses)


def signed(text):
    return text + "\n" + LOG.line(text)


def flipped(line, bit):
    """A signature line with one bit of ID and signature changed."""
    start, _, data = line.rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(data))
    raw[bit // 8] ^= 1 << bit % 8
    return f"{start} {encoded(bytes(raw))}\n"


class KeyTest(unittest.TestCase):
    def test_the_example_of_c2sp(self):
        key = VerifierKey.parse(C2SP_KEY)
        note = SignedNote.parse(C2SP_NOTE.encode())
        self.assertEqual(note.text, b"This is an example message.\n")
        self.assertEqual(note.verify([key]), ([(key, None)], []))
        with self.assertRaises(NotRight):
            SignedNote.parse(C2SP_NOTE.replace("message", "massage").encode()).verify([key])

    def test_no_part_of_a_key_and_no_other_spelling_is_a_key(self):
        for begin in range(len(C2SP_KEY)):
            for end in range(begin + 1, len(C2SP_KEY) + 1):
                if end - begin < len(C2SP_KEY):
                    with self.assertRaises(NotRight):
                        VerifierKey.parse(C2SP_KEY[begin:end])
        for at in range(len(C2SP_KEY)):
            with self.assertRaises(NotRight):
                VerifierKey.parse(C2SP_KEY[:at] + chr(ord(C2SP_KEY[at]) + 1) + C2SP_KEY[at + 1:])

    def test_keys_of_other_types_are_refused(self):
        for wrong in (Signer("example.com", 2, bytes(32)).vkey, Signer("with space", 1, bytes(32)).vkey, Signer("", 1, bytes(32)).vkey):
            with self.subTest(wrong), self.assertRaises(NotRight):
                VerifierKey.parse(wrong)


class CheckpointTest(unittest.TestCase):
    def test_a_right_one_says_what_it_says(self):
        checkpoint = Checkpoint.parse(SIGNED.encode())
        self.assertEqual((checkpoint.origin, checkpoint.size, encoded(checkpoint.root)), (LOG.name, 0, ROOT))
        self.assertEqual(counts(SIGNED), ([], []))

    def test_cosignatures_of_known_witnesses_are_returned_with_their_time(self):
        note = SIGNED + WITNESS.line(TEXT, 17) + STRANGER.line(TEXT, 18)
        self.assertEqual(counts(note), ([(WITNESSES[0], 17)], [f"{STRANGER.name}+{STRANGER.id.hex()}"]))
        self.assertEqual(counts(SIGNED + WITNESS.line(TEXT, 2**63 - 1)), ([(WITNESSES[0], 2**63 - 1)], []))

    def test_lines_of_unknown_keys_are_ignored_also_wrong_ones_and_those_with_a_known_name(self):
        same_name = Signer(WITNESS.name, 4, bytes(32))
        cosignatures, others = counts(SIGNED + STRANGER.line_of(b"x") + same_name.line("something else"))
        self.assertEqual((cosignatures, len(others)), ([], 2))

    def test_any_of_the_keys_that_the_log_has_had_will_do(self):
        both = LOG_KEYS + [VerifierKey.parse(OLD_LOG.vkey)]
        self.assertEqual(counts(TEXT + "\n" + OLD_LOG.line(TEXT), both), ([], []))
        with self.assertRaises(NotRight):
            counts(TEXT + "\n" + OLD_LOG.line(TEXT))

    def test_a_wrong_line_of_a_known_key_makes_all_of_it_wrong(self):
        other = TEXT.replace("\n0\n", "\n1\n")
        later = WITNESS.line(TEXT, 18)
        for what, note in {
                "the log's signature of another text": TEXT + "\n" + LOG.line(other),
                "the same beside a right one": SIGNED + LOG.line(other),
                "a cosignature of another text": SIGNED + WITNESS.line(other),
                "a witness that signs as a log does": SIGNED + WITNESS.line_of(WITNESS.private.sign(TEXT.encode())),
                "a time that was not signed": SIGNED + flipped(later, 8 * 12 - 8),
                "a time beyond 2^63": SIGNED + WITNESS.line(TEXT, 2**63),
                "a signature that is cut off": TEXT + "\n" + LOG.line_of(LOG.private.sign(TEXT.encode())[:-1]),
                "a signature with a byte more": TEXT + "\n" + LOG.line_of(LOG.private.sign(TEXT.encode()) + b"x"),
        }.items():
            with self.subTest(what), self.assertRaises(NotRight):
                counts(note)
        for bit in range(8 * 4, 8 * 68):
            with self.assertRaises(NotRight):
                counts(TEXT + "\n" + flipped(LOG.line(TEXT), bit))
        for bit in range(8 * 4, 8 * 76):
            with self.assertRaises(NotRight):
                counts(SIGNED + flipped(later, bit))

    def test_without_the_log_s_signature_it_does_not_count(self):
        for what, note in {"only cosigned": TEXT + "\n" + WITNESS.line(TEXT), "another log": TEXT + "\n" + OLD_LOG.line(TEXT),
                           "the ID of another key": TEXT + "\n" + flipped(LOG.line(TEXT), 3)}.items():
            with self.subTest(what), self.assertRaises(NotRight):
                counts(note)
        with self.assertRaises(NotRight):
            counts(signed(TEXT.replace(LOG.name, "other.example/log")))

    def test_texts_that_are_signed_and_are_no_checkpoint(self):
        for what, text in {
                "four lines": TEXT + "more\n", "two lines": f"{LOG.name}\n0\n", "no origin": f"\n0\n{ROOT}\n",
                "a leading zero": f"{LOG.name}\n00\n{ROOT}\n", "a sign": f"{LOG.name}\n+0\n{ROOT}\n",
                "a space": f"{LOG.name}\n0 \n{ROOT}\n", "other digits": f"{LOG.name}\n٣\n{ROOT}\n",
                "2^63": f"{LOG.name}\n{2**63}\n{ROOT}\n", "a short root": f"{LOG.name}\n0\n{encoded(bytes(31))}\n",
                "a long root": f"{LOG.name}\n0\n{encoded(bytes(33))}\n", "no padding": f"{LOG.name}\n0\n{ROOT.rstrip('=')}\n",
                "bits after the last byte": f"{LOG.name}\n0\n{ROOT[:-2]}V=\n", "an empty line": f"{LOG.name}\n\n0\n{ROOT}\n",
                "carriage returns": TEXT.replace("\n", "\r\n"), "a space in the origin": f"{LOG.name} x\n0\n{ROOT}\n",
        }.items():
            with self.subTest(what), self.assertRaises(NotRight):
                counts(signed(text))

    def test_what_is_not_a_signed_note(self):
        line = LOG.line(TEXT)
        for what, note in {
                "nothing": "", "no signature": TEXT, "no line of a signature": TEXT + "\n", "no empty line": TEXT + line,
                "two empty lines": TEXT + "\n\n" + line, "an empty line at the end": SIGNED + "\n",
                "no line feed at the end": SIGNED[:-1], "a hyphen": SIGNED.replace("—", "-"), "two spaces": SIGNED.replace("— ", "—  "),
                "a space at the end": SIGNED[:-1] + " \n", "an ID and nothing": SIGNED + f"— x {encoded(bytes(4))}\n",
                "not Base64": SIGNED + "— x !!!!\n", "other Base64": SIGNED.replace("+", "-").replace("/", "_"),
                "17 signatures": SIGNED + 16 * STRANGER.line(TEXT), "a zero byte": SIGNED.replace("—", "\0—"),
                "too long": SIGNED + f"— x {encoded(bytes(15_000))}\n",
        }.items():
            with self.subTest(what), self.assertRaises(NotRight):
                counts(note)
        with self.assertRaises(NotRight):
            counts(SIGNED.encode().replace(b"trial", b"tr\xffal"))
        self.assertEqual(len(counts(SIGNED + 15 * STRANGER.line(TEXT))[1]), 15)


class ProofFileTest(unittest.TestCase):
    HEAD = "c2sp.org/tlog-proof@v1\n"
    HASHES = f"{encoded(bytes(32))}\n{encoded(bytes(31) + b'x')}\n"

    def test_a_right_one_says_what_it_says(self):
        for extra in ("", "extra YWdl\n"):
            proof = ProofFile.parse(f"{self.HEAD}{extra}index 17\n{self.HASHES}\n{SIGNED}".encode())
            self.assertEqual((proof.index, proof.hashes), (17, (bytes(32), bytes(31) + b"x")))
            self.assertEqual(proof.checkpoint, Checkpoint.parse(SIGNED.encode()))

    def test_what_is_no_proof_file(self):
        for what, head in {"another version": "c2sp.org/tlog-proof@v2\nindex 1\n", "no index": self.HEAD, "no head": "index 1\n",
                           "a leading zero": f"{self.HEAD}index 01\n", "no number": f"{self.HEAD}index \n",
                           "a short hash": f"{self.HEAD}index 1\n{encoded(bytes(31))}\n", "no hash": f"{self.HEAD}index 1\nhash\n",
                           "nothing": ""}.items():
            with self.subTest(what), self.assertRaises(NotRight):
                ProofFile.parse(f"{head}\n{SIGNED}".encode())
        with self.assertRaises(NotRight):
            ProofFile.parse(f"{self.HEAD}index 1\n".encode())


if __name__ == "__main__":
    unittest.main()
