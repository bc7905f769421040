"""Which format a file has, and what every format can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from catalog.connectors.ageing import Rows
from catalog.connectors.avro_file import AvroFile
from catalog.connectors.base import ColumnInfo, Replacement
from catalog.connectors.csv_file import CsvFile
from catalog.connectors.file_places import Place, suffix_of
from catalog.connectors.jsonl_file import JsonLinesFile
from catalog.connectors.parquet_file import ParquetFile

SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".avro"})


class DataFile(Protocol):
    """One file of one format. Every method raises Malformed where the content is not what it says it is."""

    name: str
    place: Any  # a Place, or where objects are

    def schema(self, wanted: Sequence[str] = ()) -> pa.Schema:
        """Its columns. A format that names them in every row looks through all rows for those `wanted`."""

    def describe(self) -> tuple[tuple[ColumnInfo, ...], int]:
        """The columns, and about how many rows."""

    def count(self) -> int: ...

    def batches(
        self, columns: Sequence[str], *, batch_rows: int, seed: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """All rows; with `seed`, for a sample, enough of them that it is spread over the file."""

    def replaced(
        self, batch: pa.RecordBatch, mask: pa.BooleanArray, replacements: Mapping[str, Replacement]
    ) -> pa.RecordBatch:
        """`batch` as it would read after `rewrite`; ConstraintInTheWay where the file cannot hold it."""

    def rewrite(self, rows: Rows, replacements: Mapping[str, Replacement]) -> int:
        """Drop the matching rows, or write `replacements` into them; how many matched."""


def is_data(name: str) -> bool:
    """Whether a path or key names a file of one of the formats; hidden ones, with a dot in front, do not."""
    last = name.rpartition("/")[2]
    return suffix_of(last) in SUFFIXES and not last.startswith(".")


def data_file(place: Place, *, name: str, encoding: str) -> DataFile:
    """The file at `place`; messages call it `name`. `encoding` is for CSV: the others say theirs themselves."""
    match place.suffix:
        case ".parquet":
            return ParquetFile(place, name=name)
        case ".avro":
            return AvroFile(place, name=name)
        case ".jsonl" | ".ndjson":
            return JsonLinesFile(place, name=name)
        case _:
            return CsvFile(place, name=name, encoding=encoding)
