from __future__ import annotations

from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest

from tests.contracts.stores.base import TABLES, Store
from tests.services.mariadb import MariadbServer


class MysqlStore(Store):
    name = "mysql"
    kind = "mysql"

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> MysqlStore:
        server = request.getfixturevalue("mariadb_server")
        store = cls(server, server.create_database())
        request.addfinalizer(lambda: server.execute(f"DROP DATABASE {store.database}"))
        return store

    def __init__(self, server: MariadbServer, database: str) -> None:
        self.server, self.database = server, database
        self.settings = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
            "databases": database,
        }
        with closing(server.connect()) as connection, connection.cursor() as cursor:
            for name, table in TABLES.items():
                columns = ", ".join(
                    f"{quoted(field.name)} {'BIGINT' if pa.types.is_integer(field.type) else 'LONGTEXT'}"
                    for field in table.schema
                )
                places = ", ".join("%s" for _ in table.schema)
                cursor.execute(f"CREATE TABLE {self._address(name)} ({columns})")
                rows = [tuple(row.values()) for row in table.to_pylist()]
                # Without parameters nothing is formatted: a percent sign in a name stays one.
                cursor.executemany(
                    f"INSERT INTO {self._address(name).replace('%', '%%')} VALUES ({places})", rows
                )

    def data_set(self, table: str) -> str:
        return f"{self.database}.{table}"

    def content(self, table: str) -> Any:
        return sorted(self.server.execute(f"SELECT * FROM {self._address(table)}"), key=repr)

    def drop(self, table: str) -> None:
        self.server.execute(f"DROP TABLE {self._address(table)}")

    def _address(self, table: str) -> str:
        return f"{quoted(self.database)}.{quoted(table)}"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
