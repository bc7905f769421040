"""Many rows in one statement: values arrive as they were sent, whatever they look like."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from catalog.lineage import bulk
from catalog.models import DataSet, LineageEvent, System

TEXTS = [
    "",
    "plain",
    'a "b"',
    "back\\slash",
    "{a,b}",
    "NULL",
    None,
    "O'Neil",
    "a\nb\t",
    "\\x41",
    "ä 𝄞",
    " ends ",
]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", TEXTS),
        ("bigint", [1, -5, 2**62, 1]),
        ("bigint", [7, None]),
        ("boolean", [True, False, None, True]),
        ("float8", [0.1, -1e300, 1.0]),
        ("bytea", [b"", b"\x00\xff\\", None]),
        ("timestamptz", [datetime(2026, 3, 1, 10, 0, 0, 5, tzinfo=UTC), None]),
        ("uuid", [UUID(int=5), UUID(int=5)]),
        ("text", []),
    ],
)
def test_an_array_is_what_it_was_made_of(kind: str, values: list[Any], db: None):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest(%s::{kind}[])", [bulk.array(values)])
        found = [row[0] for row in cursor.fetchall()]
    assert [bytes(one) if isinstance(one, memoryview) else one for one in found] == values


def test_rows_are_inserted_once_with_the_defaults_of_the_model(db: None):
    system = System.objects.create(name="Shop", kind="external")
    values: dict[str, list[Any]] = {
        "system": [system.pk, system.pk],
        "name": ['a "t"', "b"],
        "kind": ["table", "view"],
    }
    pks = bulk.insert(DataSet, values, key=("system", "name"), conflict=bulk.SKIP)
    assert pks == {(one.system_id, one.name): one.pk for one in DataSet.objects.all()}
    assert list(DataSet.objects.order_by("pk").values_list("name", "kind", "primary_key", "gone_at")) == [
        ('a "t"', "table", [], None),
        ("b", "view", [], None),
    ]
    assert bulk.insert(DataSet, values, key=("system", "name"), conflict=bulk.SKIP) == {}


def test_documents_stay_beside_their_row(db: None):
    bodies = [{"sql": "SELECT 'a\\\\b', \"c\""}, {"note": "ä, [1] {2}", "n": 1.5, "none": None}]
    values: dict[str, list[Any]] = {
        "digest": [b"1", b"2"],
        "kind": ["run", "job"],
        "event_type": ["START", ""],
        "event_time": [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2)],
        "payload": [json.dumps(body).encode() for body in bodies],
    }
    bulk.insert(LineageEvent, values, key=("digest",))
    found = LineageEvent.objects.order_by("event_time").values_list("digest", "kind", "payload", "job")
    assert [(bytes(digest), *more) for digest, *more in found] == [
        (b"1", "run", bodies[0], None),
        (b"2", "job", bodies[1], None),
    ]
