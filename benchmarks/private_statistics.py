"""Group means with noise against the bare sums, and charges of one budget by many at once.

.venv/bin/python -m benchmarks.private_statistics
"""

import threading
from collections.abc import Callable
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from audit.ledger.context import Actor, acting
from benchmarks.ground import console, seconds, table

SIZES = (300_000, 3_000_000)
GROUPS = [str(number) for number in range(12)]
TODAY = date(2026, 1, 1)
BATCH = 100_000
REPEATS = 3
# The same means through opendp 0.16's polars layer, measured before on a like machine; it pins an old polars.
POLARS = {300_000: 1.7, 3_000_000: 1.8}


def people(rows: int) -> pa.Table:
    """Three rows for each person; the person as a number and as text."""
    random = np.random.default_rng(1)
    persons = random.integers(0, rows // 3, rows)
    return pa.table(
        {
            "person": persons,
            "name": pa.array(persons.astype(str)),
            "group": pa.array(random.integers(0, len(GROUPS), rows).astype(str)),
            "value": random.random(rows) * 100,
        }
    )


def bare(rows: pa.Table) -> Callable[[], object]:
    """The limit: sums and numbers of clamped cents by group, with no bound on anybody and no noise."""

    def work() -> None:
        for batch in rows.to_batches(max_chunksize=BATCH):
            codes = pc.index_in(batch["group"], pa.array(GROUPS)).to_numpy()
            cents = np.rint(np.clip(batch["value"].to_numpy(), 0, 50) * 100)
            np.bincount(codes, weights=cents, minlength=len(GROUPS))
            np.bincount(codes, minlength=len(GROUPS))

    return work


def means(rows: pa.Table, **bounds: object) -> Callable[[], object]:
    """Bounded totals and their noise, as a release makes them."""
    from retention.statistics.aggregates import aggregate  # noqa: PLC0415  after django.setup
    from retention.statistics.pricing import plan  # noqa: PLC0415
    from retention.statistics.queries import Query  # noqa: PLC0415
    from retention.statistics.releasing import draw  # noqa: PLC0415

    query = Query(
        kind="mean",
        unit="epsilon",
        amount=10**9,
        value="value",
        lower=0,
        upper=5000,
        decimals=2,
        grouping="keys",
        group="group",
        keys=tuple(GROUPS),
        **bounds,  # type: ignore[arg-type]
    )
    planned = plan(query)

    def work() -> None:
        reading = aggregate(lambda: iter(rows.to_batches(max_chunksize=BATCH)), query, today=TODAY)
        while True:
            try:
                next(reading)
            except StopIteration as done:
                draw(planned, done.value)
                return

    return work


def best(work: Callable[[], object]) -> float:
    return min(seconds(work) for _ in range(REPEATS))


def group_means() -> list[list[str]]:
    lines = []
    for size in SIZES:
        rows = people(size)
        limit = best(bare(rows))
        ways = {
            "each row one person": {},
            "1 row of each person, a number": {"person": "person"},
            "3 rows in 2 groups, a number": {
                "person": "person",
                "rows_per_person": 3,
                "groups_per_person": 2,
            },
            "1 row of each person, a text": {"person": "name"},
        }
        for name, bounds in ways.items():
            taken = best(means(rows, **bounds))
            lines.append(
                [
                    f"{size:,}",
                    name,
                    f"{taken:.3f} s",
                    f"{limit:.3f} s",
                    f"{taken / limit:.1f}",
                    f"{POLARS[size]} s",
                ]
            )
    return lines


def charges(threads: int, each: int) -> float:
    """Charges a second when `threads` charge one budget at once."""
    from catalog.models import DataSet, System  # noqa: PLC0415
    from retention.statistics import budgets  # noqa: PLC0415
    from retention.statistics.models import FIRST_DAY, Release  # noqa: PLC0415

    system = System.objects.create(name=f"Shop {threads}", kind="postgresql")
    budget = budgets.set_budget(
        DataSet.objects.create(system=system, name="orders", kind="table"), limit="1000", period="once"
    )
    releases = Release.objects.bulk_create(
        Release(budget=budget, title="Sum", query={}, fingerprint=str(n), period_start=FIRST_DAY)
        for n in range(threads * each)
    )

    def charge(mine: list[Release]) -> None:
        with acting(Actor("system", "benchmark")):
            for release in mine:
                budgets.reserve(budget, release, amount=1000, delta=0, what="Sum")
        connection.close()

    workers = [
        threading.Thread(target=charge, args=[releases[n * each : (n + 1) * each]]) for n in range(threads)
    ]

    def work() -> None:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    taken = seconds(work)
    assert budgets.standing(budget).spent == 1000 * threads * each
    return threads * each / taken


def main() -> None:
    with console():
        head = ["rows", "mean of 12 groups", "taken", "bare sums", "ratio", "opendp's polars layer"]
        print(table(head, group_means()))
        lines = [[str(n), f"{charges(n, 1_000 // n):,.0f}"] for n in (1, 8, 50)]
        print(table(["at once", "charges of one budget a second"], lines))


if __name__ == "__main__":
    main()
