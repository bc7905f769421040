"""Staged parts as one file of the format that its name asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import fastavro
import orjson
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from retention.anonymization.avro_schemas import avro_schema
from retention.anonymization.destinations.base import Staged
from retention.anonymization.parquet_joining import join

BATCH_ROWS = 50_000
SUFFIXES = (".parquet", ".csv", ".jsonl", ".avro")


def assemble(staged: Staged, target: Path) -> None:
    """Write all rows, in order, to `target`; a single Parquet part is moved there. Raises OSError."""
    suffix = target.suffix.lower()
    if suffix == ".parquet" and len(staged.parts) == 1:
        if staged.parts[0].exists():
            os.replace(staged.parts[0], target)
        return
    with target.open("wb") as file:
        _WRITERS[suffix](staged, file)
        file.flush()
        os.fsync(file.fileno())


def batches(staged: Staged) -> Iterator[pa.RecordBatch]:
    """All staged rows, in order."""
    for part in staged.parts:
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(BATCH_ROWS)


def _parquet(staged: Staged, file: BinaryIO) -> None:
    join(staged.parts, file)


def _csv(staged: Staged, file: BinaryIO) -> None:
    """Nulls are empty fields, empty texts are "": what is nested is JSON."""
    schema = pa.schema(
        [pa.field(f.name, pa.string() if pa.types.is_nested(f.type) else f.type) for f in staged.schema]
    )
    with pcsv.CSVWriter(file, schema) as writer:
        for batch in batches(staged):
            arrays = [_flat(column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _json_lines(staged: Staged, file: BinaryIO) -> None:
    for batch in batches(staged):
        rows = batch.cast(_spoken(batch.schema)).to_pylist()
        file.write(b"".join(orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE) for row in rows))


def _avro(staged: Staged, file: BinaryIO) -> None:
    rows = (row for batch in batches(staged) for row in batch.to_pylist())
    fastavro.writer(file, fastavro.parse_schema(avro_schema(staged.schema)), rows, codec="deflate")


_WRITERS: dict[str, Callable[[Staged, BinaryIO], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".avro": _avro,
}


def _flat(column: pa.Array) -> pa.Array:
    if not pa.types.is_nested(column.type):
        return column
    texts = [
        None if value is None else orjson.dumps(value, default=str).decode() for value in column.to_pylist()
    ]
    return pa.array(texts, pa.string())


def _spoken(schema: pa.Schema) -> pa.Schema:
    """Decimals and bytes have no word in JSON: they go as text and base64 is left to who wants it."""
    fields = []
    for field in schema:
        exact = pa.types.is_decimal(field.type)
        fields.append(pa.field(field.name, pa.string()) if exact else field)
    return pa.schema(fields)
