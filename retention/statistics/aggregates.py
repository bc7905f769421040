"""Exact whole-number totals over Arrow batches, to which each person contributes no more than the query says.

Nothing here is private yet: what leaves this module goes to `mechanisms` and nowhere else, but for the true values
that `looking` shows to those who may see them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from retention.statistics import queries, values
from retention.statistics.groups import NOWHERE, Codes, Grouper, grouper_of
from retention.statistics.persons import Contributions, Lots, Part, TooManyRows, as_persons
from retention.statistics.queries import Query
from retention.statistics.values import Whole

MOST_PARTS = 4_096
Read = Callable[[], Iterator[pa.RecordBatch]]
# It yields after each batch, so that whoever drives it can say that it lives, or stop.
Reading = Generator[None, None, "Totals"]


@dataclass
class Totals:
    """By group: how many rows (or people), the sum of their distances from `center`, and for a quantile the cells.

    Sums are integers of any size: one that overflowed would move by 2⁶⁴ for one person, and no noise hides that
    (Casacuberta et al. 2022).
    Cell 2j holds values below candidate j and above the one before it, cell 2j+1 those equal to it.
    """

    labels: list[str]
    center: int
    counts: Whole
    sums: np.ndarray  # of Python's integers
    cells: np.ndarray

    def add(self, codes: Codes, numbers: Whole, candidates: Whole) -> None:
        self._widen()
        groups = len(self.labels)
        if not len(codes) or not groups:
            return
        self.counts += np.bincount(codes, minlength=groups)
        if len(candidates):
            cell = 2 * np.searchsorted(candidates, numbers, side="left")
            inside = np.minimum(cell // 2, len(candidates) - 1)
            cell += candidates[inside] == numbers
            width = self.cells.shape[1]
            self.cells += np.bincount(codes * width + cell, minlength=groups * width).reshape(groups, width)
        else:
            self.sums += _sums(codes, numbers - self.center, groups)

    def _widen(self) -> None:
        """Found groups become more from batch to batch."""
        more = len(self.labels) - len(self.counts)
        if more:
            self.counts = np.concatenate([self.counts, np.zeros(more, np.int64)])
            self.sums = np.concatenate([self.sums, np.zeros(more, object)])


def aggregate(
    read: Read, query: Query, *, today: date, keys: list[str] | None = None, lots_key: bytes | None = None
) -> Reading:
    """The totals of a query, with its bounds. `read` gives the batches from the beginning, each time it is called.

    Memory: one state for each kept row, some millions at most; where there are more persons, they are taken in
    parts, and the data are read once for each.
    """
    parts = 1
    while True:
        try:
            return (yield from _in_parts(read, query, today, keys, lots_key, parts))
        except TooManyRows:
            parts *= 4
            if parts > MOST_PARTS:
                raise


def exact(read: Read, query: Query, *, today: date, keys: list[str] | None = None) -> Reading:
    """The totals without any bound: every row of everybody, as it is."""
    grouper = grouper_of(query, today=today, keys=keys)
    totals = _empty(query, grouper)
    everybody = Contributions(rows=2**31, groups=2**31, lots=Lots(), distinct=True, most=2**62)
    for batch in read():
        codes, numbers, place = _usable(batch, query, grouper, bounded=False)
        if query.kind == queries.PEOPLE and query.person:
            everybody.add(_persons(batch, query, place), codes, numbers)
        else:
            totals.add(codes, numbers, candidates_of(query))
        yield
    totals.add(*everybody.finish(), candidates_of(query))
    return totals


def _in_parts(
    read: Read, query: Query, today: date, keys: list[str] | None, lots_key: bytes | None, parts: int
) -> Reading:
    grouper = grouper_of(query, today=today, keys=keys)
    totals = _empty(query, grouper)
    candidates = candidates_of(query)
    for number in range(parts):
        part = Part(number, parts)
        kept = Contributions(
            rows=query.groups_per_person if _of_people(query, grouper, keys) else query.rows_per_person,
            groups=query.groups_per_person,
            lots=Lots(lots_key),
            distinct=_of_people(query, grouper, keys),
        )
        for batch in read():
            codes, numbers, place = _usable(batch, query, grouper, part=part)
            if query.each_row:
                totals.add(codes, numbers, candidates)
            elif len(codes):
                kept.add(_persons(batch, query, place), codes, numbers)
            yield
        totals.add(*kept.finish(), candidates)
    return totals


def _of_people(query: Query, grouper: Grouper, keys: list[str] | None) -> bool:
    """Whether people are counted: they are asked for, or groups are being selected by how many people are in them."""
    return query.kind == queries.PEOPLE or (query.grouping == queries.FOUND and keys is None)


def _usable(
    batch: pa.RecordBatch, query: Query, grouper: Grouper, *, part: Part | None = None, bounded: bool = True
) -> tuple[Codes, Whole, np.ndarray | None]:
    """Group and value of the rows that count (they have both, and a person), and their places; None for all."""
    codes = grouper.codes(batch)
    stay = codes != NOWHERE
    if query.person:
        persons = as_persons(batch.column(query.person))
        if persons.null_count:
            stay &= persons.is_valid().to_numpy(zero_copy_only=False)
        chosen = part.has(persons) if part else None
        if chosen is not None:
            stay &= chosen
    if query.kind in queries.OF_VALUES:
        limits = {"lower": query.lower, "upper": query.upper} if bounded else {}
        numbers, known = values.scaled(batch.column(query.value), query.decimals, **limits)
        stay &= known
    else:
        numbers = np.zeros(len(batch), np.int64)
    if stay.all():
        return codes, numbers, None
    place = np.flatnonzero(stay)
    return codes[place], numbers[place], place


def _persons(batch: pa.RecordBatch, query: Query, place: np.ndarray | None) -> pa.Array:
    persons = as_persons(batch.column(query.person))
    return persons if place is None else persons.take(pa.array(place))


def _empty(query: Query, grouper: Grouper) -> Totals:
    groups = len(grouper.labels)
    width = 2 * len(candidates_of(query)) + 1 if query.kind == queries.QUANTILE else 0
    zero = np.zeros(groups, np.int64)
    return Totals(
        grouper.labels, center_of(query), zero, zero.astype(object), np.zeros((groups, width), np.int64)
    )


def center_of(query: Query) -> int:
    """Means are of distances from the middle of the bounds: half the sensitivity, so half the noise."""
    return (query.lower + query.upper) // 2 if query.kind == queries.MEAN else 0


def candidates_of(query: Query) -> Whole:
    """What a quantile may be: `steps` values from the lower to the upper bound, evenly spaced; else none."""
    if query.kind != queries.QUANTILE:
        return np.zeros(0, np.int64)
    spaced = np.linspace(query.lower, query.upper, query.steps)
    return np.unique(np.rint(spaced).astype(np.int64))


def _sums(codes: Codes, numbers: Whole, groups: int) -> np.ndarray:
    """Exact sums by group: `bincount` adds floats, so the numbers go through it in halves of 26 bits."""
    high, low = numbers >> 26, numbers & (2**26 - 1)
    sums = np.bincount(codes, weights=low, minlength=groups).astype(np.int64).astype(object)
    if high.any():
        sums += np.bincount(codes, weights=high, minlength=groups).astype(np.int64).astype(object) * 2**26
    return sums
