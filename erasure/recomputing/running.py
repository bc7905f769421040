"""Computing a derived data set anew, and comparing it with what its sources give now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import Connector, ConnectorError, Unsupported
from catalog.models import VIEW, DataSet
from erasure.executing import writable
from erasure.recomputing import events
from erasure.recomputing.aggregating import aggregate, asked
from erasure.recomputing.figures import parse
from erasure.recomputing.models import Recomputation

BATCH_ROWS = 100_000
TRIES = 3
LOCK = 0x524543  # with the data set's number: who recomputes it


def approved_for(data_set: DataSet) -> Recomputation | None:
    """How it is recomputed, if somebody has approved it."""
    found = Recomputation.objects.filter(data_set=data_set, approved_at__isnull=False)
    return found.select_related("data_set__system", "source__system").first()


def recompute(data_set: DataSet) -> tuple[int, int]:
    """Compute it anew and read back: (rows that it has, rows that differ from a fresh computation).

    A materialized view is refreshed; anything else needs an approved recomputation, else Unsupported. Idempotent.
    Raises ConnectorError; what came before then stands.
    """
    declared = None if data_set.kind == VIEW else _declared(data_set)
    try:
        with _alone(data_set):
            for _ in range(TRIES):
                rows = _write(data_set, declared)
                wrong = differing(data_set)
                if not wrong:  # else the sources changed meanwhile: another person was erased from them
                    break
    except ConnectorError as problem:
        if declared is not None:
            Recomputation.objects.filter(pk=declared.pk).update(problem=str(problem)[:500])
        raise
    _note(data_set, declared, rows, wrong)
    return rows, wrong


@contextmanager
def _alone(data_set: DataSet) -> Iterator[None]:
    """One at a time: of two who fill a table at once, neither sees what the other inserts, and both sets stay.

    The lock is the console's, since not every store has one, and ends with the connection of a worker that dies.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK, data_set.pk % 2**31])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, data_set.pk % 2**31])


def _write(data_set: DataSet, declared: Recomputation | None) -> int:
    with writable(data_set.system) as connector:
        if declared is not None and declared.source:
            with declared.source.system.connect() as reading:
                rows = connector.refill(data_set.name, _figures(declared, reading).to_batches())
        else:
            rows = connector.recompute(data_set.name, declared.query if declared else "")
        connector.settle(data_set.name)
    return rows


def differing(data_set: DataSet) -> int:
    """How many rows differ from a fresh computation. Raises ConnectorError, Unsupported as above."""
    declared = None if data_set.kind == VIEW else _declared(data_set)
    with data_set.system.connect() as connector:
        if declared is None or not declared.source:
            return connector.differing(data_set.name, declared.query if declared else "")
        names = list(declared.columns)
        kept = Counter(_rows(connector.read(data_set.name, columns=names, batch_rows=BATCH_ROWS)))
        schema = _schema(connector, data_set, names)
        with declared.source.system.connect() as reading:
            fresh = Counter(_rows(_figures(declared, reading).cast(schema).to_batches()))
    return max(sum((kept - fresh).values()), sum((fresh - kept).values()))


def _declared(data_set: DataSet) -> Recomputation:
    found = approved_for(data_set)
    if found is None:
        raise Unsupported(
            f"Nobody has said and approved how {data_set} is recomputed.",
            "Declare it on the page of its lineage, and have it approved.",
        )
    return found


def _figures(declared: Recomputation, reading: Connector) -> pa.Table:
    assert declared.source is not None
    figures = parse(declared.columns)
    names = asked(figures) or None
    schema = _schema(reading, declared.source, names)
    batches = reading.read(declared.source.name, columns=names, batch_rows=BATCH_ROWS)
    return aggregate(batches, figures, schema)


def _schema(connector: Connector, data_set: DataSet, names: list[str] | None) -> pa.Schema:
    """The types of the columns as they are read; also of a data set without rows."""
    keys = names or [column.name for column in data_set.columns.filter(gone_at=None, nested_in=None)]
    return connector.find(data_set.name, [], keys).schema


def _rows(batches: Iterator[pa.RecordBatch] | list[pa.RecordBatch]) -> Iterator[tuple]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@transaction.atomic
def _note(data_set: DataSet, declared: Recomputation | None, rows: int, wrong: int) -> None:
    problem = f"{wrong} rows differ from what its sources give." if wrong else ""
    if declared is not None:
        Recomputation.objects.filter(pk=declared.pk).update(ran_at=timezone.now(), rows=rows, problem=problem)
    source = str(declared.source or "") if declared else ""
    record(events.RECOMPUTED, declared or data_set, source=source, rows=rows, differing=wrong)
