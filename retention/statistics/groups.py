"""Rows to groups: listed values, bands of a number or an age, or whatever values the data have."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.statistics import queries, values
from retention.statistics.queries import Query
from retention.statistics.units import plain

MOST_FOUND = 1_000_000
NOWHERE = -1  # the code of a row that belongs to no group

Codes = np.ndarray[Any, np.dtype[np.int64]]


class TooManyGroups(Exception):
    """The column has more different values than a machine's memory should hold."""


class Grouper(ABC):
    labels: list[str]

    @abstractmethod
    def codes(self, batch: pa.RecordBatch) -> Codes:
        """For each row the number of its group in `labels`, or NOWHERE."""


class Ungrouped(Grouper):
    def __init__(self) -> None:
        self.labels = [""]

    def codes(self, batch: pa.RecordBatch) -> Codes:
        return np.zeros(len(batch), dtype=np.int64)


class Listed(Grouper):
    """The groups are known beforehand: all of them are in the answer, and rows of other values in none."""

    def __init__(self, column: str, keys: Sequence[str]) -> None:
        self.column = column
        self.labels = list(keys)

    def codes(self, batch: pa.RecordBatch) -> Codes:
        found = pc.index_in(as_text(batch.column(self.column)), pa.array(self.labels, pa.string()))
        return found.fill_null(NOWHERE).to_numpy(zero_copy_only=False).astype(np.int64)


class Bands(Grouper):
    """Under the first edge, from each edge to under the next, the last and over. A date stands for an age in years."""

    def __init__(self, column: str, edges: Sequence[int], decimals: int, today: date) -> None:
        self.column = column
        self.edges = np.array(edges, dtype=np.int64)
        self.decimals = decimals
        self.today = today
        self.labels = band_labels(edges, decimals)

    def codes(self, batch: pa.RecordBatch) -> Codes:
        column = batch.column(self.column)
        if pa.types.is_temporal(column.type):
            column = ages(column, self.today)
        scaled, known = values.scaled(column, self.decimals)
        codes = np.searchsorted(self.edges, scaled, side="right").astype(np.int64)
        codes[~known] = NOWHERE
        return codes


class Found(Grouper):
    """The groups are the values themselves, numbered as they come: for private selection only."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.labels = []
        self._numbers: dict[str, int] = {}

    def codes(self, batch: pa.RecordBatch) -> Codes:
        encoded = as_text(batch.column(self.column)).dictionary_encode()
        numbers = np.array([self._number(label) for label in encoded.dictionary.to_pylist()] or [0], np.int64)
        indices = encoded.indices
        codes = numbers[indices.fill_null(0).to_numpy(zero_copy_only=False)]
        codes[indices.is_null().to_numpy(zero_copy_only=False)] = NOWHERE
        return codes

    def _number(self, value: str) -> int:
        label = value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # neither OpenDP nor PostgreSQL can hold NUL
        number = self._numbers.setdefault(label, len(self.labels))
        if number == len(self.labels):
            if number >= MOST_FOUND:
                raise TooManyGroups
            self.labels.append(label)
        return number


def grouper_of(query: Query, *, today: date, keys: Sequence[str] | None = None) -> Grouper:
    """The groups of a query; `keys` are those that a private selection let through."""
    if query.kind == queries.HISTOGRAM:
        return Bands(query.value, query.edges, query.edge_decimals, today)
    if query.grouping == queries.BANDS:
        return Bands(query.group, query.edges, query.edge_decimals, today)
    if query.grouping == queries.NONE:
        return Ungrouped()
    if keys is None and query.grouping == queries.FOUND:
        return Found(query.group)
    return Listed(query.group, query.keys if keys is None else keys)


def band_labels(edges: Sequence[int], decimals: int) -> list[str]:
    words = [plain(Decimal(edge).scaleb(-decimals)) for edge in edges]
    between = [f"{low} to under {high}" for low, high in itertools.pairwise(words)]
    return [f"under {words[0]}", *between, f"{words[-1]} and over"]


def ages(moments: pa.Array, today: date) -> pa.Array:
    """Full years from each date to `today`; dates to come have none."""
    days = pc.cast(moments, pa.date32()) if not pa.types.is_date32(moments.type) else moments
    ordinal = today.year * 10_000 + today.month * 100 + today.day
    born = pc.add(pc.add(pc.multiply(pc.year(days), 10_000), pc.multiply(pc.month(days), 100)), pc.day(days))
    years = pc.divide(pc.subtract(pa.scalar(ordinal, pa.int64()), born), 10_000)
    return pc.if_else(pc.greater(born, ordinal), pa.scalar(None, pa.int64()), years)


def as_text(column: pa.Array) -> pa.Array:
    """Values as a person would list them: `true`, `2024-05-01`, `17`."""
    plain_column = values.decoded(column)
    return plain_column if pa.types.is_string(plain_column.type) else pc.cast(plain_column, pa.string())
