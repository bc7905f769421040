from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.contracts.stores.base import TABLES, Store


class SqliteStore(Store):
    name = "sqlite"
    kind = "sqlite"

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> SqliteStore:
        return cls(request.getfixturevalue("tmp_path") / "shop.db")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = {"path": str(path)}
        with closing(sqlite3.connect(path)) as connection, connection:
            for name, table in TABLES.items():
                columns = ", ".join(
                    f"{quoted(field.name)} {'INTEGER' if pa.types.is_integer(field.type) else 'TEXT'}"
                    for field in table.schema
                )
                places = ", ".join("?" for _ in table.schema)
                connection.execute(f"CREATE TABLE {quoted(name)} ({columns})")
                rows = [tuple(row.values()) for row in table.to_pylist()]
                connection.executemany(f"INSERT INTO {quoted(name)} VALUES ({places})", rows)

    def data_set(self, table: str) -> str:
        return table

    def content(self, table: str) -> Any:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(f"SELECT * FROM {quoted(table)} ORDER BY rowid").fetchall()

    def drop(self, table: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(f"DROP TABLE {quoted(table)}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
