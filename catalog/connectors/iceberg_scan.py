"""The rows of one snapshot of an Iceberg table, row group by row group.

PyIceberg's own reader holds a whole data file in memory, and begins with all of them at once. Here one row group
is read at a time; planning, deleted rows and the evolution of the schema are PyIceberg's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from catalog.connectors import extras
from catalog.connectors.base import DataSetMissing, Unsupported
from catalog.connectors.iceberg_shape import FileShape

BATCH_BYTES = 16 * 1024 * 1024
SAMPLED_GROUPS = 20
READ = ("PARQUET", "ORC")


class TableScan:
    """`columns` of a table of PyIceberg, where its `row_filter` may be true; `name` is what messages call it."""

    def __init__(self, table: Any, columns: Sequence[str], *, name: str) -> None:
        self.name = name
        self._arrow = extras.load("pyiceberg.io.pyarrow", extra="iceberg")
        self._table = table
        fields = [_field(table.schema(), each, name) for each in columns]
        self._projected = extras.load("pyiceberg.schema", extra="iceberg").Schema(*fields)
        self.schema = self._arrow.schema_to_pyarrow(self._projected, include_field_ids=False)
        self.row_filter = extras.load("pyiceberg.expressions", extra="iceberg").AlwaysTrue()
        self.snapshot_id: int | None = None  # None for the current one

    def count(self) -> int:
        """Rows of all its files by their metadata, without those that delete files take away."""
        return sum(task.file.record_count - len(self._deleted(task)) for task in self.tasks())

    def batches(self, *, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """All rows where the filter may be true, of `self.schema`."""
        for task in self.tasks():
            yield from self.read(task, batch_rows)

    def sample(self, *, batch_rows: int, seed: int) -> Iterator[pa.RecordBatch]:
        """The rows of at most twenty row groups all over the table, chosen by `seed`."""
        chance = random.Random(seed)  # noqa: S311
        tasks = self.tasks()
        if len(tasks) > SAMPLED_GROUPS:
            chosen = chance.sample(range(len(tasks)), SAMPLED_GROUPS)
            tasks = [tasks[place] for place in sorted(chosen)]
        for task in tasks:
            yield from self.read(task, batch_rows, most=-(-SAMPLED_GROUPS // len(tasks)), chance=chance)

    def tasks(self) -> list[Any]:
        """PyIceberg's plan: one task for each data file that the filter leaves."""
        scan = self._table.scan(row_filter=self.row_filter, snapshot_id=self.snapshot_id)
        return list(scan.plan_files())

    def _deleted(self, task: Any) -> pa.Array:
        """The positions in the file of rows that are deleted, each once."""
        found = self._arrow._read_all_delete_files(self._table.io, [task]).get(task.file.file_path, [])
        chunks = [chunk.cast(pa.int64()) for array in found for chunk in array.chunks]
        return pc.unique(pa.chunked_array(chunks, pa.int64()))

    def read(
        self,
        task: Any,
        batch_rows: int,
        *,
        most: int | None = None,
        chance: random.Random | None = None,
        hidden: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """The rows of one data file; with `hidden`, also those that delete files take away and that are still there."""
        kind = task.file.file_format.value
        if kind not in READ:
            raise Unsupported(
                f"{self.name} has a data file of the format {kind}.", "Parquet and ORC are read."
            )
        with self._table.io.new_input(task.file.file_path).open() as file:
            options = {"pre_buffer": True, "buffer_size": 8 * 1024 * 1024} if kind == "PARQUET" else {}
            fragment = self._arrow._get_file_format(task.file.file_format, **options).make_fragment(file)
            shape = FileShape(self._arrow, self._table, task, self._projected, fragment.physical_schema)
            pieces = list(_pieces(fragment, shape.row_group_filter(self.row_filter)))
            if most is not None and chance is not None and len(pieces) > most:
                pieces = [pieces[place] for place in sorted(chance.sample(range(len(pieces)), most))]
            deleted = pa.array([], pa.int64()) if hidden else self._deleted(task)
            for piece, begin, row_bytes in pieces:
                rows = max(1, min(batch_rows, BATCH_BYTES // max(row_bytes, 1)))
                scanner = ds.Scanner.from_fragment(
                    piece, schema=fragment.physical_schema, columns=shape.columns,
                    batch_size=rows, batch_readahead=1, fragment_readahead=1,
                )  # fmt: skip
                for batch in scanner.to_batches():
                    kept = _without(batch, begin, deleted)
                    begin += len(batch)
                    if len(kept):
                        yield _conformed(shape.project(kept), self.schema)


def _pieces(fragment: ds.Fragment, row_filter: Any) -> Iterator[tuple[ds.Fragment, int, int]]:
    """The row groups that `row_filter` leaves, each with the position of its first row and the bytes of a row."""
    if not isinstance(fragment, ds.ParquetFileFragment):
        yield fragment, 0, 0
        return
    left = {group.id for group in fragment.subset(filter=row_filter).row_groups}
    begin = 0
    for group in fragment.row_groups:
        if group.id in left and group.num_rows:
            one = fragment.subset(row_group_ids=[group.id])
            yield one, begin, group.total_byte_size // group.num_rows
        begin += group.num_rows


def _without(batch: pa.RecordBatch, begin: int, deleted: pa.Array) -> pa.RecordBatch:
    """`batch`, whose first row has the position `begin`, without the rows at the positions `deleted`."""
    if not len(deleted):
        return batch
    positions = pa.array(np.arange(begin, begin + len(batch)), pa.int64())
    return batch.filter(pc.invert(pc.is_in(positions, value_set=deleted)))


def _conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Files of one table may hold text in 32 or in 64 bit offsets."""
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _field(schema: Any, column: str, name: str) -> Any:
    for field in schema.fields:
        if field.name == column:
            return field
    raise DataSetMissing(f"{name} has no column {column!r}.", "Scan the system again.")
