"""The contract of connectors, for a feature store: Feast gives its views and columns no hostile names."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Array, Bool, Float64, Int64, String

from catalog.connectors.base import (
    AccessDenied,
    ConnectorError,
    DataSetMissing,
    Kind,
    Malformed,
    Match,
    Unreachable,
    Unsupported,
)
from catalog.connectors.feast_form import FeastForm
from catalog.connectors.feast_store import FeastConnector
from catalog.connectors.opening import open_connector
from tests.services.fixtures import Database

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PEOPLE = pa.table(
    {
        "person_id": pa.array(range(1, 601), pa.int64()),
        "email": ["  ZOË@Example.org ", *(f"p{i}@example.org" for i in range(2, 601))],
        "score": [None if i == 2 else i / 2 for i in range(1, 601)],
        "tags": [["a", "b"]] * 600,
        "vip": [i % 2 == 0 for i in range(1, 601)],
        "event_timestamp": pa.array([NOW] * 600, pa.timestamp("us", tz="UTC")),
        "not_a_feature": ["x"] * 600,
    }
)
VISITS = pa.table(
    {
        "person_id": pa.array([i // 3 + 1 for i in range(60)], pa.int64()),
        "shop": [f"shop {i % 3}" for i in range(60)],
        "visits": pa.array(range(60), pa.int64()),
        "event_timestamp": pa.array([NOW] * 60, pa.timestamp("us", tz="UTC")),
    }
)
KEY = bytes.fromhex("010000000200000009000000") + b"person_id" + bytes.fromhex("0400000008000000") + bytes(8)
CONFIGURATION = """
project: shop
registry: data/registry.db
provider: local
online_store: {type: sqlite, path: data/online.db}
entity_key_serialization_version: 3
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("features")
    (folder / "data").mkdir()
    (folder / "feature_store.yaml").write_text(CONFIGURATION)
    pq.write_table(PEOPLE, folder / "data/people.parquet", row_group_size=70)
    (folder / "data/visits").mkdir()
    for part in range(3):
        pq.write_table(VISITS.slice(part * 20, 20), folder / f"data/visits/{part}.parquet")
    return apply(folder, CONFIGURATION)


def apply(folder: Path, configuration: str) -> FeatureStore:
    """What an engineer's `feast apply` and `feast materialize` do."""
    (folder / "feature_store.yaml").write_text(configuration)
    store = FeatureStore(repo_path=str(folder))
    person = Entity(name="person", join_keys=["person_id"], value_type=ValueType.INT64)
    shop = Entity(name="shop", join_keys=["shop"], value_type=ValueType.STRING)
    people = FeatureView(
        name="people",
        entities=[person],
        schema=[
            Field(name="person_id", dtype=Int64),
            Field(name="email", dtype=String),
            Field(name="score", dtype=Float64),
            Field(name="tags", dtype=Array(String)),
            Field(name="vip", dtype=Bool),
        ],
        source=FileSource(path="data/people.parquet", timestamp_field="event_timestamp"),
    )
    visits = FeatureView(
        name="visits",
        entities=[person, shop],
        schema=[
            Field(name="person_id", dtype=Int64),
            Field(name="shop", dtype=String),
            Field(name="how_many", dtype=Int64),
        ],
        source=FileSource(
            path="data/visits", timestamp_field="event_timestamp", field_mapping={"visits": "how_many"}
        ),
    )

    @on_demand_feature_view(sources=[people], schema=[Field(name="double", dtype=Float64)], mode="python")
    def doubled(inputs: dict[str, Any]) -> dict[str, Any]:
        return {"double": inputs["score"]}

    store.apply([person, shop, people, visits, doubled])
    store.materialize(NOW - timedelta(days=1), NOW + timedelta(days=1))
    return store


@pytest.fixture
def settings_of(store: FeatureStore) -> dict[str, str]:
    return {"repository": str(store.repo_path)}


@pytest.fixture
def reader(settings_of: dict[str, str]) -> Iterator[FeastConnector]:
    with open_connector("feast", settings_of) as connector:
        assert isinstance(connector, FeastConnector)
        yield connector


def match(fold: bool = False, **keys: list[Any]) -> list[Match]:
    return [Match(pa.table(keys), fold)]


def rows(connector: FeastConnector, data_set: str) -> list[dict[str, Any]]:
    found = [row for batch in connector.read(data_set) for row in batch.to_pylist()]
    return sorted(found, key=lambda row: [str(value).zfill(9) for value in row.values()])


BOTH = pytest.mark.parametrize("people", ["people", "people (online)"])


def test_check_and_settings(reader: FeastConnector, settings_of: dict[str, str]) -> None:
    assert FeastForm(settings_of).is_valid()
    assert reader.check() == "Feast, 2 feature views in project shop"
    reader.close()
    reader.close()
    assert reader.check()


def test_discover(reader: FeastConnector) -> None:
    found = {each.name: each for each in reader.discover()}
    assert [(name, each.kind, each.row_estimate, each.problem) for name, each in found.items()] == [
        ("people", "offline features", 600, ""),
        ("people (online)", "online features", 600, ""),
        ("visits", "offline features", 60, ""),
        ("visits (online)", "online features", 60, ""),
    ]
    kinds = [Kind.INTEGER, Kind.TEXT, Kind.FLOAT, Kind.ARRAY, Kind.BOOLEAN, Kind.TIMESTAMP]
    names = ["person_id", "email", "score", "tags", "vip", "event_timestamp"]
    for name in ("people", "people (online)"):
        assert [column.name for column in found[name].columns] == names
        assert [column.kind for column in found[name].columns] == kinds
        assert [column.position for column in found[name].columns] == [1, 2, 3, 4, 5, 6]
    assert found["people"].primary_key == ()
    assert found["people (online)"].primary_key == ("person_id",)
    assert found["visits (online)"].primary_key == ("person_id", "shop")
    types = [column.data_type for column in found["people (online)"].columns]
    assert types == ["INT64", "STRING", "DOUBLE", "STRING_LIST", "BOOL", "UNIX_TIMESTAMP"]


@BOTH
def test_read(reader: FeastConnector, people: str) -> None:
    assert rows(reader, people) == PEOPLE.drop_columns(["not_a_feature"]).to_pylist()
    batches = list(reader.read(people, columns=["email"], batch_rows=50))
    assert max(map(len, batches)) <= 50
    assert {tuple(batch.schema.names) for batch in batches} == {("email",)}
    assert sum(map(len, batches)) == 600


@BOTH
def test_sample(reader: FeastConnector, people: str) -> None:
    sample = reader.sample(people, rows=60, seed=1)
    assert set(sample.schema.types) == {pa.string()}
    assert len(sample) == 60
    assert sample.equals(reader.sample(people, rows=60, seed=1))
    assert not sample.equals(reader.sample(people, rows=60, seed=2))
    places = sorted(map(int, sample["person_id"].to_pylist()))
    assert places[0] < 200
    assert places[-1] >= 400
    assert len(set(places)) == 60


@BOTH
def test_find(reader: FeastConnector, people: str) -> None:
    found = reader.find(people, match(person_id=[7, 3, 999]), ["email", "score"])
    assert sorted(found.to_pylist(), key=str) == [
        {"email": "p3@example.org", "score": 1.5},
        {"email": "p7@example.org", "score": 3.5},
    ]
    assert reader.count(people, match(person_id=list(range(500, 100_000)))) == 101
    several = [*match(person_id=[3, 4]), *match(email=["p4@example.org", "p9@example.org"])]
    assert sorted(reader.find(people, several, ["person_id"])["person_id"].to_pylist()) == [3, 4, 9]
    assert reader.count(people, match(fold=True, email=["zoë@EXAMPLE.org"])) == 1
    assert reader.count(people, match(email=["zoë@EXAMPLE.org"])) == 0
    assert reader.count(people, match(fold=True, person_id=[7])) == 1
    for key in (["abc"], [2**62], [1.5], ["07"], [True], [None], ["a\0b"], [""]):
        assert reader.count(people, match(person_id=key)) == 0, key
    assert reader.count(people, match(person_id=["abc", "7"])) == 1
    assert reader.count(people, []) == 0
    assert reader.find(people, match(person_id=[-1]), ["person_id"]).schema == pa.schema(
        [("person_id", pa.int64())]
    )


@pytest.mark.parametrize("visits", ["visits", "visits (online)"])
def test_find_by_composite_key(reader: FeastConnector, visits: str) -> None:
    found = reader.find(visits, match(shop=["shop 1", "shop 2", "gone"], person_id=[1, 2, 2]), ["how_many"])
    assert sorted(found["how_many"].to_pylist()) == [1, 5]
    assert reader.count(visits, match(person_id=[1, 2])) == 6


def test_the_online_rows_are_those_that_feast_serves(store: FeatureStore, reader: FeastConnector) -> None:
    keys = [3, 2, 600]
    features = ["email", "score", "tags", "vip"]
    served = store.get_online_features(
        features=[f"people:{each}" for each in features], entity_rows=[{"person_id": key} for key in keys]
    ).to_dict()
    found = reader.find("people (online)", match(person_id=keys), ["person_id", *features]).to_pylist()
    by_key = {row["person_id"]: row for row in found}
    assert [by_key[key] for key in keys] == [
        {"person_id": key} | {each: served[each][place] for each in features}
        for place, key in enumerate(keys)
    ]


def test_missing_data_sets_and_columns(reader: FeastConnector) -> None:
    for attempt in (
        lambda: reader.count("gone"),
        lambda: reader.sample("gone (online)", rows=1),
        lambda: list(reader.read("gone")),
    ):
        with pytest.raises(DataSetMissing, match="gone"):
            attempt()
    for people in ("people", "people (online)"):
        for attempt in (
            lambda name=people: list(reader.read(name, columns=["not_a_feature"])),
            lambda name=people: reader.find(name, match(person_id=[1]), ["not_a_feature"]),
            lambda name=people: reader.count(name, match(not_a_feature=[1])),
        ):
            with pytest.raises(DataSetMissing, match="'not_a_feature'"):
                attempt()


def copied(store: FeatureStore, to: Path, configuration: str) -> dict[str, str]:
    """Another repository over the same files."""
    data = Path(store.repo_path) / "data"
    (to / "feature_store.yaml").write_text(configuration.replace("data/", f"{data}/"))
    return {"repository": str(to)}


@pytest.mark.parametrize(
    ("configuration", "error", "message"),
    [
        ("- a list", Malformed, "not the configuration of a project"),
        ("project: !!python/object/apply:os.system ['touch evil']", Malformed, "not the configuration"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nproject: [*b]", Malformed, "not the configuration"),
        ("project: shop\nregistry: data/gone.db", Unreachable, "There is no file"),
        ("project: shop\nregistry: data/people.parquet", Malformed, "none of Feast's"),
        (
            "project: shop\nregistry: s3://bucket/registry.db",
            Unsupported,
            "not a file on the console's machine",
        ),
        (
            "project: shop\nregistry: {registry_type: os.system, path: x}",
            Unsupported,
            "of the type os.system",
        ),
    ],
)
def test_hostile_configurations(
    store: FeatureStore, tmp_path: Path, configuration: str, error: type[ConnectorError], message: str
) -> None:
    found = copied(store, tmp_path, configuration)
    with open_connector("feast", found) as connector, pytest.raises(error, match=message):
        connector.check()
    assert [path.name for path in tmp_path.iterdir()] == ["feature_store.yaml"]


def test_an_online_store_of_another_type_is_a_problem_of_its_own(store: FeatureStore, tmp_path: Path) -> None:
    found = copied(
        store, tmp_path, "project: shop\nregistry: data/registry.db\nonline_store: {type: evil.Class}"
    )
    with open_connector("feast", found) as connector:
        problems = {each.name: each.problem for each in connector.discover()}
    assert problems["people (online)"].startswith("The online store is of the type evil.Class.")
    assert problems["visits"] == "The source of visits is not there. Check the path of its source."


def test_views_that_were_never_materialized(store: FeatureStore, tmp_path: Path) -> None:
    configuration = "project: shop\nregistry: data/registry.db\nonline_store: {path: none.db}"
    with open_connector("feast", copied(store, tmp_path, configuration)) as connector:
        online = next(each for each in connector.discover() if each.name == "people (online)")
        assert (len(online.columns), online.problem) == (
            6,
            "There are no rows of people (online) yet. Materialize the view.",
        )
        with pytest.raises(DataSetMissing, match=r"people \(online\)"):
            connector.count("people (online)")


def test_a_view_without_entities(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    weather = pa.table({"degrees": [3.5], "event_timestamp": pa.array([NOW], pa.timestamp("us", tz="UTC"))})
    pq.write_table(weather, tmp_path / "data/weather.parquet")
    (tmp_path / "feature_store.yaml").write_text(CONFIGURATION)
    view = FeatureView(
        name="weather",
        schema=[Field(name="degrees", dtype=Float64)],
        source=FileSource(path="data/weather.parquet", timestamp_field="event_timestamp"),
    )
    store = FeatureStore(repo_path=str(tmp_path))
    store.apply([view])
    store.materialize(NOW - timedelta(days=1), NOW + timedelta(days=1))
    with open_connector("feast", {"repository": str(tmp_path)}) as connector:
        assert [each.problem for each in connector.discover()] == ["", ""]
        assert [batch.to_pylist() for batch in connector.read("weather")] == [weather.to_pylist()]
        assert connector.sample("weather (online)", rows=5)["degrees"].to_pylist() == ["3.5"]


def test_damaged_online_rows(store: FeatureStore, tmp_path: Path) -> None:
    found = copied(store, tmp_path, CONFIGURATION.replace("data/online.db", "online.db"))
    with (
        closing(sqlite3.connect(tmp_path / "online.db")) as database,
        open_connector("feast", found) as connector,
    ):
        database.execute(
            "CREATE TABLE shop_people (entity_key BLOB, feature_name TEXT, value BLOB, event_ts INT)"
        )
        for key, value, at in ((b"x", b"", 1), (KEY, b"\xff", 1), (KEY, b"\x18\x01", 1), (KEY, b"", "anna")):
            database.execute("DELETE FROM shop_people")
            database.execute("INSERT INTO shop_people VALUES (?, 'vip', ?, ?)", (key, value, at))
            database.commit()
            with pytest.raises(Malformed) as raised:
                rows(connector, "people (online)")
            assert "anna" not in str(raised.value)
    (tmp_path / "online.db").write_bytes(b"no database at all, but long enough to be one" * 9)
    with open_connector("feast", found) as connector, pytest.raises(Malformed, match="no SQLite database"):
        connector.count("people (online)")


def test_only_allowed_folders(store: FeatureStore, tmp_path: Path, settings: Any) -> None:
    found = copied(store, tmp_path, CONFIGURATION)
    settings.FOLDER_ROOTS = [str(tmp_path)]
    assert FeastForm(found).is_valid()
    with open_connector("feast", found) as connector, pytest.raises(AccessDenied):
        connector.check()
    assert "repository" in FeastForm({"repository": str(store.repo_path)}).errors


def test_a_sql_registry(store: FeatureStore, tmp_path: Path, pg_database: Database) -> None:
    data = Path(store.repo_path) / "data"
    (tmp_path / "data").symlink_to(data)
    dsn = pg_database.dsn.replace("postgresql://", "postgresql+psycopg://")
    configuration = CONFIGURATION.replace("data/registry.db", f"{{registry_type: sql, path: '{dsn}'}}")
    apply(tmp_path, configuration.replace("data/online.db", "online.db"))
    place = f"{pg_database.host}:{pg_database.port}/{pg_database.name}"
    found = {
        "repository": str(tmp_path),
        "registry_url": f"postgresql://{pg_database.user}@{place}",
        "registry_password": pg_database.password,
    }
    assert FeastForm(found).is_valid()
    with open_connector("feast", found) as connector:
        assert [each.name for each in connector.discover()] == [
            "people",
            "people (online)",
            "visits",
            "visits (online)",
        ]
        assert connector.count("people (online)", match(person_id=[5])) == 1
    for changed, error in (
        ({"registry_password": "wrong"}, AccessDenied),
        ({"registry_url": "postgresql://u@127.0.0.1:9/d"}, Unreachable),
        ({"registry_url": ""}, Unsupported),
    ):
        with open_connector("feast", {**found, **changed}) as connector, pytest.raises(error) as raised:
            connector.check()
        assert pg_database.password not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["sqlite:////etc/x", "postgresql://u:secret@h/d", "postgresql://h/d?a=b", "no url"]
)
def test_registry_urls_that_cannot_be_meant(settings_of: dict[str, str], url: str) -> None:
    form = FeastForm({**settings_of, "registry_url": url})
    assert list(form.errors) == ["registry_url"]
    assert "secret@" not in str(form.errors)


def test_feast_is_loaded_only_on_use_and_never_asks_the_network(settings_of: dict[str, str]) -> None:
    script = f"""
        import os, sys
        os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
        import django
        django.setup()
        from catalog.connectors.opening import open_connector
        connector = open_connector("feast", {settings_of!r})
        assert "feast" not in sys.modules
        asked = []
        sys.addaudithook(lambda event, _: event in {{"socket.connect", "socket.getaddrinfo"}} and asked.append(event))
        print([found.row_estimate for found in connector.discover()], asked, "feast" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout == "[600, 600, 60, 60] [] True\n"
