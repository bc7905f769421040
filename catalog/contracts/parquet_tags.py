"""Parquet and Arrow: the metadata of fields read as tags, and written into a copy of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.connectors.base import ConnectorError
from catalog.connectors.file_places import LocalPlace
from catalog.connectors.parquet_decoding import gather
from catalog.connectors.parquet_file import GROUP_BYTES, ParquetFile
from catalog.connectors.parquet_layout import layout
from catalog.contracts.document import Document, Field, root_of
from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.tags import PREFIX, attributes_of, tagged

BATCH_ROWS = 50_000


def schema_of(path: Path) -> pa.Schema:
    """The Arrow schema of a Parquet file, metadata and all. Raises ContractError for a damaged one."""
    try:
        return ParquetFile(LocalPlace(path), name=path.name).schema()
    except ConnectorError as problem:
        raise ContractError(Problem(problem.message, problem.remedy), name=str(path)) from problem


def document_of(schema: pa.Schema, *, name: str, system: str = "") -> Document:
    """The contract that the metadata of the fields amounts to. Raises ContractError for words that mean nothing."""
    fields = tuple(item for field in schema for item in _fields(field, ""))
    return Document("0.1.0", name, system=system, fields=fields)


def write(source: Path, target: Path, document: Document) -> None:
    """Copy the file with the document's tags as metadata of its top-level fields, row group by row group.

    Raises ContractError naming a field that the file has not, or FileExistsError.
    """
    schema = schema_of(source)
    _require_fields(schema, document)
    declared = {item.name: item for item in document.fields}
    marked = pa.schema([_marked(field, declared.get(field.name)) for field in schema], schema.metadata)
    try:
        _copy(ParquetFile(LocalPlace(source), name=source.name), target, marked)
    except ConnectorError as problem:
        raise ContractError(Problem(problem.message, problem.remedy), name=str(source)) from problem


def _copy(source: ParquetFile, target: Path, marked: pa.Schema) -> None:
    with source.row_groups() as file, target.open("xb") as output:
        options = layout(file.metadata) | {"store_schema": True}
        with pq.ParquetWriter(output, marked, **options) as writer:
            for group in range(file.metadata.num_row_groups):
                read = ((batch, batch.nbytes) for batch in file.read(group, batch_rows=BATCH_ROWS))
                for some in gather(read, most_bytes=GROUP_BYTES, most_rows=BATCH_ROWS):
                    table = pa.Table.from_arrays(pa.Table.from_batches(some).columns, schema=marked)
                    writer.write_table(table, row_group_size=len(table))


def _fields(field: pa.Field, above: str) -> Iterator[Field]:
    name = f"{above}{field.name}"
    metadata = {
        key.decode(errors="replace"): value.decode(errors="replace")
        for key, value in _metadata(field).items()
    }
    yield tagged(Field(name, str(field.type)[:200], nullable=field.nullable), metadata)
    kind, path = field.type, name
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind, path = kind.value_type, f"{path}[]"
    if pa.types.is_struct(kind):
        for inner in kind:
            yield from _fields(inner, f"{path}.")


def _marked(field: pa.Field, declared: Field | None) -> pa.Field:
    kept = {key: value for key, value in _metadata(field).items() if not key.startswith(PREFIX.encode())}
    said = attributes_of(declared) if declared else {}
    return field.with_metadata(kept | {key.encode(): str(value).encode() for key, value in said.items()})


def _metadata(field: pa.Field) -> dict[bytes, bytes]:
    return dict(field.metadata or {})


def _require_fields(schema: pa.Schema, document: Document) -> None:
    missing = [item.name for item in document.fields if root_of(item.name) not in schema.names]
    if missing:
        raise ContractError(
            *(Problem("The file has no such column.", "Correct the contract.", name) for name in missing)
        )
