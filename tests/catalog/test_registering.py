"""Systems enter the catalog only when they answer, and their secrets go nowhere else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from catalog import registering, scanning
from catalog.connectors.base import AccessDenied, Unreachable
from catalog.models import System
from governance.console.models import User
from retention.models import Hold
from tests.catalog.chinook import settings_of
from tests.catalog.ledger import facts_of
from tests.people import client_of
from tests.services.fixtures import Database

pytestmark = pytest.mark.django_db


def test_a_system_is_stored_with_its_secret_sealed(shop: System, pg_database: Database, sequenced: Callable):
    stored = System.objects.values().get()
    assert "password" not in stored["settings"]
    assert pg_database.password not in str(stored)
    assert pg_database.password.encode() not in bytes(stored["secrets"])
    assert System.objects.get().all_settings()["password"] == pg_database.password
    (entry,) = sequenced()
    assert facts_of(entry) == ("system.added", {"kind": "postgresql", "region": "EU"})


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"password": "not-the-password"}, AccessDenied, "refuses the user"),
        ({"port": 1}, Unreachable, "No PostgreSQL answers at 127.0.0.1:1."),
        ({"host": "no-such-host.invalid"}, Unreachable, "No PostgreSQL answers at no-such-host.invalid"),
        ({"database": "nowhere"}, AccessDenied, "nowhere"),
    ],
)
def test_what_does_not_answer_is_not_stored(
    pg_database: Database, wrong: dict, error: type[Exception], words: str, sequenced: Callable
):
    with pytest.raises(error, match=words) as refused:
        registering.add(name="Shop", kind="postgresql", settings=settings_of(pg_database, **wrong))
    assert pg_database.password not in str(refused.value)
    assert "not-the-password" not in str(refused.value)
    assert not System.objects.exists()
    assert sequenced() == []


def test_settings_are_checked_by_name(pg_database: Database):
    with pytest.raises(ValidationError) as refused:
        registering.add(name="Shop", kind="postgresql", settings={"host": "x", "colour": "blue"})
    assert refused.value.message_dict == {"colour": ["This kind of system has no such setting."]}
    with pytest.raises(ValidationError) as refused:
        registering.add(name="Shop", kind="postgresql", settings={"host": "x", "port": "many"})
    assert sorted(refused.value.message_dict) == ["database", "port", "user"]
    with pytest.raises(ValidationError, match="There is no kind 'oracle'"):
        registering.add(name="Shop", kind="oracle", settings={})


def test_two_systems_cannot_share_a_name(shop: System, pg_database: Database):
    with pytest.raises(ValidationError) as refused:
        registering.add(name="Shop", kind="postgresql", settings=settings_of(pg_database))
    assert list(refused.value.message_dict) == ["name"]
    assert System.objects.count() == 1


def test_an_empty_secret_keeps_the_stored_one(
    shop: System, pg_database: Database, carl: User, sequenced: Callable
):
    settings = settings_of(pg_database, password="")
    changed = registering.change(shop, name="Webshop", region="DE", custodian=carl, settings=settings)
    assert (changed.name, changed.region, changed.custodian) == ("Webshop", "DE", carl)
    assert System.objects.get().all_settings()["password"] == pg_database.password
    assert facts_of(sequenced()[-1]) == ("system.changed", {"fields": ["custodian", "name", "region"]})


def test_changing_nothing_records_nothing(shop: System, pg_database: Database, sequenced: Callable):
    registering.change(shop, name="Shop", region="EU", settings=settings_of(pg_database, password=""))
    assert [facts_of(entry)[0] for entry in sequenced()] == ["system.added"]


@pytest.mark.parametrize(
    "moved", [{"host": "localhost"}, {"user": "somebody"}, {"database": "other"}, {"port": 5}]
)
def test_a_stored_secret_is_never_sent_elsewhere(shop: System, pg_database: Database, moved: dict):
    with pytest.raises(ValidationError) as refused:
        registering.change(shop, name="Shop", settings=settings_of(pg_database, password="", **moved))
    assert list(refused.value.message_dict) == ["password"]
    assert System.objects.get().settings == shop.settings


def test_settings_that_do_not_answer_are_not_stored(shop: System, pg_database: Database):
    with pytest.raises(AccessDenied):
        registering.change(shop, name="New", settings=settings_of(pg_database, password="wrong"))
    kept = System.objects.get()
    assert (kept.name, kept.all_settings()) == ("Shop", shop.all_settings())


def test_a_test_says_who_answers_and_remembers_who_does_not(
    shop: System, pg_database: Database, sequenced: Callable
):
    assert registering.test(shop).startswith("PostgreSQL 1")
    System.objects.update(settings={**shop.settings, "port": 1})
    shop.refresh_from_db()
    with pytest.raises(Unreachable):
        registering.test(shop)
    shop.refresh_from_db()
    assert shop.problem.startswith("No PostgreSQL answers at 127.0.0.1:1.")
    assert shop.state == "unreachable"
    assert [facts_of(entry) for entry in sequenced()[1:]] == [
        ("system.tested", {"reached": True}),
        ("system.tested", {"reached": False}),
    ]


def test_a_lost_key_ring_is_said_plainly(shop: System):
    System.objects.update(secrets=System.objects.get().secrets[:-1] + b"\x00")
    with pytest.raises(Exception, match="The sealed value was altered"):
        registering.test(System.objects.get())


def test_removal_takes_what_is_known_and_leaves_the_store(
    scanned: System, pg_database: Database, sequenced: Callable
):
    registering.remove(scanned)
    assert not System.objects.exists()
    assert facts_of(sequenced()[-1]) == ("system.removed", {"data_sets": 7})
    assert pg_database.execute("SELECT count(*) FROM customer") == [(12,)]


def test_a_held_system_stays(scanned: System, sequenced: Callable):
    Hold.objects.create(
        data_set=scanned.data_sets.get(name="public.invoice"),
        keep_columns=["total"],
        exemption="b",
        reason="Tax",
    )
    with pytest.raises(registering.InUse, match=r"legal holds still refer to data sets of Shop \(1 hold\)"):
        registering.remove(scanned)
    assert scanned.data_sets.count() == 7
    assert "system.removed" not in [facts_of(entry)[0] for entry in sequenced()]


def test_a_system_stays_while_a_job_reads_it(shop: System):
    scanning.request(shop)
    with pytest.raises(registering.InUse, match="A job is reading Shop"):
        registering.remove(shop)
    assert System.objects.exists()


def test_a_folder_is_a_system_too(tmp_path: Path):
    with pytest.raises((ValidationError, Unreachable)):
        registering.add(name="Files", kind="folder", settings={"path": str(tmp_path / "nowhere")})
    (tmp_path / "a.csv").write_text("email\nanna@example.org\n")
    added = registering.add(name="Files", kind="folder", settings={"path": str(tmp_path)})
    assert added.settings == {"path": str(tmp_path), "encoding": "utf-8", "objects": ""}


def test_a_system_known_from_lineage_has_a_region_and_no_connection(amir: User, dana: User):
    mail = System.objects.create(
        name="https://mail.example.com", kind="external", settings={"namespace": "x"}
    )
    changed = registering.change(mail, name="Mail service", settings={}, region="US")
    assert (changed.name, changed.region, changed.state) == ("Mail service", "US", "from lineage")
    assert System.objects.get().settings == {"namespace": "x"}
    with pytest.raises(ValidationError, match="lineage only"):
        scanning.request(changed)
    answer = client_of(dana).post(f"/systems/{mail.pk}/scan/")
    assert (answer.status_code, b"lineage only" in answer.content) == (422, True)


def test_nightly_scans_are_asked_for_once(shop: System, pg_database: Database):
    other = registering.add(name="Other", kind="postgresql", settings=settings_of(pg_database), nightly=True)
    first = scanning.request_nightly()
    assert [job.arguments for job in first] == [{"system": other.pk}]
    assert [job.pk for job in scanning.request_nightly()] == [job.pk for job in first]
