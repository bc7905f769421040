"""The same people and orders in every kind of store, for the contract suite of the connectors."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from tests.services.fixtures import Database

HOSTILE_TABLE = "robert'); drop table people;--"
HOSTILE_COLUMN = 'x"; drop table people;-- %s :a'
LONG = "long " * (2 * 1024 * 1024)  # 10 MB

PEOPLE = pa.table(
    {
        "id": pa.array(range(1, 201), pa.int64()),
        "name": pa.array(
            [
                "Zoë Žižková",
                None,
                'Robert "Bob" O\'Neil',
                "山田 太郎",
                LONG,
                *(f"Person {i}" for i in range(6, 201)),
            ]
        ),
        "email": pa.array(["  ZOË@Example.org ", *(f"p{i}@example.org" for i in range(2, 201))]),
        "note": pa.array(["two\nlines, and; more", "carriage\r\nreturn", "tab\there", *["plain"] * 197]),
    }
)
ORDERS = pa.table(
    {
        "person_id": pa.array([i // 3 + 1 for i in range(600)], pa.int64()),
        "line": pa.array([i % 3 for i in range(600)], pa.int64()),
        "product": pa.array([f"product {i}" for i in range(600)]),
    }
)
NOBODY = PEOPLE.slice(0, 0)
HOSTILE = pa.table(
    {"id": pa.array([1, 2], pa.int64()), HOSTILE_COLUMN: pa.array(["a'; drop table people;--", "b"])}
)
TABLES = {"people": PEOPLE, "orders": ORDERS, "nobody": NOBODY, HOSTILE_TABLE: HOSTILE}


class Store(ABC):
    """One store with TABLES in it."""

    kind: str
    typed = True  # False where every value is text
    settings: Mapping[str, Any]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """What TABLES says of it, in this store's types."""
        rows = TABLES[table].to_pylist()
        if self.typed:
            return rows
        return [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]

    def data_set(self, table: str) -> str:
        """The name of the data set."""
        raise NotImplementedError

    @abstractmethod
    def content(self, table: str) -> Any:
        """All that is in it, read without a connector."""

    @abstractmethod
    def drop(self, table: str) -> None:
        """Take the data set away."""


class PostgresqlStore(Store):
    kind = "postgresql"

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


class FolderStore(Store):
    kind = "folder"
    suffix: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {"path": str(folder), "encoding": "utf-8"}
        for name, table in TABLES.items():
            self.write(folder / self.data_set(name), table)

    def data_set(self, table: str) -> str:
        return f"{table}{self.suffix}"

    def content(self, table: str) -> Any:
        path = self.folder / self.data_set(table)
        return path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())

    def drop(self, table: str) -> None:
        (self.folder / self.data_set(table)).unlink()

    @abstractmethod
    def write(self, path: Path, table: pa.Table) -> None: ...


class CsvStore(FolderStore):
    suffix = ".csv"
    typed = False

    def write(self, path: Path, table: pa.Table) -> None:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.column_names)
            writer.writerows(row.values() for row in table.to_pylist())


class ParquetStore(FolderStore):
    suffix = ".parquet"

    def write(self, path: Path, table: pa.Table) -> None:
        pq.write_table(table, path, row_group_size=70)


def build(kind: str, *, database: Database | None, folder: Path) -> Store:
    if kind == "postgresql":
        assert database
        return PostgresqlStore(database)
    return {"csv": CsvStore, "parquet": ParquetStore}[kind](folder)


__all__ = ["HOSTILE_COLUMN", "HOSTILE_TABLE", "LONG", "ORDERS", "PEOPLE", "TABLES", "Store", "build"]
