"""Find 1,000 persons at once in ten tables, beside finding one, and one person with very many rows.

    python -m benchmarks.finding [--rows 100000] [--persons 1000] [--many 1000000]

`--rows` are those of each of the ten tables; `--many` those of the one person. Times are of one run on the same
server as the console's own database; trust the ratios.
"""

import argparse
import os
import resource
from urllib.parse import urlsplit

from benchmarks.ground import console, seconds, table

TABLES = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--persons", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    options = parser.parse_args()
    with console():
        print(measure(options.rows, options.persons, options.many))


def measure(rows: int, persons: int, many: int) -> str:
    from erasure.requests import identity, intake  # noqa: PLC0415  Django is set up now
    from erasure.searching import find_persons  # noqa: PLC0415
    from tests.erasure import estate  # noqa: PLC0415
    from tests.services.fixtures import Database, Server  # noqa: PLC0415

    parts = urlsplit(os.environ["TEST_SUPERUSER_URL"])
    own = Database(
        parts.hostname or "", parts.port or 5432, "postgres", parts.username or "", parts.password or ""
    )
    server = Server(own)
    database = server.create_database()
    database.execute(
        "CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL);"
        f"INSERT INTO person SELECT n, 'p' || n || '@example.org' FROM generate_series(1, {rows // 10}) n;"
        "CREATE INDEX ON person (lower(btrim(email)))"
    )
    labels = {"person.email": ("contact.email", "direct"), "person.id": ("none.operational", "none")}
    for number in range(1, TABLES):
        name = f"event_{number}"
        database.execute(
            f"CREATE TABLE {name} (id int PRIMARY KEY, person_id int NOT NULL REFERENCES person, ip inet);"
            f"INSERT INTO {name} SELECT n, n % {rows // 10} + 1, '10.0.0.1' FROM generate_series(1, {rows}) n;"
            f"CREATE INDEX ON {name} (person_id)"
        )
        labels |= {f"{name}.{column}": ("none.operational", "none") for column in ("id", "person_id", "ip")}
    first = rows // 10 + 1
    database.execute(
        f"INSERT INTO person VALUES ({first}, 'many@example.org');"
        f"INSERT INTO event_1 SELECT n, {first}, '10.0.0.2' FROM generate_series({rows + 1}, {rows + many}) n"
    )
    database.execute("ANALYZE")
    system = estate.register(database, name="benchmark")
    estate.label(system, labels)
    estate.own_all_links(system)

    def request_for(name: str) -> object:
        request = intake.receive(
            kind="erasure", identifiers=[("contact.email", f"{name}@example.org")], channel="api"
        )
        identity.confirm_by_officer(request, how="benchmark")
        return request

    one = [request_for("p1")]
    all_of_them = [request_for(f"p{number}") for number in range(2, persons + 2)]
    crowd = [request_for("many")]
    list(find_persons([request_for("warm-up")]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = []
    for label, requests in (
        ("one person", one),
        (f"{persons:,} persons", all_of_them),
        (f"one with {many:,} rows", crowd),
    ):
        took = seconds(lambda requests=requests: list(find_persons(requests)))
        found = sum(hit.rows for request in requests for hit in request.hits.all())
        lines.append([label, f"{found:,}", f"{took:.2f}", f"{len(requests) / took:.1f}"])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    server.drop_database(database)
    header = [f"{TABLES} tables of {rows:,} rows", "rows found", "seconds", "persons a second"]
    return f"{table(header, lines)}\n\nMemory grew by {grown:.0f} MB at most."


if __name__ == "__main__":
    main()
