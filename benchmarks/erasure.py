"""Erase one person with 10,000 rows in a child table, beside the one SQL statement that would do it by hand.

    python -m benchmarks.erasure [--rows 10000] [--runs 5]

Times are medians over runs on the same servers; trust the ratios.
"""

import argparse
import os
from statistics import median
from urllib.parse import urlsplit

from benchmarks.ground import console, seconds, table

LIMIT_SECONDS = 2.0  # search again included


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with console():
        measured = [measure(options.rows, run) for run in range(options.runs + 1)][
            1:
        ]  # the first run warms up
    print(report(options.rows, measured))


def measure(rows: int, run: int) -> dict[str, float]:
    """One erasure by the console and one by hand, in databases of the same content."""
    from erasure.executing import execute  # noqa: PLC0415  Django is set up now
    from erasure.models import Plan, SubjectRequest  # noqa: PLC0415
    from erasure.planning import make_plan  # noqa: PLC0415
    from erasure.requests import identity, intake  # noqa: PLC0415
    from erasure.searching import find_person  # noqa: PLC0415
    from tests.erasure import estate  # noqa: PLC0415
    from tests.services.fixtures import Database, Server  # noqa: PLC0415

    parts = urlsplit(os.environ["TEST_SUPERUSER_URL"])
    server = Server(
        Database(
            parts.hostname or "", parts.port or 5432, "postgres", parts.username or "", parts.password or ""
        )
    )
    database, by_hand = server.create_database(), server.create_database()
    for store in (database, by_hand):
        store.execute(
            "CREATE TABLE customer (id int PRIMARY KEY, email text NOT NULL);"
            "CREATE TABLE event (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, ip text);"
            "CREATE INDEX ON event (customer_id);"
            "INSERT INTO customer SELECT n, 'p' || n || '@example.org' FROM generate_series(1, 1000) n;"
        )
        store.execute(
            "INSERT INTO event SELECT n, CASE WHEN n <= %s THEN 1 ELSE n %% 999 + 2 END, '10.0.0.1' "
            "FROM generate_series(1, %s) n",
            [rows, 10 * rows],
        )
        store.execute("ANALYZE")
    system = estate.register(database, name=f"benchmark {run}")
    estate.label(
        system,
        {
            "customer.email": ("contact.email", "direct"),
            "event.id": ("none.operational", "none"),
            "event.ip": ("online.ip", "quasi"),
        },
    )
    estate.own_all_links(system)
    request = intake.receive(kind="erasure", identifiers=[("contact.email", "p1@example.org")], channel="api")
    identity.confirm_by_officer(request, how="benchmark")
    times = {
        "search": seconds(lambda: list(find_person(request))),
        "plan and rehearse": seconds(lambda: list(make_plan(request, by=None))),
    }
    plan = Plan.objects.select_related("request").get(request=request)
    Plan.objects.filter(pk=plan.pk).update(state="approved")
    SubjectRequest.objects.filter(pk=request.pk).update(state="approved")
    plan = Plan.objects.select_related("request").get(pk=plan.pk)
    times["erase and verify"] = seconds(lambda: list(execute(plan)))
    request.refresh_from_db()
    assert (request.state, request.outcome) == ("complete", "erased"), request.problem
    assert database.execute("SELECT count(*) FROM event WHERE customer_id = 1") == [(0,)]
    times["one SQL statement"] = seconds(
        lambda: by_hand.execute(
            "WITH gone AS (DELETE FROM event WHERE customer_id = 1) DELETE FROM customer WHERE id = -1"
        )
    )
    system.data_sets.update(gone_at="2000-01-01T00:00Z")  # later runs search their own store only
    for store in (database, by_hand):
        server.drop_database(store)
    return times


def report(rows: int, measured: list[dict[str, float]]) -> str:
    by_hand = median(times["one SQL statement"] for times in measured)
    lines = []
    for name in measured[0]:
        value = median(times[name] for times in measured)
        lines.append([name, f"{value:.3f}", f"{value / by_hand:.1f}"])
    whole = median(times["erase and verify"] for times in measured)
    verdict = "within" if whole <= LIMIT_SECONDS else "BEYOND"
    header = [f"one person, {rows:,} child rows", "seconds (median)", "ratio to one SQL statement"]
    return f"{table(header, lines)}\n\nErasure with verification: {whole:.2f} s, {verdict} {LIMIT_SECONDS:.0f} s."


if __name__ == "__main__":
    main()
