from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from psycopg import sql

from tests.contracts.stores.base import TABLES, Store
from tests.services.fixtures import Database


class PostgresqlStore(Store):
    name = "postgresql"
    kind = "postgresql"

    @classmethod
    def start(cls, request: pytest.FixtureRequest) -> PostgresqlStore:
        return cls(request.getfixturevalue("pg_database"))

    def __init__(self, database: Database) -> None:
        self.database = database
        self.settings = {
            "host": database.host,
            "port": database.port,
            "database": database.name,
            "user": database.user,
            "password": database.password,
            "schemas": "public",
        }
        for name, table in TABLES.items():
            self._load(name, table)

    def data_set(self, table: str) -> str:
        return f"public.{table}"

    def content(self, table: str) -> Any:
        with self.database.connect() as connection:
            return sorted(
                connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))), key=repr
            )

    def drop(self, table: str) -> None:
        with self.database.connect() as connection:
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table)))

    def _load(self, name: str, table: pa.Table) -> None:
        columns = [
            sql.SQL("{} {}").format(
                sql.Identifier(field.name), sql.SQL("bigint" if pa.types.is_integer(field.type) else "text")
            )
            for field in table.schema
        ]
        identifier = sql.Identifier(name)
        with self.database.connect() as connection:
            connection.execute(
                sql.SQL("CREATE TABLE {} ({})").format(identifier, sql.SQL(", ").join(columns))
            )
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(identifier)) as copy:
                for row in table.to_pylist():
                    copy.write_row(list(row.values()))
