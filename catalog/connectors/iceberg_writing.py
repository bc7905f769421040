"""Data files of an Iceberg table, written batch by batch with the statistics that its manifests keep of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from catalog.connectors import extras

GROUP_BYTES = 64 * 1024 * 1024  # of a row group, decoded: more is never held
LOCATION_PROVIDER = "write.py-location-provider.impl"  # a Python class of the table's choice: never loaded


def write_file(table: Any, batches: Iterable[pa.RecordBatch], *, spec_id: int, partition: Any) -> Any | None:
    """The rows as one Parquet file of the partition; None where there are none.

    Its address says nothing of its content, unlike those of most writers, which name the partition.
    """
    arrow = extras.load("pyiceberg.io.pyarrow", extra="iceberg")
    manifest = extras.load("pyiceberg.manifest", extra="iceberg")
    model = arrow.FileFormatFactory.get(manifest.FileFormat.PARQUET)
    schema = table.schema()
    writer: Any = None
    output: Any = None
    file_schema = arrow.sanitize_column_names(schema)
    for rows in _gathered(batches):
        conformed = [
            arrow._to_requested_schema(
                requested_schema=file_schema, file_schema=schema, batch=batch, include_field_ids=True,
                downcast_ns_timestamp_to_us=True, format_model=model,
            )
            for batch in rows
        ]  # fmt: skip
        if writer is None:
            output = table.io.new_output(f"{data_path(table)}/{uuid.uuid4()}.parquet")
            writer = model.create_writer(output, file_schema, table.metadata.properties)
        writer.write(pa.Table.from_batches(conformed))
    if writer is None:
        return None
    statistics = writer.close()
    written = manifest.DataFile.from_args(
        content=manifest.DataFileContent.DATA,
        file_path=output.location,
        file_format=manifest.FileFormat.PARQUET,
        partition=partition,
        file_size_in_bytes=len(output),
        sort_order_id=None,
        spec_id=spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )
    written.spec_id = spec_id
    return written


def write_rows(table: Any, batches: Iterable[pa.RecordBatch]) -> Iterator[Any]:
    """The rows as files of whatever partitions they belong to."""
    spec_id = table.metadata.default_spec_id
    for rows in _gathered(batches):
        content = pa.Table.from_batches(rows)
        for partition, places in _partitions(table, content).items():
            part = content.take(pa.array(places, pa.int64())).to_batches()
            written = write_file(table, part, spec_id=spec_id, partition=partition)
            yield from [written] if written is not None else []


def _partitions(table: Any, rows: pa.Table) -> dict[Any, list[int]]:
    """The places of the rows of each partition. PyIceberg's own way needs a library that is not everywhere."""
    arrow = extras.load("pyiceberg.io.pyarrow", extra="iceberg")
    partitioning = extras.load("pyiceberg.partitioning", extra="iceberg")
    record = extras.load("pyiceberg.typedef", extra="iceberg").Record
    schema, columns = table.schema(), []
    for field in table.spec().fields:
        source = schema.find_field(field.source_id).field_type
        transform = field.transform.transform(source)
        values = arrow._get_field_from_arrow_table(rows, schema.find_column_name(field.source_id))
        columns.append(
            [
                transform(partitioning.partition_record_value(field, value, schema))
                for value in values.to_pylist()
            ]
        )
    found: dict[Any, list[int]] = {}
    for place in range(len(rows)):
        found.setdefault(record(*(column[place] for column in columns)), []).append(place)
    return found


def data_path(table: Any) -> str:
    """Where data files of the table go."""
    return table.metadata.properties.get("write.data.path", f"{table.location().rstrip('/')}/data").rstrip(
        "/"
    )


def metadata_path(table: Any) -> str:
    """Where manifests and metadata files of the table go."""
    own = f"{table.location().rstrip('/')}/metadata"
    return table.metadata.properties.get("write.metadata.path", own).rstrip("/")


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        if len(batch):
            held.append(batch)
            size += batch.nbytes
        if size >= GROUP_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held
