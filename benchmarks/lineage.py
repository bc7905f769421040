"""The OpenLineage receiver: events a second in batches, beside inserting the bare payloads into PostgreSQL.

    python -m benchmarks.lineage [--batches 20] [--size 100]

Each run of a job is two events: START, and COMPLETE with schemas and the lineage of ten columns. `new` jobs and tables
are made by their first run; `known` ones run again. The bare rows are the same JSON in a table with one column, each
batch one transaction.
"""

import argparse
import time
from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import uuid4

from benchmarks.ground import console, seconds, table

WANTED = 500  # events a second
COLUMNS = 10
WIDE = 10_000
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
PRODUCER = "https://example.com/benchmark"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--size", type=int, default=100)
    options = parser.parse_args()
    with console():
        rows = [
            measure(name, list(batches(options.batches, options.size, day=day)))
            for name, day in (("new", 1), ("known", 2))
        ]
        wide = measure_wide()
    header = ["jobs and tables", "events/s", "median batch, ms", "bare rows/s", "ratio", "wanted"]
    print(table(header, rows))
    print(f"\nOne event with {WIDE:,} columns on either side: {wide:.1f} s.")


def batches(count: int, size: int, *, day: int) -> Iterator[list[dict[str, Any]]]:
    for batch in range(count):
        yield [event for number in range(size // 2) for event in run(f"{batch}_{number}", COLUMNS, day=day)]


def run(job: str, columns: int, *, day: int) -> list[dict[str, Any]]:
    """START and COMPLETE of one job that fills one table from another one."""
    source, target = (
        {"namespace": "postgres://warehouse:5432", "name": f"shop.{side}.t{job}"} for side in ("raw", "clean")
    )
    names = [f"column_{number}" for number in range(columns)]
    schema = facet(fields=[{"name": name, "type": "varchar"} for name in names])
    how = [{"type": "DIRECT", "subtype": "IDENTITY", "description": "", "masking": False}]
    fields = {name: {"inputFields": [{**source, "field": name, "transformations": how}]} for name in names}
    told = {"schema": schema, "columnLineage": facet(fields=fields)}
    common = {
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
        "run": {"runId": str(uuid4())},
        "job": {"namespace": "benchmark", "name": job},
    }
    return [
        {**common, "eventType": "START", "eventTime": f"2026-01-{day:02}T00:00:00Z"},
        {
            **common,
            "eventType": "COMPLETE",
            "eventTime": f"2026-01-{day:02}T00:05:00Z",
            "inputs": [{**source, "facets": {"schema": schema}}],
            "outputs": [{**target, "facets": told}],
        },
    ]


def facet(**content: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": SCHEMA, **content}


def measure(name: str, given: list[list[dict[str, Any]]]) -> list[str]:
    from catalog.lineage.receiving import receive  # noqa: PLC0415  Django is set up now

    times, bare = [], []
    for batch in given:
        started = time.perf_counter()
        failures = receive(batch)
        times.append(time.perf_counter() - started)
        assert failures == [], failures
        bare.append(seconds(lambda batch=batch: insert(batch)))  # type: ignore[misc]
    events = sum(map(len, given))
    rate, bare_rate = events / sum(times), events / sum(bare)
    verdict = f"at least {WANTED:,} events/s: {'reached' if rate >= WANTED else 'MISSED'}"
    return [
        name,
        f"{rate:,.0f}",
        f"{1_000 * median(times):.0f}",
        f"{bare_rate:,.0f}",
        f"{rate / bare_rate:.2f}",
        verdict,
    ]


def insert(batch: list[dict[str, Any]]) -> None:
    """One INSERT of the payloads into a table of their own."""
    from django.db import connection, transaction  # noqa: PLC0415
    from psycopg.types.json import Jsonb  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bare_payload (payload jsonb)")
        cursor.execute(
            "INSERT INTO bare_payload SELECT * FROM unnest(%s::jsonb[])", [[Jsonb(event) for event in batch]]
        )


def measure_wide() -> float:
    from catalog.lineage.receiving import receive  # noqa: PLC0415

    event = run("wide", WIDE, day=1)[1]
    started = time.perf_counter()
    assert receive([event]) == []
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
