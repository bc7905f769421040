"""An Avro file as a data set. Rewriting keeps its header, so its schema with every attribute, and its codec."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

import fastavro
import pyarrow as pa

from catalog.connectors.ageing import Rows, matcher_of
from catalog.connectors.avro_blocks import BROKEN, AvroBlocks, Block
from catalog.connectors.avro_reading import reader_of
from catalog.connectors.avro_types import AvroColumn, avro_columns
from catalog.connectors.base import ColumnInfo, Malformed, Replacement
from catalog.connectors.file_places import Place
from catalog.connectors.replacing import new_values, replace_values


class AvroFile:
    """`name` is what messages call it."""

    def __init__(self, place: Place, *, name: str) -> None:
        self.place = place
        self.name = name

    def schema(self, wanted: Sequence[str] = ()) -> pa.Schema:
        """Malformed where the header cannot be read."""
        with self.opened() as (_, columns):
            return pa.schema([column.field for column in columns])

    def describe(self) -> tuple[tuple[ColumnInfo, ...], int]:
        """The columns, and about how many rows: as many in each byte as in those of the first block."""
        with self.opened() as (blocks, columns):
            first = next(iter(blocks), None)
            rows = 0
            if first:
                blocks.rows(first)  # broken ones are a problem
                rows = round(first.rows * (self.place.size() - len(blocks.header)) / len(first.raw))
            found = tuple(
                ColumnInfo(column.name, place, column.data_type, column.kind, column.nullable)
                for place, column in enumerate(columns, start=1)
            )
            return found, rows

    def count(self) -> int:
        with self.opened() as (blocks, _):
            return sum(block.rows for block in blocks)

    def batches(
        self, columns: Sequence[str], *, batch_rows: int, seed: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """All rows, block by block; one block may make several batches."""
        with self.opened() as (blocks, known):
            wanted = _named(known, columns)
            for block in blocks:
                batch = self._batch(blocks, block, wanted)
                for start in range(0, len(batch), batch_rows):
                    yield batch.slice(start, batch_rows)

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        """`batch` as it would read after `rewrite`; ConstraintInTheWay where the file cannot hold it."""
        with self.opened() as (_, columns):
            schema = pa.schema([column.field for column in columns])
            for column in _named(columns, list(replacements)):
                self._encoded(column, replacements[column.name])
        return replace_values(batch, mask, replacements, schema=schema, file=self.name)

    def rewrite(self, rows: Rows, replacements: Mapping[str, Replacement]) -> int:
        """Drop the matching records, or write `replacements` into them; every other record and block stays
        as it is. How many."""
        matched = 0

        def write(new: BinaryIO) -> bool:
            nonlocal matched
            matched, changed = 0, False
            with self.opened() as (blocks, columns):
                matcher = matcher_of(rows, pa.schema([column.field for column in columns]))
                compared = _named(columns, matcher.columns)
                new.write(blocks.header)
                for block in blocks:
                    hits = matcher.mask(self._batch(blocks, block, compared)).to_pylist()
                    raw = block.raw
                    if any(hits):
                        matched += sum(hits)
                        kept, data = self._changed(blocks, block, hits, columns, replacements)
                        if data != block.data or kept != block.rows:
                            raw, changed = blocks.packed(kept, data) if kept else b"", True
                    new.write(raw)
            return changed

        self.place.rewrite(write)
        return matched

    @contextmanager
    def opened(self) -> Iterator[tuple[AvroBlocks, list[AvroColumn]]]:
        """The blocks, and the columns of their rows."""
        with self.place.open() as file:
            blocks = AvroBlocks(file, name=self.name)
            try:
                columns = avro_columns(blocks.schema)
            except BROKEN:
                raise Malformed(
                    f"{self.name}: the schema in its header is none.", "Write the file again."
                ) from None
            yield blocks, columns

    def _batch(self, blocks: AvroBlocks, block: Block, columns: Sequence[AvroColumn]) -> pa.RecordBatch:
        rows = blocks.rows(block)
        try:
            arrays = [column.array([row[column.name] for row in rows]) for column in columns]
        except (pa.ArrowException, *BROKEN):
            raise Malformed(
                f"{self.name} has a value that its own type cannot mean.", "Write the file again."
            ) from None
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([column.field for column in columns]))

    def _changed(
        self,
        blocks: AvroBlocks,
        block: Block,
        hits: Sequence[bool],
        columns: Sequence[AvroColumn],
        replacements: Mapping[str, Replacement],
    ) -> tuple[int, bytes]:
        """How many rows stay in the block, and their bytes."""
        stream, parts, end = BytesIO(block.data), [], 0
        # What is before a field, and what is up to its end: a record's bytes are those of its fields in turn.
        spans = [
            (column, _first(blocks.stored, place), _first(blocks.stored, place + 1))
            for place, column in enumerate(columns)
            if column.name in replacements
        ]
        for hit in hits:
            start = end
            end = _end(stream, start, blocks.read_row)
            if not hit:
                parts.append(block.data[start:end])
            elif replacements:
                copied = start
                for column, before, until in spans:
                    parts.append(block.data[copied : _end(stream, start, before)])
                    parts.append(self._encoded(column, replacements[column.name]))
                    copied = _end(stream, start, until)
                parts.append(block.data[copied:end])
        return len(hits) if replacements else hits.count(False), b"".join(parts)

    def _encoded(self, column: AvroColumn, replacement: Replacement) -> bytes:
        value = new_values(column.field, replacement, 1, file=self.name)[0]
        return column.encode(value, file=self.name)


def _named(columns: Sequence[AvroColumn], names: Sequence[str]) -> list[AvroColumn]:
    known = {column.name: column for column in columns}
    return [known[name] for name in names]


def _first(schema: Mapping[str, Any], many: int) -> Callable[[BinaryIO], Any]:
    """How to read records that have only the first fields of those of `schema`."""
    return reader_of(fastavro.parse_schema({**_plain(schema), "fields": schema["fields"][:many]}))


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if not key.startswith("__")}


def _end(stream: BytesIO, start: int, read: Callable[[BinaryIO], Any]) -> int:
    stream.seek(start)
    read(stream)
    return stream.tell()
