"""Delivering to a table, and reading from one."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.models import DataSet, System
from retention.anonymization import requesting, staging
from retention.anonymization.destinations import DestinationError
from retention.anonymization.models import Run
from tests.retention.anonymization.people import ask, customers, worked, write
from tests.services.fixtures import Database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_techniques")]


def test_a_table_becomes_a_new_table(store: System, pg_database: Database):
    run = worked(ask("Shop/public.customer", "Shop / safe.customer"))
    assert (run.outcome, run.problem) == ("delivered", "")
    assert (run.source, run.location) == ("Shop / public.customer", "Shop / safe.customer")
    rows = pg_database.execute("SELECT id, email, city, spent FROM safe.customer ORDER BY id")
    assert len(rows) == 30
    assert (rows[0][0], len(rows[0][1]), rows[0][2:]) == (1, 16, ("Lyon", 0.25))
    assert rows[6][1] is None
    assert [name for (name,) in tables(pg_database)] == ["customer"]
    comment = pg_database.execute("SELECT obj_description('safe.customer'::regclass)")
    assert comment == [(f"Anonymized by the privacy governance console, job {run.pk.hex}",)]


def tables(database: Database) -> list:
    return database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'safe' ORDER BY 1")


def test_the_catalog_alone_is_enough_to_decide(store: System, pg_database: Database):
    run = worked(ask("Shop/public.customer", "Shop/customer", rules={}))
    assert run.outcome == "delivered"
    made = {rule["column"]: rule["technique"] for rule in run.rules["rules"]}
    assert made == {"id": "keep", "name": "drop", "email": "pseudonym", "city": "keep", "spent": "keep"}
    assert run.watched == ["email"]


def test_a_table_is_replaced_only_if_a_job_made_it_and_on_demand(store: System, pg_database: Database):
    pg_database.execute("CREATE TABLE safe.mine (id int)")
    with pytest.raises(DestinationError, match="is there already"):
        ask("Shop/public.customer", "Shop/mine")
    with pytest.raises(DestinationError, match="is not what an earlier job delivered"):
        ask("Shop/public.customer", "Shop/mine", overwrite=True)
    worked(ask("Shop/public.customer", "Shop/customer"))
    pg_database.execute("DELETE FROM customer WHERE id > 10")
    with pytest.raises(DestinationError, match="is there already"):
        ask("Shop/public.customer", "Shop/customer")
    assert worked(ask("Shop/public.customer", "Shop/customer", overwrite=True)).outcome == "delivered"
    assert pg_database.execute("SELECT count(*) FROM safe.customer") == [(10,)]


def test_a_table_that_appears_meanwhile_stays_and_nothing_is_left(store: System, pg_database: Database):
    run = ask("Shop/public.customer", "Shop/customer")
    pg_database.execute("CREATE TABLE safe.customer (id int)")
    ended = worked(run)
    assert (ended.outcome, "is there already" in ended.problem) == ("failed", True)
    assert tables(pg_database) == [("customer",)]
    assert not staging.staging_of(ended).exists()


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ("Shop/public.other", "to the schema safe of Shop only"),
        ("Shop/" + "x" * 60, "cannot be the name of a table"),
        ("Shop/", "The output has no name"),
    ],
)
def test_a_destination_that_is_not_allowed_is_refused(store: System, destination: str, said: str):
    with pytest.raises(DestinationError, match=said):
        ask("Shop/public.customer", destination)
    assert not Run.objects.exists()


def test_the_source_is_no_destination(store: System):
    store.outlet.inside = "public"
    store.outlet.save()
    with pytest.raises(DestinationError, match="is the source"):
        ask("Shop/public.customer", "Shop/customer", overwrite=True)


def test_without_the_right_to_make_tables_it_is_refused(store: System, pg_server, pg_database: Database):
    reader = pg_server.create_login(pg_database)
    pg_database.execute(
        f"GRANT USAGE ON SCHEMA safe TO {reader.user}; GRANT SELECT ON customer TO {reader.user}"
    )
    store.set_settings(store.all_settings() | {"user": reader.user, "password": reader.password})
    store.save()
    with pytest.raises(DestinationError, match="may not make tables in safe"):
        ask("Shop/public.customer", "Shop/customer")


def test_a_database_that_went_away_fails_the_job_and_it_can_be_started_again(
    store: System, pg_database: Database, tmp_path: Path
):
    write(tmp_path / "in.parquet", customers(20))
    run = ask(tmp_path / "in.parquet", "Shop/customer")
    settings = dict(store.settings)
    System.objects.update(settings=settings | {"port": 1})
    ended = worked(run)
    assert ended.outcome == "failed"
    assert "the database does not answer, or refuses" in ended.problem
    assert pg_database.password not in ended.problem
    System.objects.update(settings=settings)
    assert worked(requesting.resume(ended)).outcome == "delivered"
    assert pg_database.execute("SELECT count(*) FROM safe.customer") == [(20,)]


def test_many_types_go_into_a_table(store: System, pg_database: Database, tmp_path: Path):
    pg_database.execute(
        """
        CREATE TABLE typed (n int, d date, t timestamptz, b boolean, x bytea, j jsonb, p numeric(10, 2), a text[]);
        INSERT INTO typed VALUES (1, '2024-02-29', '2024-02-29 12:00+01', true, '\\x00ff', '{"a": 1}', 12.50, '{x,y}'),
            (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        """
    )
    DataSet.objects.create(system=store, name="public.typed", kind="table")
    rules = dict.fromkeys("ndtbxjpa", "keep")
    assert worked(ask("Shop/public.typed", "Shop/typed", rules=rules)).problem == ""
    query = "SELECT n, d, t, b, x, p::text FROM {} ORDER BY n"
    assert pg_database.execute(query.format("safe.typed")) == pg_database.execute(
        query.format("public.typed")
    )
