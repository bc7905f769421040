"""Several producers at once, about the same things."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import connection

from audit.ledger.context import Actor, acting
from catalog.lineage.receiving import Failure, receive
from catalog.models import Column, DataSet, Edge, LineageEvent, LineageJob, System
from tests.catalog.lineage.openlineage import columns, data_set, edges, lineage, run_event

TABLES, PRODUCERS = 12, 4


def night(producer: int) -> list[dict]:
    """Every table filled from the next one: all producers name all of them, each in an order of its own."""
    order = sorted(range(TABLES), key=lambda number: (number * 5 + producer * 7) % TABLES)
    return [
        run_event(
            at=f"2026-03-01T1{producer}:00:00Z",
            job=f"fill {number}",
            inputs=[data_set(f"t{(number + 1) % TABLES}", schema=columns(a="int"))],
            outputs=[
                data_set(
                    f"t{number}",
                    schema=columns(a="int"),
                    symlinks={
                        "identifiers": [{"namespace": "hive", "name": f"default.t{number}", "type": "TABLE"}]
                    },
                    columnLineage=lineage(f"t{(number + 1) % TABLES}", a=("a", "DIRECT", "IDENTITY", False)),
                )
            ],
        )
        for number in order
    ]


def post(producer: int) -> list[Failure]:
    try:
        with acting(Actor("system", f"producer {producer}")):
            events = night(producer)
            return [
                failure for start in range(0, TABLES, 3) for failure in receive(events[start : start + 3])
            ]
    finally:
        connection.close()


def test_producers_at_once_lose_nothing_and_make_nothing_twice(transactional_db: None):
    with ThreadPoolExecutor(PRODUCERS) as pool:
        failures = [failure for found in pool.map(partial(post), range(PRODUCERS)) for failure in found]
    assert failures == []
    assert LineageEvent.objects.count() == TABLES * PRODUCERS
    assert (LineageJob.objects.count(), DataSet.objects.count(), Column.objects.count()) == (
        TABLES,
        TABLES,
        TABLES,
    )
    assert list(System.objects.values_list("name", flat=True)) == ["postgres://db:5432"]
    expected = {(f"t{(n + 1) % TABLES}:a", f"t{n}:a", "direct", "IDENTITY", False) for n in range(TABLES)}
    assert edges() == expected
    assert Edge.objects.count() == TABLES
