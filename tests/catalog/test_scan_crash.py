"""A scan of a thousand tables in the hands of a worker that is killed, and one of a table that hangs."""

import time
from collections.abc import Callable

import pytest

from catalog import registering, scanning
from catalog.models import Column, DataSet, System
from governance.console.jobs import revive
from governance.console.models import Job
from tests.catalog.chinook import settings_of
from tests.services.fixtures import Database
from tests.services.worker import worker

TABLES = 1_000
KILLS = 2
MAKE = f"""
DO $$ BEGIN FOR n IN 1..{TABLES} LOOP
  EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, email text)', n);
  EXECUTE format('INSERT INTO t%s SELECT i, ''p'' || i || ''@example.org'' FROM generate_series(1, 5) i', n);
END LOOP; END $$
"""


def scanned_at() -> dict[int, object]:
    return dict(DataSet.objects.exclude(scanned_at=None).values_list("pk", "scanned_at"))


def wait_for(condition: Callable[[], bool], *, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, Job.objects.values_list("state", "done", "message")
        revive()
        time.sleep(0.2)


@pytest.mark.django_db(transaction=True)
def test_a_scan_of_a_thousand_tables_survives_kills(pg_database: Database):
    pg_database.execute(MAKE)
    system = registering.add(
        name="Warehouse", kind="postgresql", settings=settings_of(pg_database), region="DE"
    )
    job = scanning.request(system)
    before: dict[int, object] = {}
    for _ in range(KILLS):
        with worker():
            more = len(before) + 100
            wait_for(lambda more=more: len(scanned_at()) >= more, seconds=120)  # type: ignore[misc]
        now = scanned_at()
        assert before.items() <= now.items()
        assert len(now) < TABLES, "the kill came too late"
        before = now
    with worker():
        wait_for(lambda: Job.objects.get(pk=job.pk).finished, seconds=240)

    job.refresh_from_db()
    assert (job.state, job.message) == ("done", f"Scanned {2 * TABLES} columns of {TABLES} data sets.")
    assert job.attempt == KILLS + 1
    after = scanned_at()
    assert len(after) == TABLES
    assert before.items() <= after.items()  # what had been read was not read again
    assert Column.objects.filter(name="email", category="contact.email").count() == TABLES


@pytest.mark.django_db(transaction=True)
def test_a_table_that_hangs_is_named_and_the_others_are_scanned(
    pg_database: Database, work: Callable[[], list[Job]]
):
    pg_database.execute(
        "CREATE TABLE quick (email text); INSERT INTO quick VALUES ('a@example.org'), ('b@example.org');"
        "CREATE TABLE stuck (email text); INSERT INTO stuck VALUES ('c@example.org')"
    )
    settings = {**settings_of(pg_database), "statement_timeout": 2}
    system = registering.add(name="Shop", kind="postgresql", settings=settings, region="DE")
    with pg_database.connect() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE stuck IN ACCESS EXCLUSIVE MODE")
        scanning.request(system)
        (job,) = (ended for ended in work() if ended.kind == "catalog.scan")
    assert (job.state, job.message) == ("done", "Scanned 2 columns of 2 data sets. 1 could not be read.")
    stuck, quick = DataSet.objects.get(name="public.stuck"), DataSet.objects.get(name="public.quick")
    assert (quick.problem, quick.columns.get().category) == ("", "contact.email")
    assert "public.stuck" in stuck.problem
    assert stuck.scanned_at is None
    assert System.objects.get().problem == ""
