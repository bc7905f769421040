"""Rows of an Iceberg table deleted or overwritten: the files that hold them are written again without them.

Copy on write, file by file and batch by batch. Rows that a delete file already hides are still in their data file:
they go with the others. What older snapshots hold goes when the table is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors import extras
from catalog.connectors.base import ConnectorError, DataSetMissing, Operation
from catalog.connectors.iceberg_pruning import prune
from catalog.connectors.iceberg_scan import TableScan
from catalog.connectors.iceberg_snapshots import replace_files
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
        for column in operation.replacements:
            if column not in schema.names:
                raise DataSetMissing(f"{name} has no column {column!r}.", "Scan the system again.")
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
        rows, removed, added = _rewritten(table, operation, seen)
        if not removed:
            return done
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


def column_names(table: Any) -> list[str]:
    return [field.name for field in table.schema().fields]


def discard(table: Any, files: Sequence[Any]) -> None:
    """Delete data files that no snapshot names."""
    for file in files:
        try:
            table.io.delete(file.file_path)
        except FileNotFoundError:
            pass


def _rewritten(table: Any, operation: Operation, seen: set[str]) -> tuple[int, list[Any], list[Any]]:
    """How many rows are changed, the files that held them, and those written in their place."""
    narrow = compared(table, [operation], name=operation.data_set)
    whole = TableScan(table, column_names(table), name=operation.data_set)
    matcher = Matcher(operation.matches, narrow.schema)
    rows = 0
    removed: list[Any] = []
    added: list[Any] = []
    try:
        for task in narrow.tasks():
            masks = (matcher.mask(batch) for batch in narrow.read(task, BATCH_ROWS, hidden=True))
            if task.file.file_path in seen or not any(pc.any(mask).as_py() for mask in masks):
                continue
            rows += sum(pc.sum(matcher.mask(batch)).as_py() or 0 for batch in narrow.read(task, BATCH_ROWS))
            removed.append(task.file)
            for file in _written(table, whole, task, operation):
                added.append(file)
    except BaseException:
        discard(table, added)
        raise
    return rows, removed, added


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
