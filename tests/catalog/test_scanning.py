"""Scans of real stores: evidence, repetition, crashes, cancel, and what cannot be read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import registering, reviewing, scanning
from catalog.models import Column, DataSet, Label, System
from governance.console import jobs
from governance.console.models import Job, User
from tests.catalog.chinook import settings_of
from tests.catalog.ledger import facts_of
from tests.services.fixtures import Database, Server

Find = Callable[[str], Column]
Work = Callable[[], list[Job]]


def scan(system: System, work: Work) -> Job:
    queued = scanning.request(system)
    return next(ended for ended in work() if ended.pk == queued.pk)


def email_label(column: Find) -> Label:
    return column("customer.email").labels.get(category="contact.email")


def test_a_scan_says_what_each_column_is_and_why(scanned: System, column: Find, sequenced: Callable):
    email = column("customer.email")
    assert (email.category, email.sensitivity, email.state) == ("contact.email", "direct", "unreviewed")
    assert email.confidence > 0.9
    assert (email.sampled, email.distinct) == (12, 12)
    assert column("track.milliseconds").category == "none.operational"
    label = email_label(column)
    assert (label.origin, label.state, label.contained) == ("scan", "suggested", False)
    assert {item["origin"] for item in label.evidence} >= {"name", "pattern"}
    assert scanned.scanned_at is not None
    assert facts_of(sequenced()[-2]) == ("system.scanned", {"data_sets": 7, "columns": 35, "problems": 0})


def test_examples_are_masked(scanned: System, column: Find, pg_database: Database):
    stored = json.dumps([label.evidence for label in Label.objects.all()])
    for (value,) in pg_database.execute(
        "SELECT unnest(ARRAY[email, phone, last_name, address]) FROM customer"
    ):
        assert value not in stored
    pattern = next(i for i in email_label(column).evidence if i["origin"] == "pattern")
    assert pattern["examples"][0].endswith(".no")
    assert "*" in pattern["examples"][0]


def test_scanning_twice_writes_nothing_new(scanned: System, work: Work):
    labels = list(Label.objects.order_by("pk").values())
    columns = list(Column.objects.order_by("pk").values())
    assert scan(scanned, work).state == "done"
    assert list(Label.objects.order_by("pk").values()) == labels
    assert list(Column.objects.order_by("pk").values()) == columns


def test_a_second_request_while_one_waits_is_the_same_job(shop: System):
    assert scanning.request(shop) == scanning.request(shop)
    assert scanning.request(shop, kind="catalog.crawl") != scanning.request(shop)


def test_a_scan_that_died_goes_on_without_reading_a_table_twice(
    shop: System, monkeypatch: pytest.MonkeyPatch
):
    read: list[str] = []
    original = scanning.scan_data_set

    def counting(data_set: DataSet, connector: object) -> tuple[int, str]:
        read.append(data_set.name)
        return original(data_set, connector)

    monkeypatch.setattr(scanning, "scan_data_set", counting)
    queued = scanning.request(shop)
    claimed = jobs.claim(str(queued.pk))
    assert claimed
    steps = scanning.scan(claimed, **claimed.arguments)
    while len(read) < 3:
        jobs._save([claimed], next(steps))
    jobs._save([claimed], next(steps))  # the third is saved; then the worker dies
    steps.close()
    Job.objects.filter(pk=queued.pk).update(state="queued")
    ended = jobs.run(str(queued.pk))
    assert ended
    assert (ended.state, ended.attempt) == ("done", 2)
    assert sorted(read) == sorted(DataSet.objects.values_list("name", flat=True))
    assert ended.message == "Scanned 35 columns of 7 data sets."
    assert ended.done == ended.total == 7


def test_cancel_stops_between_two_tables(shop: System, monkeypatch: pytest.MonkeyPatch):
    original = scanning.scan_data_set
    queued = scanning.request(shop)

    def cancelling(data_set: DataSet, connector: object) -> tuple[int, str]:
        jobs.cancel(queued)
        return original(data_set, connector)

    monkeypatch.setattr(scanning, "scan_data_set", cancelling)
    ended = jobs.run(str(queued.pk))
    assert ended
    assert ended.state == "cancelled"
    assert DataSet.objects.exclude(scanned_at=None).count() == 1


def test_a_confirmed_column_is_questioned_and_keeps_its_verdict(
    scanned: System, column: Find, work: Work, pg_database: Database, dana: User
):
    city = column("customer.city")
    reviewing.confirm([city], by=dana)
    pg_database.execute("UPDATE customer SET city = email")
    scan(scanned, work)
    city.refresh_from_db()
    assert (city.category, city.state, city.questioned) == ("contact.address.city", "confirmed", True)
    reviewing.confirm([city], by=dana)
    scan(scanned, work)
    city.refresh_from_db()
    assert city.questioned is False


def test_an_unreviewed_column_follows_its_values(
    scanned: System, column: Find, work: Work, pg_database: Database
):
    pg_database.execute("UPDATE customer SET city = email")
    scan(scanned, work)
    assert column("customer.city").category == "contact.email"
    pg_database.execute("UPDATE customer SET city = 'Oslo'")
    scan(scanned, work)
    city = column("customer.city")
    assert city.category == "contact.address.city"
    assert city.labels.get(category="contact.email").state == "superseded"


def test_a_rejected_suggestion_does_not_come_back(scanned: System, column: Find, work: Work, dana: User):
    title = column("employee.title")
    assert title.category == "employment.occupation"
    reviewing.reject([title], by=dana)
    scan(scanned, work)
    title.refresh_from_db()
    assert title.category != "employment.occupation"
    assert title.state == "unreviewed"


def test_an_empty_table_is_judged_by_its_names(shop: System, column: Find, work: Work, pg_database: Database):
    pg_database.execute("CREATE TABLE subscriber (email text, created_at timestamp)")
    scan(shop, work)
    email = column("subscriber.email")
    assert (email.category, email.sampled, email.distinct) == ("contact.email", 0, 0)
    assert {item["origin"] for item in email.labels.get(category="contact.email").evidence} == {"name"}


def test_a_table_that_cannot_be_read_does_not_stop_the_others(
    shop: System, work: Work, column: Find, pg_database: Database, pg_server: Server
):
    reader = pg_server.create_login(pg_database)
    pg_database.execute(f"GRANT SELECT ON customer, employee TO {reader.user}")
    limited = registering.add(name="Limited", kind="postgresql", settings=settings_of(reader))
    ended = scan(limited, work)
    assert (ended.state, ended.message) == (
        "done",
        "Scanned 35 columns of 7 data sets. 5 could not be read.",
    )
    invoice = limited.data_sets.get(name="public.invoice")
    assert invoice.problem == "This user may not read the table. Grant it SELECT on the table."
    assert invoice.scanned_at is None
    assert invoice.columns.get(name="billing_address").category == "contact.address.street"
    assert limited.data_sets.get(name="public.customer").columns.get(name="email").sampled == 12


def test_a_store_that_is_gone_fails_the_job_with_a_sentence(
    scanned: System, work: Work, pg_database: Database, pg_server: Server
):
    before = list(Column.objects.values())
    pg_server.drop_database(pg_database)
    ended = scan(scanned, work)
    assert ended.state == "failed"
    assert pg_database.name in ended.message or pg_database.user in ended.message
    assert pg_database.password not in ended.message
    scanned.refresh_from_db()
    assert scanned.problem == ended.message
    assert list(Column.objects.values()) == before


def test_a_store_that_never_answers_fails_the_job(shop: System, work: Work):
    System.objects.filter(pk=shop.pk).update(settings={**shop.settings, "port": 1})
    ended = scan(shop, work)
    assert (ended.state, ended.message) == (
        "failed",
        "No PostgreSQL answers at 127.0.0.1:1. Check host, port, network and whether the server runs.",
    )
    assert not DataSet.objects.exists()


def test_a_removed_system_fails_its_job(db: None, work: Work):
    jobs.enqueue("catalog.scan", title="Scan nothing", system=999)
    (ended,) = work()
    assert (ended.state, ended.message) == ("failed", "The system was removed from the catalog.")


@pytest.fixture
def folder(tmp_path: Path, db: None) -> System:
    (tmp_path / "people.csv").write_text(
        "name,email\nAnna Hansen,anna@example.org\nBjorn Silva,bjorn@example.org\n"
    )
    (tmp_path / "broken.csv").write_bytes(
        b'name,email\n"Anna Hansen,anna@example.org\nBjorn,b@example.org,3,4\n'
    )
    (tmp_path / "empty.csv").write_text("email,phone\n")
    return registering.add(name="Exports", kind="folder", settings={"path": str(tmp_path)})


def test_a_broken_file_is_named_and_the_others_are_scanned(folder: System, work: Work, column: Find):
    ended = scan(folder, work)
    assert ended.state == "done"
    problems = dict(folder.data_sets.values_list("name", "problem"))
    assert problems["people.csv"] == problems["empty.csv"] == ""
    assert "broken.csv" in problems["broken.csv"]
    assert "Hansen" not in problems["broken.csv"]
    assert column("people.csv.email").category == "contact.email"
    assert column("empty.csv.email").category == "contact.email"
