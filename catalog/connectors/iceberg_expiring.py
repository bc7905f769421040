"""Rows of an Iceberg table by their age: whole files are dropped unread where all their rows are older."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.utils import timezone

from catalog.connectors import extras
from catalog.connectors.base import ConnectorError, Older, Unsupported
from catalog.connectors.iceberg_changing import BATCH_ROWS, ROUNDS, column_names, discard
from catalog.connectors.iceberg_scan import TableScan
from catalog.connectors.iceberg_snapshots import replace_files
from catalog.connectors.iceberg_writing import write_file


def count_older(table: Any, older: Older, *, name: str) -> int:
    """How many rows are older, read from the metadata where that tells."""
    scan = _scan(table, older, [older.column], name=name)
    limit = _limit(scan.schema, older, name=name)
    rows = 0
    for task in scan.tasks():
        rows += _whole(table, task, scan) or sum(
            pc.sum(_mask(batch, older.column, limit)).as_py() or 0 for batch in scan.read(task, BATCH_ROWS)
        )
    return rows


def expire(load: Callable[[], Any], older: Older, *, name: str, limit: int) -> int:
    """Delete at most `limit` of them in one commit; how many went. ConnectorError as in `iceberg_changing.change`."""
    exceptions = extras.load("pyiceberg.exceptions", extra="iceberg")
    for _ in range(ROUNDS):
        table = load()
        rows, removed, added = _expired(table, older, name=name, most=limit)
        if not removed:
            return 0
        try:
            replace_files(table, removed=removed, added=added)
        except (exceptions.CommitFailedException, exceptions.ValidationException):
            discard(table, added)
            continue
        return rows
    raise ConnectorError(
        f"{name} was changed by another program each time its files were written again.",
        "Stop what writes to it, then go on.",
    )


def _expired(table: Any, older: Older, *, name: str, most: int) -> tuple[int, list[Any], list[Any]]:
    scan = _scan(table, older, [older.column], name=name)
    whole = TableScan(table, column_names(table), name=name)
    before = _limit(scan.schema, older, name=name)
    rows = 0
    removed: list[Any] = []
    added: list[Any] = []
    try:
        for task in scan.tasks():
            if rows >= most:
                break
            every = _whole(table, task, scan)
            if every and every <= most - rows:
                rows += every
                removed.append(task.file)
                continue
            taken = min(
                most - rows,
                every
                or sum(
                    pc.sum(_mask(b, older.column, before)).as_py() or 0 for b in scan.read(task, BATCH_ROWS)
                ),
            )
            if taken:
                removed.append(task.file)
                kept = _without_older(whole.read(task, BATCH_ROWS), older.column, before, taken)
                file = write_file(table, kept, spec_id=task.file.spec_id, partition=task.file.partition)
                added += [file] if file is not None else []
                rows += taken
    except BaseException:
        discard(table, added)
        raise
    return rows, removed, added


def _without_older(
    batches: Iterator[pa.RecordBatch], column: str, before: pa.Scalar, most: int
) -> Iterator[pa.RecordBatch]:
    """The rows without the first `most` of those that are older."""
    for batch in batches:
        places = pc.indices_nonzero(_mask(batch, column, before))[:most]
        most -= len(places)
        kept = pc.invert(pc.is_in(pa.array(range(len(batch)), pa.uint64()), value_set=places))
        yield batch.filter(kept)


def _scan(table: Any, older: Older, columns: list[str], *, name: str) -> TableScan:
    scan = TableScan(table, columns, name=name)
    expressions = extras.load("pyiceberg.expressions", extra="iceberg")
    scan.row_filter = expressions.LessThan(older.column, _spelled(scan.schema, older, name=name))
    return scan


def _whole(table: Any, task: Any, scan: TableScan) -> int:
    """How many rows a file has that are all older, as its partition or its statistics say; 0 if they do not say it."""
    if task.delete_files:
        return 0
    expressions = extras.load("pyiceberg.expressions", extra="iceberg")
    visitors = extras.load("pyiceberg.expressions.visitors", extra="iceberg")
    if task.residual == expressions.AlwaysTrue():
        return task.file.record_count
    judge = visitors._StrictMetricsEvaluator(table.schema(), scan.row_filter, case_sensitive=True)
    return task.file.record_count if judge.eval(task.file) == visitors.ROWS_MUST_MATCH else 0


def _mask(batch: pa.RecordBatch, column: str, before: pa.Scalar) -> pa.BooleanArray:
    return pc.fill_null(pc.less(batch[column], before), False)


def _limit(schema: pa.Schema, older: Older, *, name: str) -> pa.Scalar:
    kind = schema.field(older.column).type
    return pa.scalar(_moment(kind, older, name=name), kind)


def _spelled(schema: pa.Schema, older: Older, *, name: str) -> str:
    return _moment(schema.field(older.column).type, older, name=name).isoformat()


def _moment(kind: pa.DataType, older: Older, *, name: str) -> date | datetime:
    """The moment in the type of the column: times without a zone are UTC, dates the controller's days."""
    moment = older.moment.astimezone(UTC)
    if pa.types.is_date(kind):
        return timezone.localdate(older.moment)
    if pa.types.is_timestamp(kind):
        return moment if kind.tz else moment.replace(tzinfo=None)
    raise Unsupported(
        f"{name}.{older.column} is {kind}, neither a date nor a time.", "Choose a column of dates or times."
    )
