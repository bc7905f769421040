"""The axis on which the values of a quasi-identifier lie for local recoding, and how a stretch of it is written.

Numbers lie in their order; a stretch is `20-29`. With a hierarchy, values lie in the order of its tree, and a stretch
that is no single value is written as the smallest group that holds it. Words without a hierarchy lie in alphabetical
order, and are written as a set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

import numpy as np

from retention.anonymization.hierarchies import Hierarchy
from retention.risk.collapsing import Combinations
from retention.risk.levels import HIDDEN, require_coverage

MOST_NAMED = 4  # words in a set


@dataclass(frozen=True)
class Axis:
    """`places[code]` is where a value lies, `values[place]` what lies there, `weights[place]` how far along the
    domain. A null lies at place 0, before all others.

    `groups[level, place]` numbers the groups of a hierarchy from left to right, `names[level]` names them,
    `leaves[level, group]` is how many values each has; `ends[level, place]`: a group ends there.
    """

    column: str
    places: np.ndarray
    values: tuple[str | None, ...]
    weights: np.ndarray
    domain: float
    ordered: bool
    groups: np.ndarray | None = None
    names: tuple[tuple[str | None, ...], ...] = ()
    leaves: np.ndarray | None = None
    ends: np.ndarray | None = None

    def width(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """How much of the domain a stretch takes, from 0 to 1; above 0 wherever it can be cut."""
        share = (self.weights[high] - self.weights[low]) / self.domain
        return np.where(high > low, np.maximum(share, 1e-9), 0.0)

    def lost(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The share of ARX' loss metric for what is written of each stretch."""
        if self.groups is not None and self.leaves is not None:
            level = self.joint_level(low, high)
            share = (self.leaves[level, self.groups[level, low]] - 1) / max(self.leaves[-1, 0] - 1, 1)
            return np.where(high > low, share, 0.0)
        return np.where(
            high > low, np.minimum((self.weights[high] - self.weights[low]) / self.domain, 1.0), 0.0
        )

    def joint_level(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The lowest level of the hierarchy on which both ends of a stretch are in one group."""
        assert self.groups is not None
        together = self.groups[:, low] == self.groups[:, high]
        return together.argmax(axis=0)

    def label(self, low: int, high: int) -> str | None:
        if low == high:
            return self.values[low]
        if self.groups is not None:
            level = int(self.joint_level(np.array([low]), np.array([high]))[0])
            return self.names[level][self.groups[level, low]]
        named = [value for value in self.values[low : high + 1] if value is not None]
        unknown = len(named) < high - low + 1
        words = named[0] if len(named) == 1 else f"{named[0]}–{named[-1]}" if self.ordered else _set(named)
        return f"{words} or unknown" if unknown else words


def _set(words: Sequence[str]) -> str:
    if len(words) <= MOST_NAMED:
        return " | ".join(words)
    return f"{words[0]} … {words[-1]} ({len(words)} values)"


def axes_of(
    table: Combinations, quasi: Sequence[str], hierarchies: Mapping[str, Hierarchy]
) -> tuple[Axis, ...]:
    """One for each quasi-identifier; `hierarchies` where there are any. Raises HierarchyProblem where one misses a
    value that occurs."""
    found = []
    for name in quasi:
        column = table.columns.index(name)
        values, codes = table.values[column], table.codes[column]
        used = np.bincount(codes, minlength=len(values)) > 0
        found.append(axis_of(name, values, used, hierarchies.get(name)))
    return tuple(found)


def axis_of(
    column: str, values: Sequence[str | None], used: np.ndarray, hierarchy: Hierarchy | None = None
) -> Axis:
    """`values` are those of a collapsed column, the first of them null; `used` says which occur."""
    present = [value for value, occurs in zip(values, used, strict=True) if occurs and value is not None]
    if hierarchy is not None:
        require_coverage(column, present, hierarchy)
    numbers = scale(present)
    if numbers is not None:
        domain = (scale(hierarchy.levels[0]) if hierarchy else None) or numbers
        return _along(
            column, values, bool(used[0]), numbers, max(domain.values()) - min(domain.values()), ordered=True
        )
    if hierarchy is None:
        by_alphabet = {value: float(place) for place, value in enumerate(sorted(present))}
        return _along(column, values, bool(used[0]), by_alphabet, len(present) - 1, ordered=False)
    return _in_tree(column, values, bool(used[0]), present, hierarchy)


def scale(values: Sequence[str]) -> dict[str, float] | None:
    """Each value as a number, or as a day; None unless all are. Codes such as 01234 are no numbers."""
    for read in (_number, _day):
        found = {value: read(value) for value in values}
        if values and None not in found.values():
            return {value: number for value, number in found.items() if number is not None}
    return None


def _number(text: str) -> float | None:
    if len(text) > 1 and text[0] == "0" and text[1].isdigit():
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _day(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.toordinal() + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400


def _along(
    column: str,
    values: Sequence[str | None],
    has_null: bool,
    weights: Mapping[str, float],
    domain: float,
    *,
    ordered: bool,
) -> Axis:
    known = sorted(weights, key=lambda value: (weights[value], value))
    far = [weights[value] for value in known]
    on_axis: list[str | None] = [*known]
    if has_null:
        on_axis, far = [None, *known], [far[0] if far else 0.0, *far]
    return Axis(
        column, _places(values, on_axis), tuple(on_axis), np.array(far, float), domain or 1.0, ordered
    )


def _in_tree(
    column: str, values: Sequence[str | None], has_null: bool, present: Sequence[str], hierarchy: Hierarchy
) -> Axis:
    levels = [*hierarchy.levels]
    if len(set(levels[-1])) > 1:
        levels.append((HIDDEN,) * len(levels[0]))
    number = [{word: place for place, word in enumerate(dict.fromkeys(words))} for words in levels]
    leaf = {value: place for place, value in enumerate(levels[0])}
    paths = {
        value: [number[level][levels[level][leaf[value]]] for level in range(len(levels))]
        for value in present
    }
    known = sorted(present, key=lambda value: paths[value][::-1])
    on_axis: list[str | None] = [None, *known] if has_null else [*known]
    counts = [Counter(words) for words in levels]
    groups, names, leaves = [], [], np.zeros((len(levels), len(levels[0]) + 1), np.int64)
    for level, words in enumerate(number):
        own = has_null and level < len(levels) - 1  # a null is a group of its own, until all are one
        groups.append([0] * has_null + [paths[value][level] + own for value in known])
        names.append((*([None] if own else []), *words))
        leaves[level, : len(names[-1])] = [1] * own + [counts[level][word] for word in words]
    table = np.array(groups)
    ends = np.ones(table.shape, bool)
    ends[:, :-1] = table[:, 1:] != table[:, :-1]
    weights = np.arange(len(on_axis), dtype=float)
    domain = max(len(on_axis) - 1, 1)
    places = _places(values, on_axis)
    return Axis(column, places, tuple(on_axis), weights, domain, False, table, tuple(names), leaves, ends)


def _places(values: Sequence[str | None], on_axis: Sequence[str | None]) -> np.ndarray:
    place = {value: number for number, value in enumerate(on_axis)}
    return np.array([place.get(value, 0) for value in values], np.int64)
