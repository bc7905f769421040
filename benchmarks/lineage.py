"""The OpenLineage receiver: events a second in batches, beside inserting the bare payloads into PostgreSQL.

    python -m benchmarks.lineage [--batches 20] [--size 100]

Each run of a job is two events: START, and COMPLETE with schemas and the lineage of ten columns. `new` jobs and tables
are made by their first run; `known` ones run again. The bare rows are the same JSON in a table with one column, each
batch one transaction. Where others use the machine, look at the events a CPU second: of this process and of its
PostgreSQL backend together.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
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
        new = measure(list(batches(options.batches, options.size, day=1)))
        known = measure(list(batches(options.batches, options.size, day=2)))
        wide = measure_wide()
    header = [
        "jobs and tables",
        "events/s",
        "events/CPU-s",
        "median batch, ms",
        "bare rows/s",
        "ratio",
        "wanted",
    ]
    print(table(header, [new.row("new"), known.row("known")]))
    print(f"\nNew ones at {new.rate / known.rate:.2f} of the speed of known ones.")
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


@dataclass(frozen=True)
class Speed:
    """Events a second and a CPU second with the receiver, rows a second without, and milliseconds for a batch."""

    rate: float
    of_cpu: float
    bare: float
    batch: float

    def row(self, name: str) -> list[str]:
        verdict = f"at least {WANTED:,} events/s: {'reached' if self.rate >= WANTED else 'MISSED'}"
        numbers = [
            f"{self.rate:,.0f}",
            f"{self.of_cpu:,.0f}",
            f"{self.batch:.0f}",
            f"{self.bare:,.0f}",
            f"{self.rate / self.bare:.2f}",
        ]
        return [name, *numbers, verdict]


def measure(given: list[list[dict[str, Any]]]) -> Speed:
    from catalog.lineage.receiving import receive  # noqa: PLC0415  Django is set up now

    times, bare, cpu = [], [], 0.0
    for batch in given:
        started, used = time.perf_counter(), cpu_seconds()
        failures = receive(batch)
        times.append(time.perf_counter() - started)
        cpu += cpu_seconds() - used
        assert failures == [], failures
        bare.append(seconds(lambda batch=batch: insert(batch)))  # type: ignore[misc]
    events = sum(map(len, given))
    return Speed(events / sum(times), events / cpu, events / sum(bare), 1_000 * median(times))


def cpu_seconds() -> float:
    """Of this process and of its backend in PostgreSQL, which runs on this machine. Linux."""
    from django.db import connection  # noqa: PLC0415

    connection.ensure_connection()
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    return time.process_time() + int(backend.split()[0]) / 1e9


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
