from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.contracts.stores.base import TABLES, Store


class DuckdbStore(Store):
    name = "duckdb"
    kind = "duckdb"

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> DuckdbStore:
        return cls(request.getfixturevalue("tmp_path") / "shop.duckdb")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = {"path": str(path)}
        with closing(duckdb.connect(str(path))) as connection:
            for name, table in TABLES.items():
                connection.register("loaded", table)
                connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM loaded")
                connection.unregister("loaded")

    def data_set(self, table: str) -> str:
        return f"main.{table}"

    def content(self, table: str) -> Any:
        with closing(duckdb.connect(str(self.path))) as connection:
            return connection.execute(f"SELECT * FROM {quoted(table)} ORDER BY rowid").fetchall()

    def drop(self, table: str) -> None:
        with closing(duckdb.connect(str(self.path))) as connection:
            connection.execute(f"DROP TABLE {quoted(table)}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
