"""Which combination each row of a batch is: the way back from the collapsed table to the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retention.risk.grouping import LARGEST_KEY


class Finder:
    """Built from distinct combinations of codes; `find` gives the place of others among them, -1 for none."""

    def __init__(self, columns: Sequence[np.ndarray], sizes: Sequence[int]) -> None:
        self.sizes = tuple(max(size, 1) for size in sizes)
        self._ranks: dict[
            int, np.ndarray
        ] = {}  # the keys so far, where more columns would not fit into one number
        keys, slots = np.zeros(len(columns[0]), np.int64), 1
        for place, (column, size) in enumerate(zip(columns, self.sizes, strict=True)):
            if slots * size >= LARGEST_KEY:
                self._ranks[place] = np.unique(keys)
                keys, slots = np.searchsorted(self._ranks[place], keys), len(self._ranks[place])
            keys = keys * size + column
            slots *= size
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def find(self, columns: Sequence[np.ndarray]) -> np.ndarray:
        keys, known = np.zeros(len(columns[0]), np.int64), np.ones(len(columns[0]), bool)
        for place, (column, size) in enumerate(zip(columns, self.sizes, strict=True)):
            if place in self._ranks:
                keys, found = _places(self._ranks[place], keys)
                known &= found
            known &= (column >= 0) & (column < size)
            keys = keys * size + np.where(known, column, 0)
        places, found = _places(self._keys, keys)
        return np.where(known & found, self._order[places] if len(self._order) else -1, -1)


def _places(sorted_keys: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(sorted_keys):
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    places = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return places, sorted_keys[places] == keys
