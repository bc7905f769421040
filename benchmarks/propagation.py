"""Propagation of labels along lineage: columns a second, the first time, again, and after one change.

    python -m benchmarks.propagation [--edges 100000]

Five layers of tables, each made from the one before; two thirds of the edges copy, the rest transform, mask, aggregate
or join. Some lead back, so that there are cycles.
"""

import argparse
import random
import resource

from benchmarks.ground import console, seconds, table

LAYERS, WIDTH = 5, 20  # layers of tables, columns in each
WANTED = 2_000  # columns a second, the first time
KINDS = [("direct", "IDENTITY", False)] * 8 + [
    ("direct", "TRANSFORMATION", False),
    ("direct", "TRANSFORMATION", True),
    ("direct", "AGGREGATION", True),
    ("indirect", "JOIN", False),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=100_000)
    options = parser.parse_args()
    with console():
        fill(options.edges)
        runs = [measure("first run, everything new"), measure("again, nothing changed")]
        change_one()
        runs.append(measure("after one table was reviewed"))
    print(report(options.edges, runs))


def fill(edges: int) -> None:
    """A column for each edge; the first layer has a label each."""
    from django.db import connection  # noqa: PLC0415  Django is set up now
    from django.utils import timezone  # noqa: PLC0415

    from catalog.models import Column, DataSet, Edge, Label, System  # noqa: PLC0415

    chance, now = random.Random(7), timezone.now()
    system = System.objects.create(name="Estate", kind="external")
    sets = DataSet.objects.bulk_create(
        (DataSet(system=system, name=f"t{n}", kind="table") for n in range(edges // WIDTH)), batch_size=5_000
    )
    columns = Column.objects.bulk_create(
        (
            Column(data_set=data_set, name=f"c{n}", position=n, data_type="text", kind="text")
            for data_set in sets
            for n in range(WIDTH)
        ),
        batch_size=5_000,
    )
    layer = len(columns) // LAYERS
    Label.objects.bulk_create(
        (
            Label(
                column=column,
                origin="scan",
                category="contact.email",
                sensitivity="direct",
                confidence=0.95,
                evidence=[{"origin": "name", "weight": 0.95, "detail": "Its name."}],
                state="suggested",
                detector="1",
            )
            for column in columns[:layer]
        ),
        batch_size=5_000,
    )

    def edge(number: int) -> Edge:
        at = layer + number % (len(columns) - layer)
        source, target = columns[at - layer + chance.randrange(-50, 50)], columns[at]
        if number % 100 == 0:
            source, target = target, source
        kind, subtype, masking = chance.choice(KINDS)
        return Edge(
            source_id=source.data_set_id,
            source_column=source,
            target_id=target.data_set_id,
            target_column=target,
            origin="event",
            kind=kind,
            subtype=subtype,
            masking=masking,
            first_seen_at=now,
            last_seen_at=now,
        )

    Edge.objects.bulk_create((edge(n) for n in range(edges)), batch_size=5_000, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does of its own accord soon after


def change_one() -> None:
    from catalog.models import Column  # noqa: PLC0415  Django is set up now

    first = Column.objects.order_by("pk").values_list("data_set", flat=True)[0]
    Column.objects.filter(data_set=first).update(state="confirmed", category="none", sensitivity="none")


def measure(name: str) -> tuple[str, float, int, str]:
    """The job from start to end: name, seconds, columns with lineage labels, what it said."""
    from catalog.lineage import propagation  # noqa: PLC0415  Django is set up now
    from catalog.models import Label  # noqa: PLC0415
    from governance.console import jobs  # noqa: PLC0415
    from governance.console.models import Job  # noqa: PLC0415

    propagation.request()
    waiting = Job.objects.get(kind=propagation.KIND, state="queued")
    took = seconds(lambda: jobs.run(str(waiting.pk)))
    waiting.refresh_from_db()
    assert waiting.state == "done", waiting.message
    labelled = Label.objects.filter(origin="lineage", state="suggested").values("column").distinct().count()
    return name, took, labelled, waiting.message


def report(edges: int, runs: list[tuple[str, float, int, str]]) -> str:
    rows = [
        [name, f"{took:.1f}", f"{count:,}", f"{count / took:,.0f}", said] for name, took, count, said in runs
    ]
    speed = runs[0][2] / runs[0][1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = table(["Run", "seconds", "columns", "columns/s", "said"], rows)
    verdict = "reached" if speed >= WANTED else "missed"
    return (
        f"{told}\n\n{edges:,} edges; {peak:,.0f} MB at most; {WANTED:,} columns/s the first time: {verdict}"
    )


if __name__ == "__main__":
    main()
