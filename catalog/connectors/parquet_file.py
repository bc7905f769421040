"""A Parquet file as a data set, read and rewritten row group by row group."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.connectors.ageing import Rows, matcher_of
from catalog.connectors.base import (
    ColumnInfo,
    ConnectorError,
    Malformed,
    Replacement,
    Unsupported,
)
from catalog.connectors.file_places import Place
from catalog.connectors.parquet_decoding import RowGroups, gather
from catalog.connectors.parquet_layout import kind_of, layout
from catalog.connectors.replacing import replace_values

SAMPLED_GROUPS = 20
BATCH_ROWS = 100_000
LONGEST_FIXED = 64 * 1024
GROUP_BYTES = 256 * 1024 * 1024  # of a row group that is written, decoded: larger ones become several


class ParquetFile:
    """`name` is what messages call it."""

    def __init__(self, place: Place, *, name: str) -> None:
        self.place = place
        self.name = name

    def schema(self, wanted: Sequence[str] = ()) -> pa.Schema:
        """Malformed where the footer cannot be read."""
        with self.opened() as file:
            return file.schema_arrow

    def describe(self) -> tuple[tuple[ColumnInfo, ...], int]:
        """The columns, and how many rows."""
        with self.opened() as file:
            columns = tuple(
                ColumnInfo(field.name, place, str(field.type), kind_of(field.type), field.nullable)
                for place, field in enumerate(file.schema_arrow, start=1)
            )
            return columns, file.metadata.num_rows

    def count(self) -> int:
        with self.opened() as file:
            return file.metadata.num_rows

    def batches(
        self, columns: Sequence[str], *, batch_rows: int, seed: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """All rows; with `seed`, for a sample, those of at most twenty row groups chosen by it."""
        with self.row_groups() as file:
            groups = list(range(file.metadata.num_row_groups))
            if seed is not None and len(groups) > SAMPLED_GROUPS:
                groups = sorted(random.Random(seed).sample(groups, SAMPLED_GROUPS))  # noqa: S311
            for group in groups:
                yield from file.read(group, columns=columns, batch_rows=batch_rows)

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        """`batch` as it would read after `rewrite`; ConstraintInTheWay where the file cannot hold it."""
        return replace_values(batch, mask, replacements, schema=self.schema(), file=self.name)

    def rewrite(self, rows: Rows, replacements: Mapping[str, Replacement]) -> int:
        """Drop the matching rows, or write `replacements` into them; the layout stays. How many."""
        matched = 0

        def write(new: BinaryIO) -> bool:
            nonlocal matched
            with self.row_groups() as old:
                matched, changed = self._copy(old, new, rows, replacements)
            return changed

        self.place.rewrite(write)
        return matched

    @contextmanager
    def opened(self) -> Iterator[pq.ParquetFile]:
        with self._opened() as (_, file):
            yield file

    @contextmanager
    def row_groups(self) -> Iterator[RowGroups]:
        """To read its rows; damage comes out as Malformed."""
        with self._opened() as (source, file):
            yield RowGroups(source, file, name=self.name, remote=self.place.remote)

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, pq.ParquetFile]]:
        try:
            source = self.place.open_ranges()
            with source, pq.ParquetFile(source, pre_buffer=self.place.remote) as file:
                self._require_distinct(file.schema_arrow.names)
                self._require_short(file.schema)
                yield source, file
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            if isinstance(error, OSError) and (error.errno is not None or type(error) is not OSError):
                raise  # the file system's error, not the content's
            raise Malformed(
                f"{self.name} cannot be read as Parquet: it is cut short or damaged.", "Write the file again."
            ) from None

    def _require_distinct(self, names: Sequence[str]) -> None:
        """Of two columns with one name only one could be meant: the other's values would be seen by nobody."""
        for name, many in Counter(names).items():
            if many > 1:
                raise Malformed(f"{self.name} has {many} columns named {name!r}.", "Give each its own name.")

    def _require_short(self, schema: pq.ParquetSchema) -> None:
        """Arrow makes room for a thousand values at once, however few are read."""
        for leaf in (schema.column(place) for place in range(len(schema))):
            if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" and leaf.length > LONGEST_FIXED:
                raise Unsupported(
                    f"{self.name} has a column of {leaf.length:,} bytes in each row.",
                    "Write it again with values of no fixed length.",
                )

    def _copy(
        self,
        old: RowGroups,
        new: BinaryIO,
        rows: Rows,
        replacements: Mapping[str, Replacement],
    ) -> tuple[int, bool]:
        """How many rows matched, and whether `new` differs from `old`."""
        schema = old.schema
        matcher = matcher_of(rows, schema)
        matched, changed, kept = 0, False, 0

        def rewritten(group: int) -> Iterator[tuple[pa.RecordBatch, int]]:
            nonlocal matched, changed
            for batch in old.read(group, batch_rows=BATCH_ROWS):
                mask = matcher.mask(batch)
                hits = pc.sum(mask).as_py() or 0
                if hits and replacements:
                    before, batch = batch, self.replaced(batch, mask, replacements)
                    changed = changed or any(not batch[name].equals(before[name]) for name in replacements)
                elif hits:
                    batch, changed = batch.filter(pc.invert(mask)), True
                matched += hits
                yield batch, batch.nbytes

        footer: list[pq.FileMetaData] = []
        with pq.ParquetWriter(new, schema, metadata_collector=footer, **layout(old.metadata)) as writer:
            for group in range(old.metadata.num_row_groups):
                limit = max(GROUP_BYTES, 2 * old.metadata.row_group(group).total_byte_size)
                for batches in gather(rewritten(group), most_bytes=limit):
                    table = pa.Table.from_batches(batches, schema)
                    kept += len(table)
                    if len(table):
                        writer.write_table(table, row_group_size=len(table))
        if changed:
            self._check(footer[0], schema, kept)
        return matched, changed

    def _check(self, footer: pq.FileMetaData, schema: pa.Schema, rows: int) -> None:
        """The old file goes only for one whose footer can be read and means the same."""
        buffer = BytesIO()
        footer.write_metadata_file(buffer)
        with pq.ParquetFile(buffer) as written:
            if written.metadata.num_rows != rows or not written.schema_arrow.equals(schema):
                raise ConnectorError(
                    f"{self.name} cannot be written again with the same schema; nothing was written.",
                    "Replace the file with the program that made it.",
                )
