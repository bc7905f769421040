"""A source cut into parts that can be treated one by one, and the work of a run made of its row."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.connectors.base import ConnectorError
from retention.anonymization import secrets_for
from retention.anonymization.column_types import declared
from retention.anonymization.compiling import SchemaChanged
from retention.anonymization.models import Run
from retention.anonymization.processing import ParquetPart
from retention.anonymization.sources import Source
from retention.anonymization.staging import prepare, spool_of
from retention.anonymization.working import BATCH_ROWS, Part, Work

LOCAL_ROWS = 2_000_000  # of a part for one process: as much has to be done again after a crash
SHARED_ROWS = 250_000  # of a part for many


def plan(run: Run, source: Source, *, distributed: bool) -> dict[str, Any]:
    """The parts of the source, its schema, and by what it is known again: plain data. Raises SchemaChanged."""
    schema = declared(source.schema, run.types)
    parts = [] if distributed and _to_spool(source) else list(_parts(source, distributed=distributed))
    return {
        "schema": base64.b64encode(schema.serialize().to_pybytes()).decode(),
        "stamp": list(source.stamp),
        "data_set": source.name,
        "rows": source.rows,
        "spooled": distributed and _to_spool(source),
        "parts": [part.as_json() for part in parts],
    }


def spool(run: Run, source: Source) -> Iterator[int]:
    """Write the rows of the source as Parquet files that other processes can open, and plan their parts; yields how
    many rows are there. Begins anew each time."""
    folder = spool_of(run)
    folder.mkdir(0o700, parents=True, exist_ok=True)
    parts: list[Part] = []
    rows = 0
    for batches in _pieces(source):
        path = folder / f"rows-{len(parts):05}.parquet"
        with ParquetPart(path, batches[0].schema) as file:
            for batch in batches:
                file.add(batch)
        with pq.ParquetFile(path) as written:
            groups, many = written.metadata.num_row_groups, written.metadata.num_rows
        parts.append(Part(len(parts), source.name, str(path), 0, groups, many))
        rows += many
        yield rows
    run.plan |= {"parts": [part.as_json() for part in parts], "rows": rows}


def schema_of(run: Run) -> pa.Schema:
    """The columns of the source as the rules were applied to them; for a run that is planned."""
    return pa.ipc.read_schema(pa.BufferReader(base64.b64decode(run.plan["schema"])))


def work_of(run: Run, *, staging: Path | None = None) -> Work:
    """The work of a run that is planned. Raises TechniqueError where a key is gone."""
    schema = schema_of(run)
    return Work(
        run=run.pk.hex,
        rules=run.rule_set,
        schema=schema,
        source=run.source_spec,
        data_set=run.plan["data_set"],
        parts=tuple(Part(**part) for part in run.plan["parts"]),
        staging=staging or prepare(run),
        watched=tuple(name for name in run.watched if name in schema.names),
        hash_key=secrets_for.hash_key(),
        keys=secrets_for.opened(run.keys),
        tokens=secrets_for.tokens(category=run.person_category),
    )


def require_unchanged(run: Run, source: Source) -> bool:
    """Whether what is staged is of the source as it is. SchemaChanged where its columns are others by now."""
    schema = schema_of(run)
    if not declared(source.schema, run.types).equals(schema):
        raise SchemaChanged(
            "The columns of the source changed since the job was started.", "Start another job."
        )
    return bool(source.stamp) and list(source.stamp) == run.plan["stamp"]


def _parts(source: Source, *, distributed: bool) -> Iterator[Part]:
    number = 0
    most = SHARED_ROWS if distributed else LOCAL_ROWS
    for name in source.data_sets:
        path = source.files.get(name)
        if path is None:
            yield Part(number, name)
            number += 1
            continue
        for first, last, rows in _ranges(path, most):
            yield Part(number, name, str(path), first, last, rows)
            number += 1


def _ranges(path: Path, most: int) -> Iterator[tuple[int, int, int]]:
    """Row groups of a file, as many together as `most` rows allow; a file without any is one empty range."""
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
    first = rows = 0
    for group, size in enumerate(sizes):
        if group > first and rows + size > most:
            yield first, group, rows
            first, rows = group, 0
        rows += size
    yield first, len(sizes), rows


def _to_spool(source: Source) -> bool:
    return any(name not in source.files for name in source.data_sets)


def _pieces(source: Source) -> Iterator[list[pa.RecordBatch]]:
    """All rows of the source in lists of about `SHARED_ROWS`; an empty source is one empty batch."""
    waiting: list[pa.RecordBatch] = []
    rows, some = 0, False
    for name in source.data_sets:
        for batch in source.connector.read(name, batch_rows=BATCH_ROWS):
            waiting.append(_as_first(batch, source.schema))
            rows, some = rows + len(batch), True
            if rows >= SHARED_ROWS:
                yield waiting
                waiting, rows = [], 0
    if waiting or not some:
        yield waiting or [pa.RecordBatch.from_pylist([], schema=source.schema)]


def _as_first(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.names != schema.names:
        raise SchemaChanged("The columns changed on the way.", "Start again when nobody changes the source.")
    try:
        return batch.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise ConnectorError("A column changed its type on the way.", "Start again.") from None
