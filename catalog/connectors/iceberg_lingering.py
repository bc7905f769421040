"""What an Iceberg table still holds of deleted rows: in other snapshots, behind delete files, in old files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.connectors.base import Lingering, Match, Operation
from catalog.connectors.iceberg_changing import BATCH_ROWS, compared, holding
from catalog.connectors.iceberg_settling import known, strays
from catalog.connectors.matching import Matcher

Found = tuple[int, datetime | None, str]


def lingering(
    table: Any, matches: Sequence[Match], *, name: str, days: int, shared: bool
) -> Lingering | None:
    """None where nothing is left. Unknown files go `days` after they were written, unless `shared`."""
    found = [
        *_in_snapshots(table, [Operation(name, matches)], name=name),
        *_in_unknown_files(table, matches, days=days, shared=shared),
    ]
    if not found:
        return None
    untils = [until for _, until, _ in found]
    return Lingering(
        sum(rows for rows, _, _ in found),
        None if None in untils else max(until for until in untils if until is not None),
        "; ".join(why for _, _, why in found),
    )


def _in_snapshots(table: Any, operations: Sequence[Operation], *, name: str) -> Iterator[Found]:
    current = table.current_snapshot()
    if current is not None:
        scan = compared(table, operations, name=name)
        visible = 0
        matchers = [Matcher(operation.matches, scan.schema) for operation in operations]
        for batch in scan.batches(batch_rows=BATCH_ROWS):
            visible += sum(pc.sum(matcher.mask(batch)).as_py() or 0 for matcher in matchers)
        hidden = holding(table, operations, name=name) - visible
        if hidden > 0:
            yield hidden, None, "in data files, hidden by delete files"
    refs = {ref.snapshot_id: name for name, ref in table.metadata.refs.items()}
    for snapshot in table.metadata.snapshots:
        if current is None or snapshot.snapshot_id != current.snapshot_id:
            rows = holding(table, operations, name=name, snapshot_id=snapshot.snapshot_id)
            if rows:
                ref = refs.get(snapshot.snapshot_id)
                yield rows, None, f"in the branch or tag {ref}" if ref else "in an older snapshot"


def _in_unknown_files(table: Any, matches: Sequence[Match], *, days: int, shared: bool) -> Iterator[Found]:
    live, past = known(table)
    kept = live | set(past)
    for location, found in strays(table, kept):
        rows = _rows(table, location, matches)
        if rows:
            written = found.mtime or datetime.now(UTC)
            until = None if shared else written + timedelta(days=days)
            yield rows, until, "in a file that no snapshot names"
    for location in past:
        if location not in live and _is_there(table, location):
            rows = _rows(table, location, matches)
            if rows:
                yield rows, None, "in a file of an expired snapshot"


def _rows(table: Any, location: str, matches: Sequence[Match]) -> int:
    """The matching rows in a Parquet file; none in one of another kind, or with other columns."""
    if not location.endswith(".parquet"):
        return 0
    try:
        with table.io.new_input(location).open() as source, pq.ParquetFile(source) as file:
            names = file.schema_arrow.names
            fitting = [match for match in matches if set(match.columns) <= set(names)]
            if not fitting:
                return 0
            matcher = Matcher(fitting, file.schema_arrow)
            batches = file.iter_batches(batch_size=BATCH_ROWS, columns=matcher.columns)
            return sum(pc.sum(matcher.mask(batch)).as_py() or 0 for batch in batches)
    except (FileNotFoundError, pa.ArrowInvalid):
        return 0


def _is_there(table: Any, location: str) -> bool:
    return table.io.owns(location) and bool(table.io.new_input(location).exists())
