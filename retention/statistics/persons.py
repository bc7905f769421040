"""Bounded contributions: at most so many rows of each person, in so many groups, chosen by lot.

Each row draws a lot, 20 bits of an AES-CTR key stream under a key made for this one reading: it depends on no value,
and on nobody's rows. Of each person the rows with the lowest lots stay, so that what stays of one person is a uniform
choice that no other person changes: adding or removing a person adds or removes what stays of them and nothing else.
The lowest lots of two parts are among the lowest of each, so it can be done as batches come.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from retention.statistics import values
from retention.statistics.groups import Codes
from retention.statistics.values import Whole

CHUNK = 2_000_000  # rows that are looked at together
LOT_BITS = 20  # few enough to stand in 64 bits beside a person and a place; of equal lots the first row wins
MEMORY_ROWS = 6_000_000  # rows that one reading keeps; more persons need more readings


class TooManyRows(Exception):
    """One reading cannot hold what stays of everybody: read again, in more parts."""


class Lots:
    """A lot for each row, from a secret key (32 bytes; drawn here unless a test fixes it)."""

    def __init__(self, key: bytes | None = None) -> None:
        cipher = Cipher(algorithms.AES(key or secrets.token_bytes(32)), modes.CTR(bytes(16)))
        self._stream = cipher.encryptor()

    def draw(self, rows: int) -> np.ndarray:
        drawn = np.frombuffer(self._stream.update(bytes(4 * rows)), dtype=np.uint32)
        return (drawn >> (32 - LOT_BITS)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Part:
    """The persons of this reading: those whose hash falls on `number` of `of`."""

    number: int = 0
    of: int = 1

    def has(self, persons: pa.Array) -> np.ndarray | None:
        """Which rows belong to it; None for all."""
        if self.of == 1:
            return None
        hashed = pd.util.hash_array(persons.to_numpy(zero_copy_only=False), categorize=False)
        return hashed % np.uint64(self.of) == np.uint64(self.number)


@dataclass(frozen=True)
class _Rows:
    persons: pa.Array
    codes: Codes
    values: Whole
    lots: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, index: np.ndarray) -> _Rows:
        return _Rows(
            self.persons.take(pa.array(index)), self.codes[index], self.values[index], self.lots[index]
        )


class Contributions:
    """What stays of each person. With `distinct`, a person counts once in a group, and `rows` is of such pairs."""

    def __init__(
        self, *, rows: int, groups: int, lots: Lots, distinct: bool = False, most: int | None = None
    ) -> None:
        self.rows = rows
        self.groups = groups
        self.lots = lots
        self.distinct = distinct
        self.most = most or MEMORY_ROWS
        self._parts: list[_Rows] = []
        self._waiting = 0
        self._kept = 0

    def add(self, persons: pa.Array, codes: Codes, numbers: Whole) -> None:
        """Rows that belong to a group and have a value; `persons` has no nulls."""
        self._parts.append(_Rows(persons, codes, numbers, self.lots.draw(len(codes))))
        self._waiting += len(codes)
        if self._waiting >= max(CHUNK, self._kept):
            self._reduce()

    def finish(self) -> tuple[Codes, Whole]:
        """The groups and values of the rows that stay, within both bounds."""
        if not self._parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        if self._waiting:
            self._reduce()
        (kept,) = self._parts
        if self.groups < self.rows and len(kept):
            kept = kept.take(_within_groups(_numbered(kept.persons), kept, self.groups))
        return kept.codes, kept.values

    def _reduce(self) -> None:
        rows = _joined(self._parts)
        persons = _numbered(rows.persons)
        if self.distinct and len(rows):
            first = _first_of_pairs(persons, rows)
            rows, persons = rows.take(first), persons[first]
        stay = _lowest(persons, rows.lots, self.rows)
        rows = rows if stay is None else rows.take(stay)
        self._parts, self._waiting, self._kept = [rows], 0, len(rows)
        if self._kept > self.most:
            raise TooManyRows


def _joined(parts: list[_Rows]) -> _Rows:
    if len(parts) == 1:
        return parts[0]
    return _Rows(
        pa.concat_arrays([part.persons for part in parts]),
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.lots for part in parts]),
    )


def _numbered(persons: pa.Array) -> np.ndarray:
    """A number below 2^32 for each person, the same in all their rows; exact, never a hash."""
    if pa.types.is_integer(persons.type) and not pa.types.is_uint64(persons.type) and len(persons):
        plain = persons.to_numpy(zero_copy_only=False).astype(np.int64)
        low, high = int(plain.min()), int(plain.max())
        if high - low < 4 * len(plain) + 1_000:
            return (plain - low).astype(np.int64)
    return persons.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _lowest(persons: np.ndarray, lots: np.ndarray, rows: int) -> np.ndarray | None:
    """The places of the `rows` lowest lots of each person; None where everybody has as few. Ties: who came first."""
    counts = np.bincount(persons)
    if counts.max(initial=0) <= rows:
        return None
    if rows == 1:
        lowest = np.full(len(counts), np.iinfo(np.int64).max)
        np.minimum.at(lowest, persons, (lots << 32) | np.arange(len(persons)))
        return np.sort(lowest[counts > 0] & 0xFFFFFFFF)
    many = counts[persons] > rows
    index = np.flatnonzero(many)
    ordered = index[_by_person_and_lot(persons[index], lots[index])]
    stay = ~many
    stay[ordered[_rank(persons[ordered]) < rows]] = True
    return np.flatnonzero(stay)


def _by_person_and_lot(persons: np.ndarray, lots: np.ndarray) -> np.ndarray:
    """The order of rows. To sort numbers that carry their place is several times quicker than to sort places."""
    keys, bits = (persons << LOT_BITS) | lots, len(persons).bit_length()
    if int(persons.max(initial=0)).bit_length() + LOT_BITS + bits > 63:
        return np.argsort(keys, kind="stable")
    return np.sort((keys << bits) | np.arange(len(keys))) & ((1 << bits) - 1)


def _rank(ordered: np.ndarray) -> np.ndarray:
    """0, 1, 2 … within each run of equal numbers."""
    place = np.arange(len(ordered))
    starts = np.r_[True, ordered[1:] != ordered[:-1]]
    return place - np.maximum.accumulate(np.where(starts, place, 0))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows in the order of person and lot (`order`), and the same rows again with equal (person, group) together.

    `runs` are places in that order; each run of a pair begins at `starts`, with its lowest lot first.
    """

    order: np.ndarray
    runs: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, persons: np.ndarray, rows: _Rows) -> _Pairs:
        order = _by_person_and_lot(persons, rows.lots)
        width = int(rows.codes.max(initial=0)) + 1
        pairs = persons[order] * width + rows.codes[order]
        bits = len(order).bit_length()
        if int(pairs.max(initial=0)).bit_length() + bits > 63:
            pairs = np.unique(pairs, return_inverse=True)[1]
        packed = np.sort((pairs << bits) | np.arange(len(order)))
        runs, sorted_pairs = packed & ((1 << bits) - 1), packed >> bits
        return cls(order, runs, np.flatnonzero(np.r_[True, sorted_pairs[1:] != sorted_pairs[:-1]]))


def _first_of_pairs(persons: np.ndarray, rows: _Rows) -> np.ndarray:
    """Of each person and group the row with the lowest lot."""
    pairs = _Pairs.of(persons, rows)
    return np.sort(pairs.order[pairs.runs[pairs.starts]])


def _within_groups(persons: np.ndarray, rows: _Rows, groups: int) -> np.ndarray:
    """The places of rows in the first `groups` groups of each person, in the order of their lots."""
    pairs = _Pairs.of(persons, rows)
    first = pairs.runs[pairs.starts]
    opens = np.zeros(len(rows), dtype=np.int64)
    opens[first] = 1
    ordered = persons[pairs.order]
    before = np.cumsum(opens) - opens  # groups opened so far, by everybody
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    mine = before - np.repeat(before[starts], np.diff(np.r_[starts, len(ordered)]))
    allowed = np.repeat(mine[first] < groups, np.diff(np.r_[pairs.starts, len(rows)]))
    return np.sort(pairs.order[pairs.runs[allowed]])


def as_persons(column: pa.Array) -> pa.Array:
    return values.decoded(column)
