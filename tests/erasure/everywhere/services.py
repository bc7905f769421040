"""The feature store, and a service of another team behind the custodian protocol."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, String

from examples.custodian_service import serve
from tests.erasure.everywhere.databases import files_of
from tests.erasure.everywhere.people import Person
from tests.erasure.everywhere.store import EMAIL, NAME, PHONE, Rows, Store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONFIGURATION = """
project: shop
registry: registry.db
provider: local
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""
SECRET = "a secret of at least thirty-two characters"


class Features(Store):
    kind, name = "feast", "Features"
    labels = {
        "people": {"email": EMAIL, "nickname": NAME},
        "people (online)": {"email": EMAIL, "nickname": NAME},
    }

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder

    def fill(self, people: Sequence[Person]) -> None:
        (self.folder / "feature_store.yaml").write_text(CONFIGURATION)
        rows = pa.table(
            {
                "email": [each.email for each in people],
                "nickname": [each.name for each in people],
                "score": [float(number) for number, _ in enumerate(people)],
                "event_timestamp": pa.array([NOW] * len(people), pa.timestamp("us", tz="UTC")),
            }
        )
        pq.write_table(rows, self.folder / "people.parquet")
        store = FeatureStore(repo_path=str(self.folder))
        person = Entity(name="person", join_keys=["email"], value_type=ValueType.STRING)
        view = FeatureView(
            name="people",
            entities=[person],
            schema=[
                Field(name="email", dtype=String),
                Field(name="nickname", dtype=String),
                Field(name="score", dtype=Float64),
            ],
            source=FileSource(path="people.parquet", timestamp_field="event_timestamp"),
        )
        store.apply([person, view])
        store.materialize(NOW - timedelta(days=1), NOW + timedelta(days=1), feature_views=["people"])

    def settings(self) -> dict[str, Any]:
        return {"repository": str(self.folder)}

    def rows(self) -> Rows:
        with closing(sqlite3.connect(self.folder / "online.db")) as connection:
            served = connection.execute("SELECT * FROM shop_people ORDER BY entity_key, feature_name")
            return {
                "people": pq.read_table(self.folder / "people.parquet").to_pylist(),
                "people (online)": served.fetchall(),
            }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        yield from files_of(self.folder, self.name)


class Helpdesk(Store):
    kind, name = "custodian", "Helpdesk"
    labels = {"contact": {"email": EMAIL, "name": NAME, "phone": PHONE}}

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = folder / "helpdesk.sqlite"
        self.server: Any = None

    def fill(self, people: Sequence[Person]) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(
                "CREATE TABLE contact (id INTEGER PRIMARY KEY, email TEXT, name TEXT, phone TEXT, calls INTEGER)"
            )
            rows = [(each.email, each.name, each.phone, number) for number, each in enumerate(people)]
            connection.executemany(
                "INSERT INTO contact (email, name, phone, calls) VALUES (?, ?, ?, ?)", rows
            )
            connection.commit()
        self.server = serve(self.path, port=0, secret=SECRET)
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def settings(self) -> dict[str, Any]:
        return {"url": self.server.base, "secret": SECRET}

    def rows(self) -> Rows:
        with closing(sqlite3.connect(self.path)) as connection:
            return {"contact": connection.execute("SELECT * FROM contact ORDER BY id").fetchall()}

    def raw(self) -> Iterator[tuple[str, bytes]]:
        yield from files_of(self.path.parent, self.name)

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server.store.database.close()
