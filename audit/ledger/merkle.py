"""The Merkle tree over the entries, as RFC 6962 §2.1 defines it: roots, proofs, and checking them.

Hashes are 32 bytes, leaves are numbered from 0, and a subtree is the half-open range of leaves it covers. Nothing here
knows where hashes come from.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
Range = tuple[int, int]


class ProofFails(ValueError):
    """The proof does not lead from what it is about to the root."""


def leaf_hash(body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; of none, the hash of nothing."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


class Growing:
    """A tree that grows leaf by leaf and keeps only the roots of its whole subtrees: memory is logarithmic."""

    def __init__(self) -> None:
        self.size = 0
        self.roots: list[bytes] = []  # from the largest subtree to the smallest

    def add(self, leaf: bytes) -> None:
        self.size += 1
        grown, width = leaf, self.size
        while width % 2 == 0:
            grown = node_hash(self.roots.pop(), grown)
            width //= 2
        self.roots.append(grown)

    def root(self) -> bytes:
        return folded(self.roots) if self.roots else EMPTY_ROOT


def folded(roots: Sequence[bytes]) -> bytes:
    """The root over whole subtrees, given from the largest to the smallest."""
    *others, root = roots
    for left in reversed(others):
        root = node_hash(left, root)
    return root


def whole_subtrees(start: int, end: int) -> list[Range]:
    """The range as whole subtrees, from the left; `start` is where a subtree of its size begins."""
    found = []
    while start < end:
        width = 1 << ((end - start).bit_length() - 1)
        found.append((start, start + width))
        start += width
    return found


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots are the audit path of a leaf, from its sibling upwards (RFC 6962 §2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a tree of {size}.")
    path: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_width(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose roots prove that a tree of `new` leaves begins with one of `old` (RFC 6962 §2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"A tree of {new} cannot be proven to begin with one of {old}.")
    path: list[Range] = []
    start, end, known = 0, new, True
    while end > old:
        middle = start + _left_width(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, known = middle, False
    if not known:
        path.append((start, end))
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that the audit path leads to. Raises ProofFails for a path of the wrong length."""
    if not 0 <= index < size:
        raise ProofFails(f"There is no leaf {index} in a tree of {size}.")
    _require_hashes(leaf, *proof)
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(proof):
        raise ProofFails(f"The path has {len(proof)} hashes and must have {len(ranges)}.")
    root = leaf
    for (start, _), sibling in zip(ranges, proof, strict=True):
        root = node_hash(sibling, root) if start < index else node_hash(root, sibling)
    return root


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises ProofFails unless the leaf is number `index` of the tree with this size and root."""
    if root_from_inclusion(index, size, leaf, proof) != root:
        raise ProofFails(f"Leaf {index} is not in the tree of {size} entries with this root.")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises ProofFails unless the larger tree begins with the smaller. An old size of 0 proves nothing: it fails."""
    if not 0 < old <= new:
        raise ProofFails(f"A tree of {new} cannot be proven to begin with one of {old}.")
    if old == new:
        if proof or old_root != new_root:
            raise ProofFails("Trees of the same size have the same root, and need no proof.")
        return
    _require_hashes(old_root, new_root, *proof)
    ranges = consistency_ranges(old, new)
    if len(ranges) != len(proof):
        raise ProofFails(f"The proof has {len(proof)} hashes and must have {len(ranges)}.")
    # Where the old tree is a whole subtree of the new one, its root is not in the proof: it is known.
    hashes = dict(zip(ranges, proof, strict=True))
    if _covering(old) not in hashes and (0, old) not in hashes:
        hashes[0, old] = old_root
    parts = sorted(hashes)
    if _joined(parts, hashes, 0, old) != old_root:
        raise ProofFails(f"The proof does not lead to the root of the {old} entries.")
    if _joined(parts, hashes, 0, new) != new_root:
        raise ProofFails(f"The proof does not lead to the root of the {new} entries.")


def compute(ranges: Iterable[Range], whole: Callable[[list[Range]], dict[Range, bytes]]) -> list[bytes]:
    """The root of each range. `whole` gives the roots of whole subtrees, asked for once, all together."""
    asked = list(ranges)
    parts = {each: whole_subtrees(*each) for each in asked}
    roots = whole(sorted({part for found in parts.values() for part in found}))
    return [folded([roots[part] for part in parts[each]]) if parts[each] else EMPTY_ROOT for each in asked]


def _require_hashes(*values: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in values):
        raise ProofFails(f"A hash has {HASH_BYTES} bytes.")


def _left_width(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _covering(old: int) -> Range:
    """The smallest whole subtree at the end of a tree of `old`."""
    return whole_subtrees(0, old)[-1]


def _joined(parts: list[Range], hashes: dict[Range, bytes], start: int, end: int) -> bytes:
    """The root over [start, end) from the given subtrees, which must cover it. Raises ProofFails."""
    if (start, end) in hashes:
        return hashes[start, end]
    if end - start == 1 or not any(start <= a and b <= end for a, b in parts):
        raise ProofFails(f"The proof says nothing about the entries from {start} to {end}.")
    middle = start + _left_width(end - start)
    return node_hash(_joined(parts, hashes, start, middle), _joined(parts, hashes, middle, end))
