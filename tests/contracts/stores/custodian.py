from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pytest

from examples.custodian_service import quoted, serve
from tests.contracts.stores.base import TABLES, Store

SECRET = "a secret of at least thirty-two characters"


class CustodianStore(Store):
    """The example service of the repository, on loopback."""

    name = "custodian"
    kind = "custodian"

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> CustodianStore:
        store = cls(request.getfixturevalue("tmp_path") / "crm.sqlite")
        request.addfinalizer(store.stop)
        return store

    def __init__(self, path: Path) -> None:
        self.path = path
        with sqlite3.connect(path) as database:
            for name, table in TABLES.items():
                columns = ", ".join(
                    f"{quoted(field.name)} {'INTEGER' if pa.types.is_integer(field.type) else 'TEXT'}"
                    for field in table.schema
                )
                database.execute(f"CREATE TABLE {quoted(name)} ({columns})")
                marks = ", ".join("?" * table.num_columns)
                rows = [list(row.values()) for row in table.to_pylist()]
                database.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", rows)
        self.server = serve(path, port=0, secret=SECRET)
        self.settings = {"url": self.server.base, "secret": SECRET}
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.server.store.database.close()

    def data_set(self, table: str) -> str:
        return table

    def content(self, table: str) -> Any:
        with sqlite3.connect(self.path) as database:
            return database.execute(f"SELECT * FROM {quoted(table)} ORDER BY rowid").fetchall()

    def drop(self, table: str) -> None:
        with sqlite3.connect(self.path) as database:
            database.execute(f"DROP TABLE {quoted(table)}")
