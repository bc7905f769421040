"""What a store of files does alike wherever they are: each file is a data set, read and rewritten as one.

The part files of a partitioned table (`orders/year=2024/part-0.parquet`) are data sets of their own: a row can
only be deleted by rewriting the file it is in.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors import reservoir
from catalog.connectors.base import (
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Match,
    Operation,
    Replacement,
)
from catalog.connectors.file_formats import DataFile
from catalog.connectors.matching import Matcher, as_text

SAMPLED_CHARACTERS = 4096
BATCH_ROWS = 100_000  # at most; batches are bounded in bytes too


class FileStore(Connector):
    keys_per_change = 1_000_000  # each change rewrites whole files

    @abstractmethod
    def _names(self) -> Iterator[tuple[str, str]]:
        """The data sets in a stable order, each with a problem or ""."""

    @abstractmethod
    def _file(self, name: str) -> AbstractContextManager[DataFile]:
        """The file of a data set; within, errors of the place come out as ConnectorErrors."""

    def names(self) -> Iterator[tuple[str, str]]:
        """The data sets in a stable order, each with a problem or "", without looking into them."""
        return self._names()

    def file(self, data_set: str) -> AbstractContextManager[DataFile]:
        """The file that a data set is; within, errors of its place come out as ConnectorErrors."""
        return self._file(data_set)

    def discover(self) -> Iterator[DataSetInfo]:
        for name, problem in self._names():
            yield DataSetInfo(name, "file", problem=problem) if problem else self._describe(name)

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        with self._file(data_set) as file:
            schema = pa.schema([(name, pa.string()) for name in file.schema().names])
            batches = file.batches(schema.names, batch_rows=BATCH_ROWS, seed=seed)
            return reservoir.draw((_cut(batch, schema) for batch in batches), schema, rows=rows, seed=seed)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        with self._file(data_set) as file:
            names = file.schema().names if columns is None else columns
            _schema(file, names)
            yield from file.batches(names, batch_rows=batch_rows)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        with self._file(data_set) as file:
            schema = _schema(file, columns)
            asked = pa.schema([schema.field(name) for name in columns])
            found = (batch.filter(mask).select(columns) for batch, mask in _hits(file, matches, columns))
            return pa.Table.from_batches((batch for batch in found if len(batch)), asked)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        with self._file(data_set) as file:
            if matches is None:
                return file.count()
            return self.count_in(file, matches)

    def count_in(self, file: DataFile, matches: Sequence[Match]) -> int:
        """How many rows of a file satisfy any of the matches."""
        return sum(_many(mask) for _, mask in _hits(file, matches, ()))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        self.require_writable()
        counts = [0] * len(operations)
        for name in dict.fromkeys(operation.data_set for operation in operations):
            places = [place for place, operation in enumerate(operations) if operation.data_set == name]
            with self._file(name) as file:
                file.place.require_replaceable()
                for place, many in zip(places, _rehearse(file, [operations[p] for p in places]), strict=True):
                    counts[place] = many
        return counts

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._rewrite(Operation(data_set, matches))

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._rewrite(Operation(data_set, matches, replacements))

    def _rewrite(self, operation: Operation) -> int:
        if self.rehearse([operation]) == [0]:
            return 0
        with self._file(operation.data_set) as file:
            return file.rewrite(operation.matches, operation.replacements)

    def _describe(self, name: str) -> DataSetInfo:
        try:
            with self._file(name) as file:
                columns, rows = file.describe()
        except ConnectorError as error:
            return DataSetInfo(name, "file", problem=str(error))
        return DataSetInfo(name, "file", columns, row_estimate=rows)


def _hits(
    file: DataFile, matches: Sequence[Match], columns: Sequence[str]
) -> Iterator[tuple[pa.RecordBatch, pa.BooleanArray]]:
    """Batches of `columns` and the compared ones, each with the mask of its matching rows."""
    schema = _schema(file, [name for match in matches for name in match.columns])
    if matches:
        matcher = Matcher(matches, schema)
        names = list(dict.fromkeys([*columns, *matcher.columns]))
        for batch in file.batches(names, batch_rows=BATCH_ROWS):
            yield batch, matcher.mask(batch)


def _rehearse(file: DataFile, operations: Sequence[Operation]) -> list[int]:
    """Each operation on what the ones before it would leave; how many rows each would touch."""
    compared = [name for operation in operations for match in operation.matches for name in match.columns]
    written = [name for operation in operations for name in operation.replacements]
    schema = _schema(file, [*compared, *written])
    matchers = [Matcher(operation.matches, schema) for operation in operations]
    names = list(dict.fromkeys(compared))
    counts = [0] * len(operations)
    if not names:
        return counts
    for batch in file.batches(names, batch_rows=BATCH_ROWS):
        for place, (operation, matcher) in enumerate(zip(operations, matchers, strict=True)):
            mask = matcher.mask(batch)
            hits = _many(mask)
            counts[place] += hits
            if hits and operation.replacements:
                batch = file.replaced(batch, mask, operation.replacements)
            elif hits:
                batch = batch.filter(pc.invert(mask))
    return counts


def _schema(file: DataFile, names: Sequence[str]) -> pa.Schema:
    """The file's columns; DataSetMissing unless all `names` are among them."""
    schema = file.schema(names)
    for name in names:
        if name not in schema.names:
            raise DataSetMissing(f"{file.name} has no column {name!r}.", "Scan the system again.")
    return schema


def _cut(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    texts = [pc.utf8_slice_codeunits(as_text(column), 0, SAMPLED_CHARACTERS) for column in batch.columns]
    return pa.RecordBatch.from_arrays(texts, schema=schema)


def _many(mask: pa.BooleanArray) -> int:
    return pc.sum(mask).as_py() or 0
