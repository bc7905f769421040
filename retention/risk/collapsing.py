"""Rows, once, to the distinct combinations of the columns that matter, with how often each occurs.

Everything after it works on these, so ten million rows cost what their few thousand combinations cost. Batches come in
one after the other: memory holds the distinct combinations and one batch.

A null is a value of its own, as "unknown" tells whoever sees it something: rows with a null form classes with each
other and with nobody else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa

from retention.anonymization.techniques.base import TechniqueError
from retention.risk.grouping import group

BATCH_ROWS = 262_144
MERGE_ROWS = 1_000_000
THREADED_ROWS = 20_000


class RiskProblem(TechniqueError):
    """What was asked cannot be measured or made; no message holds a value of the data."""


@dataclass(frozen=True)
class Combinations:
    """`codes[c][i]` is column c of combination i, as a place in `values[c]`; it occurs `counts[i]` times.

    `values[c][0]` stands for null, whether or not there is any.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    codes: tuple[np.ndarray, ...]
    counts: np.ndarray

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.counts)

    def sizes(self) -> list[int]:
        return [len(values) for values in self.values]

    def of(self, columns: Sequence[str]) -> Combinations:
        """The distinct combinations of fewer columns."""
        places = [self.columns.index(name) for name in columns]
        codes = [self.codes[place] for place in places]
        values = tuple(self.values[place] for place in places)
        groups = group(codes, [len(each) for each in values], len(self))
        return Combinations(
            tuple(columns), values, tuple(each[groups.first] for each in codes), groups.total(self.counts)
        )


@dataclass
class Dictionary:
    """The distinct values of one column in the order they came; 0 is null."""

    places: dict[str | None, int] = field(default_factory=lambda: {None: 0})

    def encode(self, values: pa.Array, *, grow: bool = True) -> np.ndarray:
        """The place of each value; with `grow` new ones are added, else they get -1."""
        encoded = as_dictionary(values)
        texts = encoded.dictionary.to_pylist()
        if grow:
            known = [self.places.setdefault(text, len(self.places)) for text in texts]
        else:
            known = [self.places.get(text, -1) for text in texts]
        if encoded.indices.null_count == 0:
            return np.array(known, np.int32)[encoded.indices.to_numpy(zero_copy_only=False)]
        table = np.array([*known, 0], np.int32)
        return table[encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)]


class Collapser:
    """Takes batches with `add`, and has the combinations of `columns` in them as `result`."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.dictionaries = tuple(Dictionary() for _ in self.columns)
        self._parts: list[tuple[list[np.ndarray], np.ndarray]] = []
        self._waiting = 0
        self._merged = 0
        self._rows: list[list[np.ndarray]] = []
        self._read = 0
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1)

    def add(self, batch: pa.RecordBatch) -> None:
        """Raises RiskProblem naming a column that is not there."""
        for missing in (name for name in self.columns if name not in batch.schema.names):
            raise RiskProblem(f"There is no column {missing}.", f"There are {', '.join(batch.schema.names)}.")
        for start in range(0, len(batch), BATCH_ROWS):
            self._add(batch.slice(start, BATCH_ROWS))

    def _add(self, batch: pa.RecordBatch) -> None:
        columns = [batch.column(name) for name in self.columns]
        work = (
            map if len(batch) < THREADED_ROWS else self._threads.map
        )  # Arrow lets go of the interpreter's lock
        self._rows.append(list(work(Dictionary.encode, self.dictionaries, columns)))
        self._read += len(batch)
        if self._read >= BATCH_ROWS:
            self._count()

    def _count(self) -> None:
        """What was read goes into the combinations."""
        if not self._rows:
            return
        rows, self._rows, self._read = self._rows, [], 0
        codes = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
        self._keep(codes, None)
        if self._waiting > max(MERGE_ROWS, 2 * self._merged):
            self._merge()

    def _keep(self, codes: list[np.ndarray], counts: np.ndarray | None) -> None:
        groups = group(codes, [len(each.places) for each in self.dictionaries], len(codes[0]))
        self._parts.append(([each[groups.first] for each in codes], groups.total(counts)))
        self._waiting += len(groups)

    def _merge(self) -> None:
        if len(self._parts) < 2:
            return
        parts, self._parts, self._waiting = self._parts, [], 0
        codes = [np.concatenate([part[0][place] for part in parts]) for place in range(len(self.columns))]
        self._keep(codes, np.concatenate([counts for _, counts in parts]))
        self._merged = self._waiting

    def result(self) -> Combinations:
        self._count()
        self._merge()
        nothing = [np.zeros(0, np.int32) for _ in self.columns], np.zeros(0, np.int64)
        codes, counts = self._parts[0] if self._parts else nothing
        values = tuple(tuple(each.places) for each in self.dictionaries)
        return Combinations(self.columns, values, tuple(codes), counts)


def as_dictionary(values: pa.Array) -> pa.DictionaryArray:
    """`values` as places among their distinct texts. Lists and objects become JSON; bytes hexadecimal."""
    if pa.types.is_dictionary(values.type):
        texts = as_text(values.dictionary)
        return pa.DictionaryArray.from_arrays(values.indices, texts)
    if pa.types.is_nested(values.type) or pa.types.is_null(values.type):
        return as_text(values).dictionary_encode()
    encoded = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices, as_text(encoded.dictionary))


def as_text(values: pa.Array) -> pa.Array:
    """Each value as text, null as null: how values are compared with a hierarchy, and how they are written."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_nested(values.type):
        return pa.array([_json(value) for value in values.to_pylist()], pa.string())
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        return pa.array([None if value is None else value.hex() for value in values.to_pylist()], pa.string())
    try:
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())


def _json(value: object) -> str | None:
    return (
        None if value is None else orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    )


def collapse(batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> Combinations:
    """The combinations of `columns` in all rows of `batches`."""
    collapser = Collapser(columns)
    for batch in batches:
        collapser.add(batch)
    return collapser.result()
