"""A Parquet file as a data set, read and rewritten row group by row group."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.connectors.base import (
    ColumnInfo,
    ConnectorError,
    Malformed,
    Match,
    Replacement,
)
from catalog.connectors.file_places import Place
from catalog.connectors.matching import Matcher
from catalog.connectors.parquet_layout import kind_of, layout
from catalog.connectors.replacing import replace_values

BATCH_BYTES = 16 * 1024 * 1024
SAMPLED_GROUPS = 20


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
        with self.opened() as file:
            groups = list(range(file.num_row_groups))
            if seed is not None and len(groups) > SAMPLED_GROUPS:
                groups = sorted(random.Random(seed).sample(groups, SAMPLED_GROUPS))  # noqa: S311
            for group in groups:
                found = file.metadata.row_group(group)
                fitting = BATCH_BYTES * found.num_rows // max(found.total_byte_size, 1)
                size = max(1, min(batch_rows, fitting))
                yield from file.iter_batches(size, row_groups=[group], columns=list(columns))

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        """`batch` as it would read after `rewrite`; ConstraintInTheWay where the file cannot hold it."""
        return replace_values(batch, mask, replacements, schema=self.schema(), file=self.name)

    def rewrite(self, matches: Sequence[Match], replacements: Mapping[str, Replacement]) -> int:
        """Drop the matching rows, or write `replacements` into them; the layout stays. How many."""
        matched = 0

        def write(new: BinaryIO) -> bool:
            nonlocal matched
            with self.opened() as old:
                matched, changed = self._copy(old, new, matches, replacements)
            return changed

        self.place.rewrite(write)
        return matched

    @contextmanager
    def opened(self) -> Iterator[pq.ParquetFile]:
        try:
            source = self.place.open_ranges()
            with source, pq.ParquetFile(source, pre_buffer=self.place.remote) as file:
                self._require_distinct(file.schema_arrow.names)
                yield file
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

    def _copy(
        self,
        old: pq.ParquetFile,
        new: BinaryIO,
        matches: Sequence[Match],
        replacements: Mapping[str, Replacement],
    ) -> tuple[int, bool]:
        """How many rows matched, and whether `new` differs from `old`."""
        schema = old.schema_arrow
        matcher = Matcher(matches, schema)
        matched, changed, kept = 0, False, 0
        footer: list[pq.FileMetaData] = []
        with pq.ParquetWriter(new, schema, metadata_collector=footer, **layout(old.metadata)) as writer:
            for group in range(old.num_row_groups):
                batches = []
                for batch in old.read_row_group(group).to_batches():
                    mask = matcher.mask(batch)
                    hits = pc.sum(mask).as_py() or 0
                    if hits and replacements:
                        before, batch = batch, self.replaced(batch, mask, replacements)
                        changed = changed or any(
                            not batch[name].equals(before[name]) for name in replacements
                        )
                    elif hits:
                        batch, changed = batch.filter(pc.invert(mask)), True
                    matched += hits
                    batches.append(batch)
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
