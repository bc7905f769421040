"""Equal combinations of whole numbers, found and numbered: what every measure and the search stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

LARGEST_KEY = 2**62
DENSE_SLOTS = 1 << 16  # up to so many possible keys, or twice the rows, a table of all keys beats a hash


@dataclass(frozen=True)
class Groups:
    """`of[i]` is the group of row i; `first[g]` is a row of group g. Groups are numbered from 0 without gaps."""

    of: np.ndarray
    first: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def total(self, counts: np.ndarray | None) -> np.ndarray:
        """The sum of `counts` in each group, exact up to 2**53; without counts, how many rows it has."""
        if counts is None:
            return np.bincount(self.of, minlength=len(self))
        return np.bincount(self.of, weights=counts, minlength=len(self)).astype(np.int64)


def group(columns: Sequence[np.ndarray], sizes: Sequence[int], rows: int) -> Groups:
    """Rows with equal values in all `columns`; each holds whole numbers from 0 to below its size."""
    keys, slots = combined(columns, sizes, rows)
    return numbered(keys, slots)


def combined(columns: Sequence[np.ndarray], sizes: Sequence[int], rows: int) -> tuple[np.ndarray, int]:
    """One number for each row, equal where all columns are, and the bound below which the numbers lie."""
    keys, slots = np.zeros(rows, np.int64), 1
    for column, size in zip(columns, sizes, strict=True):
        if slots * max(size, 1) >= LARGEST_KEY:
            numbers, many = ranked(keys)
            keys, slots = numbers.astype(np.int64), max(many, 1)
        np.multiply(keys, size, out=keys)
        np.add(keys, column, out=keys)
        slots *= max(size, 1)
    return keys, slots


def numbered(keys: np.ndarray, slots: int) -> Groups:
    rows = len(keys)
    if slots <= max(DENSE_SLOTS, 2 * rows):
        place = np.full(slots, -1, np.int64)
        place[keys[::-1]] = np.arange(rows - 1, -1, -1)  # the first row of each key is written last
        used = np.flatnonzero(place >= 0)
        number = np.empty(slots, np.int64)
        number[used] = np.arange(len(used))
        return Groups(number[keys], place[used])
    of, many = ranked(keys)
    first = np.empty(many, np.int64)
    first[of[::-1]] = np.arange(rows - 1, -1, -1)
    return Groups(of, first)


def ranked(keys: np.ndarray) -> tuple[np.ndarray, int]:
    """The keys as numbers without gaps, and how many different ones there are."""
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), len(encoded.dictionary)


def sum_of_squares(sizes: np.ndarray, others: np.ndarray | None = None) -> int:
    """Of `sizes`, or of their products with `others`; exact also where a product leaves 53 bits."""
    others = sizes if others is None else others
    if len(sizes) and float(sizes.max()) * float(others.sum()) >= 2**53:
        return sum(int(one) * int(other) for one, other in zip(sizes, others, strict=True))
    return int((sizes * others).sum())
