"""Tests of the tree and its proofs against the definitions of RFC 6962 and the reference data of Certificate Transparency."""
import json
import pathlib
import random
import unittest

from log_maker import naive_path, naive_root
from merkle import EMPTY_ROOT, Tree, leaf_hash, proves_consistency, proves_inclusion, root_of

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "docs/formats/vectors/events-tree.json"
LARGEST = 130
SEED = 6962


def reference_trees():
    return json.loads(VECTORS.read_text())["trees"]


def mutated(proof, chance):
    """Proofs that differ from a right one: one bit, one hash fewer, one more, two in another order."""
    other = chance.randbytes(32)
    yield proof + [other]
    yield [other] + proof
    if proof:
        at = chance.randrange(len(proof))
        bit = 1 << chance.randrange(256)
        yield proof[:at] + [(int.from_bytes(proof[at], "big") ^ bit).to_bytes(32, "big")] + proof[at + 1:]
        yield proof[:at] + proof[at + 1:]
        yield proof[:-1]
    if len(proof) > 1:
        yield proof[1:2] + proof[:1] + proof[2:]


class TreeTest(unittest.TestCase):
    def test_the_constants_of_the_rfc(self):
        self.assertEqual(EMPTY_ROOT.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        self.assertEqual(leaf_hash(b"").hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        self.assertEqual(root_of([]), EMPTY_ROOT)

    def test_roots_of_the_reference_data(self):
        leaf_hashes = []
        for tree in reference_trees():
            if tree["size"] > 0:
                leaf_hashes.append(leaf_hash(bytes.fromhex(tree["last_leaf"])))
                self.assertEqual(leaf_hashes[-1].hex(), tree["last_leaf_hash"])
            self.assertEqual(root_of(leaf_hashes).hex(), tree["root"])

    def test_a_consistency_proof_of_the_reference_data(self):
        proof = [bytes.fromhex(one) for one in ("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
        roots = [bytes.fromhex(tree["root"]) for tree in reference_trees()]
        tree = Tree(leaf_hash(bytes.fromhex(tree["last_leaf"])) for tree in reference_trees()[1:])
        self.assertEqual(tree.consistency_proof(6, 8), proof)
        self.assertTrue(proves_consistency(6, roots[6], 8, roots[8], proof))
        self.assertFalse(proves_consistency(6, roots[5], 8, roots[8], proof))

    def test_any_root_and_tile_is_that_of_the_definition(self):
        leaves = [leaf_hash(b"%d" % number) for number in range(4200)]
        tree = Tree(leaves)
        for size in (*range(60), 255, 256, 257, 1000, 4095, 4096, 4097, 4200):
            self.assertEqual(tree.root(size), naive_root(leaves[:size]), size)
            self.assertEqual(Tree(leaves[:size]).root(), naive_root(leaves[:size]), size)
        self.assertEqual(tree.tile(0, 256, 300), b"".join(leaves[256:300]))
        self.assertEqual(tree.tile(1, 2, 4), naive_root(leaves[512:768]) + naive_root(leaves[768:1024]))
        self.assertEqual(tree.tile(1, 15, 256), naive_root(leaves[3840:4096]))
        self.assertEqual(tree.tile(2, 0, 256), b"")


class ProofTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.leaves = [leaf_hash(b"%d" % number) for number in range(LARGEST)]
        cls.tree = Tree(cls.leaves)
        cls.roots = [cls.tree.root(size) for size in range(LARGEST + 1)]
        cls.chance = random.Random(SEED)
        print(f"seed of the mutated proofs: {SEED}")

    def test_every_leaf_is_shown_to_be_in_every_tree_and_nothing_else_is(self):
        for size in range(1, LARGEST + 1):
            root = self.roots[size]
            for index in range(size):
                leaf, proof = self.leaves[index], self.tree.inclusion_proof(index, size)
                self.assertEqual(proof, naive_path(index, self.leaves[:size]), (index, size))
                self.assertTrue(proves_inclusion(index, size, leaf, proof, root), (index, size))
                for wrong in mutated(proof, self.chance):
                    self.assertFalse(proves_inclusion(index, size, leaf, wrong, root), (index, size))
                for other in {index - 1, index + 1, size - 1 - index} - {index}:
                    self.assertFalse(proves_inclusion(other, size, leaf, proof, root), (index, size, other))
                self.assertFalse(proves_inclusion(index, size, self.chance.randbytes(32), proof, root), (index, size))
                self.assertFalse(proves_inclusion(index, size, leaf, proof, self.roots[size - 1]), (index, size))

    def test_every_tree_is_shown_to_begin_every_larger_one_and_nothing_else_is(self):
        for size in range(LARGEST + 1):
            for old in range(size + 1):
                proof, roots = self.tree.consistency_proof(old, size), (self.roots[old], self.roots[size])
                self.assertTrue(proves_consistency(old, roots[0], size, roots[1], proof), (old, size))
                for wrong in mutated(proof, self.chance):
                    self.assertFalse(proves_consistency(old, roots[0], size, roots[1], wrong), (old, size))
                self.assertFalse(proves_consistency(old, self.chance.randbytes(32), size, roots[1], proof), (old, size))
                if old > 0:  # the empty tree begins every tree, whatever its root
                    self.assertFalse(proves_consistency(old, roots[0], size, self.chance.randbytes(32), proof), (old, size))

    def test_what_is_no_tree_or_no_leaf_of_it_is_refused(self):
        self.assertFalse(proves_inclusion(0, 0, self.leaves[0], [], EMPTY_ROOT))
        self.assertFalse(proves_inclusion(1, 1, self.leaves[0], [], self.roots[1]))
        self.assertFalse(proves_inclusion(-1, 1, self.leaves[0], [], self.roots[1]))
        self.assertFalse(proves_consistency(3, self.roots[3], 2, self.roots[2], []))
        self.assertFalse(proves_consistency(3, self.roots[3], 5, self.roots[5], []))


if __name__ == "__main__":
    unittest.main()
