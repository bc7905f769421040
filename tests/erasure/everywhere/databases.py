"""The loyalty programme's MariaDB, the till's SQLite file and the analysts' DuckDB file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from tests.erasure.everywhere.people import Person
from tests.erasure.everywhere.store import EMAIL, IP, NAME, NUMBER, PHONE, TEXT, Rows, Store
from tests.services.mariadb import MariadbServer


class Loyalty(Store):
    """Its rows have the customer's number alone: they are found from the shop."""

    kind, name = "mysql", "Loyalty"
    labels = {
        "member": {"customer_id": NUMBER, "name": NAME, "phone": PHONE},
        "point": {"memo": TEXT},
    }

    def __init__(self, server: MariadbServer) -> None:
        self.server, self.database = server, server.create_database("loyalty")

    def fill(self, people: Sequence[Person]) -> None:
        self.server.execute(
            f"CREATE TABLE {self.database}.member (id int PRIMARY KEY AUTO_INCREMENT, customer_id bigint NOT NULL,"
            " name varchar(60), phone varchar(40), UNIQUE (customer_id), KEY (name));\n"
            f"CREATE TABLE {self.database}.point (id int PRIMARY KEY AUTO_INCREMENT, member_id int NOT NULL,"
            f" points int, memo text, FOREIGN KEY (member_id) REFERENCES {self.database}.member (id));\n"
        )
        for each in people:
            self.server.execute(
                f"INSERT INTO {self.database}.member (customer_id, name, phone) VALUES (%s, %s, %s)",
                [each.number, each.name, each.phone],
            )
            for place in range(2):
                self.server.execute(
                    f"INSERT INTO {self.database}.point (member_id, points, memo) SELECT id, %s, %s"
                    f" FROM {self.database}.member WHERE customer_id = %s",
                    [place, each.note(), each.number],
                )

    def settings(self) -> dict[str, Any]:
        at = self.server
        return {
            "host": at.host,
            "port": at.port,
            "user": at.user,
            "password": at.password,
            "databases": self.database,
        }

    def address(self, data_set: str) -> str:
        return f"{self.database}.{data_set}"

    def rows(self) -> Rows:
        return {
            name: self.server.execute(f"SELECT * FROM {self.database}.{name} ORDER BY id")
            for name in self.labels
        }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        """The files of the tables, once all pages are written and what was deleted is purged."""
        with closing(self.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_max_purge_lag_wait = 0")  # until nothing waits to be purged
            cursor.execute("SELECT @@datadir")
            ((folder,),) = cursor.fetchall()
            cursor.execute("SHOW TABLES FROM " + self.database)
            tables = [f"{self.database}.{name}" for (name,) in cursor.fetchall()]
            cursor.execute(f"FLUSH TABLES {', '.join(tables)} FOR EXPORT")
            for path in sorted((Path(folder) / self.database).iterdir()):
                yield f"{self.name}, {path.name}", path.read_bytes()
            cursor.execute("UNLOCK TABLES")
            for name in (*tables, "mysql.column_stats", "mysql.table_stats", "mysql.innodb_index_stats"):
                cursor.execute(f"SELECT * FROM {name}")
                yield f"{self.name}, {name}", repr(cursor.fetchall()).encode()

    def stop(self) -> None:
        self.server.execute(f"DROP DATABASE {self.database}")


class Till(Store):
    """In a write-ahead log, with a row changed and one deleted before: their old bytes are in the file."""

    kind, name = "sqlite", "Till"
    labels = {"receipt": {"email": EMAIL, "name": NAME, "remark": TEXT}}

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = folder / "till.sqlite"

    def fill(self, people: Sequence[Person]) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute(
                "CREATE TABLE receipt (id INTEGER PRIMARY KEY, email TEXT, name TEXT, total REAL, remark TEXT)"
            )
            connection.execute("CREATE INDEX receipt_by_email ON receipt (email)")
            for each in people:
                for total in (1.5, 20.0, 7.25):
                    connection.execute(
                        "INSERT INTO receipt (email, name, total, remark) VALUES (?, ?, ?, ?)",
                        [each.formerly, each.name, total, each.note() * 60],
                    )
            for each in people:
                connection.execute(
                    "UPDATE receipt SET email = ? WHERE email = ?", [each.email, each.formerly]
                )
            connection.execute("DELETE FROM receipt WHERE total = 7.25")
            connection.execute("ANALYZE")
            connection.commit()

    def settings(self) -> dict[str, Any]:
        return {"path": str(self.path)}

    def rows(self) -> Rows:
        with closing(sqlite3.connect(self.path)) as connection:
            return {
                name: connection.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()
                for name in self.labels
            }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        yield from files_of(self.path.parent, self.name)


class Analysts(Store):
    kind, name = "duckdb", "Analysts"
    labels = {"session": {"email": EMAIL, "ip": IP}, "feedback": {"email": EMAIL, "words": TEXT}}

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = folder / "analysts.duckdb"

    def fill(self, people: Sequence[Person]) -> None:
        with closing(duckdb.connect(str(self.path))) as connection:
            connection.execute(
                "CREATE TABLE session (email VARCHAR, ip VARCHAR, seconds INTEGER, began TIMESTAMP)"
            )
            connection.execute(
                "CREATE TABLE feedback (id INTEGER PRIMARY KEY, email VARCHAR, words VARCHAR, stars TINYINT)"
            )
            for number, each in enumerate(people):
                for seconds in (3, 40):
                    connection.execute(
                        "INSERT INTO session VALUES (?, ?, ?, '2025-01-02 03:04:05')",
                        [each.email, each.ip, seconds],
                    )
                connection.execute(
                    "INSERT INTO feedback VALUES (?, ?, ?, 5)", [number, each.formerly, each.note()]
                )
                connection.execute("UPDATE feedback SET email = ? WHERE id = ?", [each.email, number])

    def settings(self) -> dict[str, Any]:
        return {"path": str(self.path)}

    def address(self, data_set: str) -> str:
        return f"main.{data_set}"

    def rows(self) -> Rows:
        with closing(duckdb.connect(str(self.path), read_only=True)) as connection:
            return {
                name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in self.labels
            }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        yield from files_of(self.path.parent, self.name)
        with closing(duckdb.connect(str(self.path), read_only=True)) as connection:
            for name in self.labels:
                yield f"{self.name}, {name}", repr(connection.execute(f"FROM {name}").fetchall()).encode()
                stored = connection.execute(f"SELECT * FROM pragma_storage_info('{name}')").fetchall()
                yield f"{self.name}, statistics of {name}", repr(stored).encode()


def files_of(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{name}, {path.relative_to(folder)}", path.read_bytes()
