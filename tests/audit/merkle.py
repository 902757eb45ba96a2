"""The Merkle tree of RFC 6962, section 2.1, and its proofs, sections 2.1.1 and 2.1.2, as docs/formats/events-tree.md says.

A hash is 32 bytes, a proof a list of hashes in the order of the RFC. Making a proof follows the definitions of RFC 6962, checking one the
algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2: the two have no code in common, so that a mistake in one of them shows.
"""
import hashlib

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes):
    return Tree(leaf_hashes).root()


def split(count):
    """The largest power of two below count, which is more than one."""
    return 1 << ((count - 1).bit_length() - 1)


class Tree:
    """A tree that only grows. It keeps the leaf hashes and the roots of the complete subtrees of 16, 256, 4,096 … leaves, 34 bytes for each
    leaf; the root of any other complete subtree is made from eight hashes at most when it is asked for."""

    STEP = 4  # from one kept level to the next, in levels of the tree

    def __init__(self, leaf_hashes=()):
        self.size = 0
        self._levels = [bytearray()]
        for one in leaf_hashes:
            self.append(one)

    def append(self, one):
        assert len(one) == HASH_BYTES
        self._levels[0] += one
        self.size += 1
        level, count = 0, self.size
        while count % (1 << self.STEP) == 0:
            count >>= self.STEP
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level + 1] += self._joined(level, self.STEP, count - 1)
            level += 1

    def leaf(self, index):
        return self._kept(0, index, index + 1)

    def tile(self, level, first, end):
        """The roots number first to end of the complete subtrees of 256^level leaves, one after the other, as a tile holds them."""
        return self._kept(level * 8 // self.STEP, first, end)

    def root(self, size=None):
        """The root of the first `size` leaves."""
        size = self.size if size is None else size
        assert 0 <= size <= self.size
        return self._root(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index, size):
        """PATH(index, D[size])."""
        assert 0 <= index < size <= self.size
        return self._path(index, 0, size)

    def consistency_proof(self, old, size):
        """PROOF(old, D[size]). That of the empty tree, which the RFC leaves open, is empty."""
        assert 0 <= old <= size <= self.size
        return self._subproof(old, 0, size, True) if old else []

    def _kept(self, level, first, end):
        kept = self._levels[level] if level < len(self._levels) else b""
        return bytes(kept[first * HASH_BYTES:end * HASH_BYTES])

    def _joined(self, level, height, number):
        """The root of subtree `number` of those that are `height` above a kept level."""
        row = self._kept(level, number << height, (number + 1) << height)
        hashes = [row[at:at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)]
        while len(hashes) > 1:
            hashes = [node_hash(*hashes[at:at + 2]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def _root(self, start, end):
        """MTH(D[start:end]) for a range that a node of the tree stands for."""
        count = end - start
        if count & (count - 1) == 0:
            level, height = divmod(count.bit_length() - 1, self.STEP)
            return self._joined(level, height, start // count)
        middle = start + split(count)
        return node_hash(self._root(start, middle), self._root(middle, end))

    def _path(self, index, start, end):
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if index < middle:
            return self._path(index, start, middle) + [self._root(middle, end)]
        return self._path(index, middle, end) + [self._root(start, middle)]

    def _subproof(self, old, start, end, is_whole):
        """SUBPROOF; old counts from the first leaf, is_whole is the b of the RFC: the old tree's root is this node, and known."""
        if old == end:
            return [] if is_whole else [self._root(start, end)]
        middle = start + split(end - start)
        if old <= middle:
            return self._subproof(old, start, middle, is_whole) + [self._root(middle, end)]
        return self._subproof(old, middle, end, False) + [self._root(start, middle)]


def climb(position, last, hashes, left_of_path, right_of_path):
    """Goes from node `position` of a level whose last one is `last` up to the root, and calls one of the two functions with each hash.
    Returns whether there are as many hashes as there are steps."""
    for one in hashes:
        if last == 0:
            return False
        if position % 2 == 1 or position == last:
            left_of_path(one)
            while position % 2 == 0 and position != 0:
                position, last = position >> 1, last >> 1
        else:
            right_of_path(one)
        position, last = position >> 1, last >> 1
    return last == 0


def proves_inclusion(index, size, leaf, proof, root):
    """Whether the proof shows that the leaf hash is leaf number `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        return False
    found = [leaf]
    fits = climb(index, size - 1, proof, lambda one: found.append(node_hash(one, found[-1])),
                 lambda one: found.append(node_hash(found[-1], one)))
    return fits and found[-1] == root


def proves_consistency(old, old_root, size, root, proof):
    """Whether the proof shows that the tree of `old` leaves with old_root is the beginning of the one of `size` leaves with root."""
    if not 0 <= old <= size:
        return False
    if old == 0 or old == size:
        return not proof and old_root == (root if old == size else EMPTY_ROOT)
    proof = list(proof)
    if old & (old - 1) == 0:
        proof.insert(0, old_root)
    if not proof:
        return False
    position, last = old - 1, size - 1
    while position % 2 == 1:
        position, last = position >> 1, last >> 1
    olds, news = [proof[0]], [proof[0]]

    def left_of_path(one):
        olds.append(node_hash(one, olds[-1]))
        news.append(node_hash(one, news[-1]))

    fits = climb(position, last, proof[1:], left_of_path, lambda one: news.append(node_hash(news[-1], one)))
    return fits and olds[-1] == old_root and news[-1] == root
