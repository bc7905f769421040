"""JSON inside columns gets columns of its own, judged like others and kept out of what stores are asked."""

import json
from collections.abc import Callable

import pyarrow as pa
import pytest

from catalog import registering, scanning
from catalog.models import Column, System
from catalog.nesting import unfold
from governance.console.models import Job
from tests.catalog.chinook import settings_of
from tests.services.fixtures import Database

Work = Callable[[], list[Job]]


def paths(*documents: object) -> dict[str, list[str]]:
    values = pa.array([json.dumps(each) if not isinstance(each, str) else each for each in documents])
    return {path: found.texts for path, found in unfold(values).items()}


def test_paths_through_objects_and_arrays():
    assert paths(
        {"email": "a@example.org", "visits": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], "tags": ["x", "y"]},
        {"email": "b@example.org", "visits": [], "age": 4, "paid": True, "gone": None},
    ) == {
        "email": ["a@example.org", "b@example.org"],
        "visits[].ip": ["10.0.0.1", "10.0.0.2"],
        "tags[]": ["x", "y"],
        "age": ["4"],
        "paid": ["true"],
    }


def test_an_array_at_the_top():
    assert paths([{"ip": "10.0.0.1"}]) == {"[].ip": ["10.0.0.1"]}


def test_keys_that_are_data_become_no_names():
    by_email = {"roles": {"anna@example.org": "owner", "bob@example.org": "guest"}}
    assert paths(by_email) == {"roles.*": ["owner", "guest"]}
    many = [{f"k{i}{j}": 1 for j in range(10)} for i in range(10)]
    assert list(paths(*many)) == ["*"]


@pytest.mark.parametrize("text", ["{broken", "plain", "", "[1, 2", "{}", "[]", "12"])
def test_what_is_no_document(text: str):
    assert paths(text) == {}


def test_few_documents_among_texts_are_no_json_column():
    assert paths({"a": 1}, "some", "more", "words") == {}


def test_depth_is_bounded():
    deep: object = "x"
    for _ in range(30):
        deep = {"a": deep}
    assert paths(deep) == {}


@pytest.fixture
def documents(pg_database: Database, db: None) -> System:
    pg_database.execute("CREATE TABLE account (id int PRIMARY KEY, profile jsonb, note text)")
    for number in range(40):
        profile = {
            "contact": {"email": f"person{number}@example.org"},
            "visits": [{"ip": f"81.2.69.{number}"}],
        }
        pg_database.execute("INSERT INTO account VALUES (%s, %s, 'x')", [number, json.dumps(profile)])
    return registering.add(name="Shop", kind="postgresql", settings=settings_of(pg_database), region="EU")


def scan(system: System, work: Work) -> dict[str, Column]:
    scanning.request(system)
    work()
    return {column.name: column for column in Column.objects.filter(gone_at=None)}


def test_a_scan_finds_what_is_inside(documents: System, work: Work):
    columns = scan(documents, work)
    assert set(columns) == {"id", "profile", "note", "profile.contact.email", "profile.visits[].ip"}
    email = columns["profile.contact.email"]
    assert (email.category, email.nested_in, email.sampled) == ("contact.email", columns["profile"], 40)
    assert columns["profile.visits[].ip"].category == "online.ip"
    assert columns["profile"].contains == ["contact.email", "online.ip"]


def test_scanning_again_changes_nothing(documents: System, work: Work):
    before = scan(documents, work)
    labels = before["profile"].labels.count()
    after = scan(documents, work)
    assert {name: column.pk for name, column in after.items()} == {
        name: column.pk for name, column in before.items()
    }
    assert after["profile"].labels.count() == labels


def test_what_is_inside_follows_its_column(documents: System, pg_database: Database, work: Work):
    email = scan(documents, work)["profile.contact.email"]
    pg_database.execute("ALTER TABLE account RENAME profile TO details")
    columns = scan(documents, work)
    assert columns["details.contact.email"].pk == email.pk
    pg_database.execute("ALTER TABLE account DROP details")
    assert set(scan(documents, work)) == {"id", "note"}


def test_a_path_makes_room_for_a_column_of_its_name(documents: System, pg_database: Database, work: Work):
    scan(documents, work)
    pg_database.execute('ALTER TABLE account ADD "profile.contact.email" text')
    column = scan(documents, work)["profile.contact.email"]
    assert (column.nested_in, column.data_type) == (None, "text")
