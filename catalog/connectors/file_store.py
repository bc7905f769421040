"""What a store of files does alike wherever they are: each file is a data set, read and rewritten as one.

The part files of a partitioned table (`orders/year=2024/part-0.parquet`) are data sets of their own: a row can
only be deleted by rewriting the file it is in.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors import reservoir
from catalog.connectors.ageing import Aged, is_older
from catalog.connectors.base import (
    Capability,
    Connector,
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Lingering,
    Match,
    Older,
    Operation,
    Replacement,
    Unsupported,
    WayOut,
)
from catalog.connectors.file_formats import DataFile
from catalog.connectors.matching import Matcher, as_text
from catalog.connectors.object_sets import ObjectPlaces, ObjectSet
from catalog.connectors.object_templates import Template, templates

SAMPLED_CHARACTERS = 4096
BATCH_ROWS = 100_000  # at most; batches are bounded in bytes too


class FileStore(Connector):
    search_inside = True
    ages_in_text = True  # of CSV and JSON Lines
    keys_per_change = 1_000_000  # each change rewrites whole files
    capabilities = frozenset({Capability.FIND, Capability.CHANGE, Capability.EXPIRE})

    @abstractmethod
    def _names(self) -> Iterator[tuple[str, str]]:
        """The data sets in a stable order, each with a problem or ""."""

    @abstractmethod
    def _file(self, name: str) -> AbstractContextManager[DataFile]:
        """The file of a data set; within, errors of the place come out as ConnectorErrors."""

    def names(self) -> Iterator[tuple[str, str]]:
        """The data sets in a stable order, each with a problem or "", without looking into them."""
        sets = self.templates
        yield from ((template.text, "") for template in sets)
        for name, problem in self._names():
            if problem or all(template.read(name) is None for template in sets):
                yield name, problem

    def file(self, data_set: str) -> AbstractContextManager[DataFile]:
        """The file that a data set is; within, errors of its place come out as ConnectorErrors."""
        template = self._template(data_set)
        return nullcontext(ObjectSet(self._objects(), template)) if template else self._file(data_set)

    @property
    def templates(self) -> list[Template]:
        """Whose objects are rows of a data set, instead of data sets themselves."""
        return templates(self.settings.get("objects") or "")

    def _template(self, data_set: str) -> Template | None:
        return next((template for template in self.templates if template.text == data_set), None)

    def _objects(self) -> ObjectPlaces:
        """Where the objects of templates are."""
        raise Unsupported(f"{self.label} has no objects.", "Leave out its templates.")

    def discover(self) -> Iterator[DataSetInfo]:
        for name, problem in self.names():
            yield DataSetInfo(name, "file", problem=problem) if problem else self._describe(name)

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        with self.file(data_set) as file:
            schema = pa.schema([(name, pa.string()) for name in file.schema().names])
            batches = file.batches(schema.names, batch_rows=BATCH_ROWS, seed=seed)
            return reservoir.draw((_cut(batch, schema) for batch in batches), schema, rows=rows, seed=seed)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        with self.file(data_set) as file:
            names = file.schema().names if columns is None else columns
            _schema(file, names)
            yield from file.batches(names, batch_rows=batch_rows)

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        with self.file(data_set) as file:
            schema = _schema(file, columns)
            asked = pa.schema([schema.field(name) for name in columns])
            found = (batch.filter(mask).select(columns) for batch, mask in _hits(file, matches, columns))
            return pa.Table.from_batches((batch for batch in found if len(batch)), asked)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        with self.file(data_set) as file:
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
            with self.file(name) as file:
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

    def way_out(self, data_set: str, matches: Sequence[Match]) -> WayOut:
        template = self._template(data_set)
        return WayOut(outlook=ObjectSet(self._objects(), template).outlook(matches)) if template else WayOut()

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        template = self._template(data_set)
        return ObjectSet(self._objects(), template).lingering(matches) if template else None

    def count_older(self, data_set: str, older: Older) -> int:
        with self.file(data_set) as file:
            _schema(file, [older.column])
            batches = file.batches([older.column], batch_rows=BATCH_ROWS)
            return sum(_many(is_older(batch[older.column], older)) for batch in batches)

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        self.require_writable()
        if not self.count_older(data_set, older):  # also meets what is no date before anything is written
            return 0
        with self.file(data_set) as file:
            file.place.require_replaceable()
            return file.rewrite(Aged(older, limit), {})

    def _rewrite(self, operation: Operation) -> int:
        if self.rehearse([operation]) == [0]:
            return 0
        with self.file(operation.data_set) as file:
            return file.rewrite(operation.matches, operation.replacements)

    def _describe(self, name: str) -> DataSetInfo:
        try:
            with self.file(name) as file:
                columns, rows = file.describe()
        except ConnectorError as error:
            return DataSetInfo(name, "file", problem=str(error))
        if self._template(name):
            return DataSetInfo(name, "objects", columns, primary_key=("path",), row_estimate=rows)
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
