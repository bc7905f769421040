"""Entities taken out of a feature store: out of the bytes of both its stores, which go on serving everybody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Array, Float64, String

from catalog.connectors.base import (
    Connector,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Match,
    Operation,
    Replacement,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.opening import open_connector

ANNA = "anna.archer@example.org"
EMAILS = ["bo@example.org", ANNA, "cy@example.org", *(f"p{number}@example.org" for number in range(500))]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FEATURES = ["people:nickname", "people:score", "people:tags"]
CONFIGURATION = """
project: shop
registry: registry.db
provider: local
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    (tmp_path / "feature_store.yaml").write_text(CONFIGURATION)
    rows = pa.table(
        {
            "mail": EMAILS,
            "nickname": [f"{email.partition('@')[0]} the great" for email in EMAILS],
            "score": [float(number) for number in range(len(EMAILS))],
            "tags": [[email] for email in EMAILS],
            "event_timestamp": pa.array([NOW] * len(EMAILS), pa.timestamp("us", tz="UTC")),
            "not_a_feature": EMAILS,
        }
    )
    pq.write_table(rows, tmp_path / "people.parquet", row_group_size=70)
    store = FeatureStore(repo_path=str(tmp_path))
    person = Entity(name="person", join_keys=["email"], value_type=ValueType.STRING)
    people = FeatureView(
        name="people",
        entities=[person],
        schema=[
            Field(name="email", dtype=String),
            Field(name="nickname", dtype=String),
            Field(name="score", dtype=Float64),
            Field(name="tags", dtype=Array(String)),
        ],
        source=FileSource(
            path="people.parquet", timestamp_field="event_timestamp", field_mapping={"mail": "email"}
        ),
    )
    store.apply([person, people])
    store.materialize(NOW - timedelta(days=1), NOW + timedelta(days=1), feature_views=["people"])
    return store


@pytest.fixture
def folder(store: FeatureStore) -> Path:
    return Path(store.repo_path)


@pytest.fixture
def writer(folder: Path) -> Iterator[Connector]:
    with open_writable("feast", {"repository": str(folder)}) as connector:
        yield connector


def match(**keys: list[Any]) -> list[Match]:
    return [Match(pa.table(keys))]


def served(store: FeatureStore, *emails: str) -> list[dict[str, Any]]:
    """What a model gets."""
    found = store.get_online_features(FEATURES, [{"email": email} for email in emails]).to_dict()
    return [
        {name: values[place] for name, values in found.items() if name != "email"}
        for place in range(len(emails))
    ]


def holding(folder: Path, *secrets: str) -> list[str]:
    """The files in whose bytes, unpacked too, one of the secrets stands."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                with pq.ParquetFile(path) as file:
                    content += repr(file.read().to_pylist()).encode() + repr(file.metadata.to_dict()).encode()
            if any(secret.encode() in content for secret in secrets):
                found.append(path.name)
    return found


def test_no_byte_is_left_and_everybody_else_is_served(
    store: FeatureStore, folder: Path, writer: Connector
) -> None:
    others = [email for email in EMAILS if email != ANNA]
    before, registry = served(store, *others), (folder / "registry.db").read_bytes()
    secrets = (ANNA, "anna.archer the great")
    assert holding(folder, *secrets) == ["online.db", "people.parquet"]
    wanted = [Operation(name, match(email=[ANNA])) for name in ("people", "people (online)")]
    assert writer.rehearse(wanted) == [1, 1]
    for name in ("people", "people (online)"):
        assert writer.delete(name, match(email=[ANNA])) == 1
        writer.settle(name)
        assert writer.count(name, match(email=[ANNA])) == 0
        assert writer.delete(name, match(email=[ANNA])) == 0
        assert writer.lingering(name, match(email=[ANNA])) is None
        assert writer.count(name) == len(others)
    assert holding(folder, *secrets) == []
    fresh = FeatureStore(repo_path=str(folder))
    assert served(fresh, *others) == before
    assert served(fresh, ANNA) == [{"nickname": None, "score": None, "tags": None}]
    assert (folder / "registry.db").read_bytes() == registry
    fresh.materialize(NOW - timedelta(days=1), NOW + timedelta(days=2), feature_views=["people"])
    assert served(fresh, ANNA, others[0]) == [{"nickname": None, "score": None, "tags": None}, before[0]]


def test_what_was_overwritten_before_is_gone_from_free_pages(folder: Path, writer: Connector) -> None:
    """Feast itself deletes without wiping: its leftovers go with the next erasure."""
    with closing(sqlite3.connect(folder / "online.db")) as database, database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("DELETE FROM shop_people WHERE feature_name = 'nickname'")
    assert holding(folder / ".", "cy the great") == ["online.db", "people.parquet"]
    writer.delete("people (online)", match(email=[ANNA]))
    writer.settle("people (online)")
    assert b"cy the great" not in (folder / "online.db").read_bytes()


@pytest.mark.parametrize("mode", ["wal", "persist", "truncate", "delete"])
def test_whatever_journal_the_online_store_keeps(folder: Path, writer: Connector, mode: str) -> None:
    with closing(sqlite3.connect(folder / "online.db")) as database, database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("UPDATE shop_people SET created_ts = created_ts")
    writer.delete("people (online)", match(email=[ANNA]))
    writer.settle("people (online)")
    assert holding(folder, ANNA) == ["people.parquet"]


def test_features_written_over(store: FeatureStore, folder: Path, writer: Connector) -> None:
    replaced = {
        "nickname": Replacement("gone", unique=True),
        "score": Replacement(0),
        "tags": Replacement(None),
    }
    for name in ("people", "people (online)"):
        assert writer.rehearse([Operation(name, match(email=[ANNA]), replaced)]) == [1]
        assert writer.overwrite(name, match(email=[ANNA]), replaced) == 1
        writer.settle(name)
    found = writer.find("people (online)", match(email=[ANNA]), ["nickname", "score", "tags"]).to_pylist()
    assert found[0]["nickname"].startswith("gone-")
    assert (found[0]["score"], found[0]["tags"]) == (0.0, None)
    fresh = served(FeatureStore(repo_path=str(folder)), ANNA, EMAILS[0])
    assert (fresh[0]["score"], fresh[0]["tags"]) == (0.0, None)
    assert fresh[1]["nickname"] == "bo the great"
    assert holding(folder, "anna.archer the great") == []


@pytest.mark.parametrize(
    ("data_set", "replaced", "error"),
    [
        ("people (online)", {"email": Replacement("x")}, ConstraintInTheWay),
        ("people (online)", {"tags": Replacement(["x"])}, ConstraintInTheWay),
        ("people (online)", {"score": Replacement("text")}, ConstraintInTheWay),
        ("people", {"score": Replacement("text")}, ConstraintInTheWay),
        ("people", {"gone": Replacement(None)}, DataSetMissing),
        ("nothing", {}, DataSetMissing),
    ],
)
def test_what_cannot_be_changed_is_said_before(
    folder: Path, writer: Connector, data_set: str, replaced: dict[str, Replacement], error: type[Exception]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(error) as raised:
        writer.rehearse([Operation(data_set, match(email=[ANNA]), replaced)])
    assert str(raised.value)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_another_program_reads_the_online_store(folder: Path, writer: Connector) -> None:
    with closing(sqlite3.connect(folder / "online.db", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = wal")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM shop_people").fetchone()
        with pytest.raises(ConnectorError, match="another program"):
            writer.delete("people (online)", match(email=[ANNA]))
        other.execute("COMMIT")
    assert writer.delete("people (online)", match(email=[ANNA])) == 0  # it was written
    writer.settle("people (online)")
    assert holding(folder, ANNA) == ["people.parquet"]


def test_only_the_door_to_destruction_writes(folder: Path) -> None:
    with (
        open_connector("feast", {"repository": str(folder)}) as reader,
        pytest.raises(RuntimeError, match="only reads"),
    ):
        reader.delete("people", match(email=[ANNA]))
