"""Rows of an Iceberg table deleted or overwritten: the files that hold them are written again without them.

Copy on write, file by file and batch by batch. Rows that a delete file already hides are still in their data file:
they go with the others. What older snapshots hold goes when the table is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors import extras
from catalog.connectors.base import ConnectorError, ConstraintInTheWay, Operation
from catalog.connectors.iceberg_pruning import prune
from catalog.connectors.iceberg_scan import TableScan
from catalog.connectors.iceberg_snapshots import replace_all, replace_files
from catalog.connectors.iceberg_writing import write_file, write_rows
from catalog.connectors.matching import Matcher
from catalog.connectors.replacing import replace_values

BATCH_ROWS = 100_000
ROUNDS = 8  # of others' commits to the very files that are written again


def rehearse(table: Any, operations: Sequence[Operation], *, name: str) -> list[int]:
    """How many rows each operation would change, on what those before it would leave.

    ConstraintInTheWay or DataSetMissing where a column cannot take its replacement or is not there.
    """
    scan = compared(table, operations, name=name)
    schema = TableScan(table, column_names(table), name=name).schema
    for operation in operations:
        require_columns(table, operation)
    matchers = [Matcher(operation.matches, scan.schema) for operation in operations]
    counts = [0] * len(operations)
    for batch in scan.batches(batch_rows=BATCH_ROWS):
        for place, (operation, matcher) in enumerate(zip(operations, matchers, strict=True)):
            mask = matcher.mask(batch)
            hits = pc.sum(mask).as_py() or 0
            counts[place] += hits
            if hits and operation.replacements:
                batch = replace_values(batch, mask, operation.replacements, schema=schema, file=name)
            elif hits:
                batch = batch.filter(pc.invert(mask))
    return counts


def change(load: Callable[[], Any], operation: Operation) -> int:
    """Carry the operation out on the table that `load` gives; how many rows, each commit durable.

    Files that come while others are written again are looked at too. ConnectorError where somebody else rewrites
    the same files again and again.
    """
    exceptions = extras.load("pyiceberg.exceptions", extra="iceberg")
    done, seen = 0, set[str]()
    for _ in range(ROUNDS):
        table = load()
        rows, same, removed, added = _rewritten(table, operation, seen)
        if not removed:
            return done + same
        try:
            replace_files(table, removed=removed, added=added)
        except (exceptions.CommitFailedException, exceptions.ValidationException):
            discard(table, added)
            continue
        seen |= {file.file_path for file in added}
        done += rows
    raise ConnectorError(
        f"{operation.data_set} was changed by another program each time its files were written again.",
        "Stop what writes to it, then go on.",
    )


def refill(load: Callable[[], Any], batches: Iterable[pa.RecordBatch], *, name: str) -> int:
    """Put the rows in the place of all, by the names of their columns; how many. Errors as above, and
    ConstraintInTheWay where they do not fit the columns."""
    exceptions = extras.load("pyiceberg.exceptions", extra="iceberg")
    table = load()
    schema = TableScan(table, column_names(table), name=name).schema
    added = list(write_rows(table, (_fitted(batch, schema, name) for batch in batches)))
    for _ in range(ROUNDS):
        try:
            replace_all(load(), added=added)
        except (exceptions.CommitFailedException, exceptions.ValidationException):
            continue
        return sum(file.record_count for file in added)
    discard(table, added)
    raise ConnectorError(
        f"{name} was changed by another program each time it was to be filled anew.",
        "Stop what writes to it, then go on.",
    )


def _fitted(batch: pa.RecordBatch, schema: pa.Schema, name: str) -> pa.RecordBatch:
    try:
        arrays = [batch[field.name].cast(field.type) for field in schema]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
    except (KeyError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise ConstraintInTheWay(
            f"The new rows do not fit the columns of {name}.", "Compare names and types of the columns."
        ) from None


def holding(table: Any, operations: Sequence[Operation], *, name: str, snapshot_id: int | None = None) -> int:
    """The rows of a snapshot that its files hold and that the operations mean, hidden ones too."""
    scan = compared(table, operations, name=name)
    if snapshot_id is not None:
        scan.snapshot_id = snapshot_id
        scan.row_filter = extras.load("pyiceberg.expressions", extra="iceberg").AlwaysTrue()
    matchers = [Matcher(operation.matches, scan.schema) for operation in operations]
    found = 0
    for task in scan.tasks():
        for batch in scan.read(task, BATCH_ROWS, hidden=True):
            mask = pa.repeat(pa.scalar(False), len(batch))
            for matcher in matchers:
                mask = pc.or_(mask, matcher.mask(batch))
            found += pc.sum(mask).as_py() or 0
    return found


def compared(table: Any, operations: Sequence[Operation], *, name: str) -> TableScan:
    """A scan of the columns that the operations compare, in the files that may hold their rows."""
    matches = [match for operation in operations for match in operation.matches]
    names = list(dict.fromkeys(column for match in matches for column in match.columns))
    scan = TableScan(table, names, name=name)
    scan.row_filter = prune(matches, scan.schema)
    return scan


def require_columns(table: Any, operation: Operation) -> None:
    """DataSetMissing names a column to be written that is not there."""
    TableScan(table, list(operation.replacements), name=operation.data_set)


def column_names(table: Any) -> list[str]:
    return [field.name for field in table.schema().fields]


def discard(table: Any, files: Sequence[Any]) -> None:
    """Delete data files that no snapshot names."""
    for file in files:
        with suppress(FileNotFoundError):
            table.io.delete(file.file_path)


def _rewritten(table: Any, operation: Operation, seen: set[str]) -> tuple[int, int, list[Any], list[Any]]:
    """How many rows change and how many are as they shall be already; the files that held those that change, and
    the files written in their place."""
    narrow = compared(table, [operation], name=operation.data_set)
    whole = TableScan(table, column_names(table), name=operation.data_set)
    rows = same = 0
    removed: list[Any] = []
    added: list[Any] = []
    try:
        for task in narrow.tasks():
            if task.file.file_path in seen:
                continue
            held, visible, differ = _judge(table, narrow, task, operation)
            if not held:
                continue
            if held == visible and not differ:
                same += visible
                continue
            rows += visible
            removed.append(task.file)
            for file in _written(table, whole, task, operation):
                added.append(file)  # one by one: what is written is known when the next one fails
    except BaseException:
        discard(table, added)
        raise
    return rows, same, removed, added


def _judge(table: Any, narrow: TableScan, task: Any, operation: Operation) -> tuple[int, int, bool]:
    """Of one file: the rows that match, hidden ones too; those to be seen; and whether any of these would change."""
    matcher = Matcher(operation.matches, narrow.schema)
    held = sum(
        pc.sum(matcher.mask(batch)).as_py() or 0 for batch in narrow.read(task, BATCH_ROWS, hidden=True)
    )
    if not held:
        return 0, 0, False
    names = list(dict.fromkeys([*narrow.schema.names, *operation.replacements]))
    scan = TableScan(table, names, name=operation.data_set)
    visible, differ = 0, not operation.replacements
    for batch in scan.read(task, BATCH_ROWS):
        mask = matcher.mask(batch)
        visible += pc.sum(mask).as_py() or 0
        if not differ:
            new = replace_values(
                batch, mask, operation.replacements, schema=scan.schema, file=operation.data_set
            )
            differ = not new.equals(batch)
    return held, visible, differ


def _written(table: Any, whole: TableScan, task: Any, operation: Operation) -> Iterator[Any]:
    """The files that take the place of one."""
    matcher = Matcher(operation.matches, whole.schema)
    moved = bool(operation.replacements) and _moves(table, task, operation.replacements)

    def rows(*, matching: bool) -> Iterator[pa.RecordBatch]:
        """Those that stay in the partition of the file, or those that leave it."""
        for batch in whole.read(task, BATCH_ROWS):
            mask = matcher.mask(batch)
            if operation.replacements:
                batch = replace_values(
                    batch, mask, operation.replacements, schema=whole.schema, file=operation.data_set
                )
            if operation.replacements and not moved:
                yield batch
            else:
                yield batch.filter(mask if matching else pc.invert(mask))

    place = {"spec_id": task.file.spec_id, "partition": task.file.partition}
    kept = write_file(table, rows(matching=False), **place)
    yield from [kept] if kept is not None else []
    if moved:
        yield from write_rows(table, rows(matching=True))


def _moves(table: Any, task: Any, replaced: Iterable[str]) -> bool:
    """Whether a replaced column decides the partition."""
    sources = [field.source_id for field in table.specs()[task.file.spec_id].fields]
    names = [table.schema().find_column_name(source) or "" for source in sources]
    return any(name == column or name.startswith(f"{column}.") for name in names for column in replaced)
