"""The levels that each quasi-identifier can be generalized to, made ready for the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from retention.anonymization.hierarchies import Hierarchy, HierarchyProblem
from retention.risk.collapsing import Combinations, RiskProblem

HIDDEN = "*"


@dataclass(frozen=True)
class Ladder:
    """One column's way up: `groups[level][code]` is the group of a value, `shares[level][group]` how much of it is
    lost there, `labels[level][group]` what is written. Where nothing but `*` is left, a null is `*` too: until then
    it stays null.

    The share is that of ARX' loss metric: (leaves / n - 1 / n) / (1 - 1 / n) of the hierarchy's n values.
    """

    column: str
    groups: tuple[np.ndarray, ...]
    shares: tuple[np.ndarray, ...]
    labels: tuple[tuple[str | None, ...], ...]

    @property
    def height(self) -> int:
        return len(self.groups) - 1

    def lift(self, start: int, end: int) -> np.ndarray:
        """The group at level `end` of each group at level `start`."""
        up = np.zeros(len(self.labels[start]), np.int32)
        up[self.groups[start]] = self.groups[end]
        return up

    @property
    def top_hides(self) -> bool:
        return len(self.labels[-1]) == 1


def ladder(column: str, values: Sequence[str | None], used: np.ndarray, hierarchy: Hierarchy) -> Ladder:
    """`values` are those of a collapsed column, the first of them null; `used` says which occur.

    Raises HierarchyProblem where the hierarchy misses a value that occurs.
    """
    present = [value for value, occurs in zip(values, used, strict=True) if occurs and value is not None]
    require_coverage(column, present, hierarchy)
    place = {value: number for number, value in enumerate(hierarchy.levels[0])}
    leaf = np.array([place.get(value, -1) if value is not None else -1 for value in values])
    known, has_null = np.flatnonzero((leaf >= 0) & used), bool(used[0])
    groups, shares, labels = [], [], []
    for level, words in enumerate(hierarchy.levels):
        of_word = {word: number for number, word in enumerate(dict.fromkeys(words))}
        of_leaf = np.array([of_word[word] for word in words])
        leaves = np.bincount(of_leaf)
        taken, number = np.unique(of_leaf[leaf[known]], return_inverse=True)
        names: list[str | None] = [list(of_word)[each] for each in taken]
        share = (leaves[taken] - 1) / max(len(words) - 1, 1)
        of = np.zeros(len(values), np.int32)
        of[known] = number
        if has_null and not (level == hierarchy.height and len(of_word) == 1):
            of[0] = len(names)
            names.append(None)
            share = np.append(share, 0.0)
        elif has_null and not names:
            names, share = list(of_word), np.array([1.0])
        groups.append(of)
        shares.append(share)
        labels.append(tuple(names))
    return Ladder(column, tuple(groups), tuple(shares), tuple(labels))


def require_coverage(column: str, present: Sequence[str], hierarchy: Hierarchy) -> None:
    """Raises HierarchyProblem, which has the values, where the hierarchy misses any of those that occur."""
    missing = hierarchy.missing(pa.array(present, pa.string()))
    if missing:
        raise HierarchyProblem(
            f"The hierarchy for {column} misses {len(missing)} of {len(present)} values.",
            "Add a line for each of them.",
            values=missing,
        )


def ladders(
    table: Combinations, quasi: Sequence[str], hierarchies: Mapping[str, Hierarchy]
) -> tuple[Ladder, ...]:
    """One for each quasi-identifier. Raises RiskProblem naming those without a hierarchy, and HierarchyProblem."""
    without = [name for name in quasi if name not in hierarchies]
    if without:
        raise RiskProblem(
            f"There is no hierarchy for {', '.join(without)}.",
            "Give each quasi-identifier one; one with two levels, value and *, keeps or hides.",
        )
    found = []
    for name in quasi:
        column = table.columns.index(name)
        values, codes = table.values[column], table.codes[column]
        used = np.bincount(codes, minlength=len(values)) > 0
        found.append(ladder(name, values, used, hierarchies[name]))
    return tuple(found)
