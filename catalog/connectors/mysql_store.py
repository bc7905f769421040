"""MySQL 5.7 and later and MariaDB 10.2 and later: reading in read-only transactions, changing under short locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pymysql
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from catalog.connectors import mysql_catalog
from catalog.connectors.base import (
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Definition,
    Kind,
    Match,
    Older,
    Replacement,
    Unsupported,
)
from catalog.connectors.mysql_errors import SCAN_AGAIN, explain_connection, explain_statement
from catalog.connectors.mysql_form import STATEMENT_SECONDS, MysqlForm, tls_arguments
from catalog.connectors.mysql_matching import equal, folded
from catalog.connectors.mysql_sampling import spread
from catalog.connectors.mysql_types import as_text, comparable, exact, misfits, readable, sql_column
from catalog.connectors.postgresql_catalog import parse_name
from catalog.connectors.sql import SqlConnector
from catalog.connectors.sql_arrow import arrow_type
from catalog.connectors.sql_replacing import plain_value, unique_parts

CONNECT_SECONDS = 10
LOCK_SECONDS = 10
GRACE_SECONDS = 5  # the server's own time-out comes first
# Quotes mean what SQLAlchemy takes them for, and what does not fit is an error instead of being cut.
SQL_MODE = "SET SESSION sql_mode = 'STRICT_ALL_TABLES'"
SESSION = {
    "time_zone": "+00:00",
    "net_write_timeout": 600,  # how long the server waits for a slow reader
    "foreign_key_checks": 1,
    "unique_checks": 1,
    "sql_safe_updates": 0,
}


class MysqlConnector(SqlConnector):
    kind = "mysql"
    label = "MySQL or MariaDB"
    Form = MysqlForm
    secret_fields = frozenset({"password"})

    @property
    def databases(self) -> list[str]:
        names = [name.strip() for name in (self.settings.get("databases") or "").split(",")]
        return [name for name in names if name]

    @property
    def statement_seconds(self) -> int:
        return int(self.settings.get("statement_timeout") or STATEMENT_SECONDS)

    @property
    def server(self) -> str:
        return f"{self.settings['host']}:{self.settings.get('port') or 3306}"

    def make_engine(self) -> sa.Engine:
        settings = self.settings
        socket = settings["host"] if settings["host"].startswith("/") else None
        url = sa.URL.create(
            "mysql+pymysql",
            username=settings["user"],
            password=settings.get("password") or None,
            host=None if socket else settings["host"],
            port=None if socket else int(settings.get("port") or 3306),
        )
        arguments: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": self.statement_seconds + GRACE_SECONDS,
            "write_timeout": self.statement_seconds + GRACE_SECONDS,
            "charset": "utf8mb4",
            "init_command": SQL_MODE,
            "program_name": "privacy governance console",
            **({"unix_socket": socket} if socket else {}),
            **tls_arguments(settings),
        }
        engine = sa.create_engine(
            url, connect_args=arguments, hide_parameters=True, pool_size=1, max_overflow=4
        )
        if not self.writable:
            sa.event.listen(engine, "connect", _read_only)
        return engine

    def prepare(self, connection: sa.Connection) -> None:
        values = SESSION | {"innodb_lock_wait_timeout": LOCK_SECONDS, "lock_wait_timeout": LOCK_SECONDS}
        _set(connection, values | _limit(connection, self.statement_seconds))

    def stream(self, connection: sa.Connection) -> None:
        _set(connection, _limit(connection, 0))

    def abandon(self, connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if driver._result is not None:  # pymysql would fetch all that is left, to use the connection again
            driver._result.unbuffered_active = False
        connection.invalidate()

    def check(self) -> str:
        with self.transaction() as connection:
            self._names(connection)
            product = "MariaDB" if _is_mariadb(connection) else "MySQL"
            return f"{product} {connection.scalar(sa.select(sa.func.version()))}"

    def discover(self) -> Iterator[DataSetInfo]:
        with self.transaction() as connection:
            yield from mysql_catalog.data_sets(connection, names=self._names(connection))

    def definitions(self) -> Iterator[Definition]:
        with self.transaction() as connection:
            yield from mysql_catalog.definitions(connection, names=self._names(connection))

    def lineage_namespace(self) -> str:
        return f"mysql://{self.server}"

    def describe(self, connection: sa.Connection, data_set: str) -> sa.Table:
        address = parse_name(data_set)
        found = mysql_catalog.describe_table(connection, *address) if address else None
        if address is None or found is None or (self.databases and address[0] not in self.databases):
            raise DataSetMissing(f"There is no table {data_set}.", SCAN_AGAIN)
        database, name = address
        return sa.Table(
            sa.sql.quoted_name(name, quote=True),
            sa.MetaData(),
            *map(sql_column, found.columns),
            schema=sa.sql.quoted_name(database, quote=True),
            info={"data_set": data_set, "catalog": found},
        )

    def condition(self, connection: sa.Connection, table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
        return (folded if match.fold else equal)(table, match)

    def readable(self, column: sa.Column) -> sa.ColumnElement:
        return readable(column)

    def fit_types(self, connection: sa.Connection, columns: Sequence[sa.Column], rows: sa.Select) -> None:
        wrong = {column: found for column in columns if (found := misfits(column)) is not None}
        if not wrong:
            return
        answers = connection.execute(rows.add_columns(*(sa.func.max(found) for found in wrong.values())))
        for column, beyond in zip(wrong, answers.one(), strict=True):
            if beyond:
                column.type = sa.Text()

    def as_text(self, column: sa.Column, source: sa.ColumnElement, characters: int) -> sa.ColumnElement:
        return as_text(column, source, characters)

    def spread(
        self, connection: sa.Connection, table: sa.Table, rows: int, seed: int
    ) -> Iterator[tuple[sa.FromClause, sa.ColumnElement]]:
        found = table.info["catalog"]
        return spread(
            connection, table, rows=rows, seed=seed, key=found.primary_key, estimate=found.row_estimate
        )

    def assignment(self, column: sa.Column, replacement: Replacement) -> sa.ColumnElement:
        info, table = column.info["column"], column.table.info["data_set"]
        if not replacement.unique or replacement.value is None:
            return sa.literal(
                plain_value(info, arrow_type(column.type), replacement, table=table), column.type
            )
        if info.kind is Kind.UUID:
            return sa.func.uuid()
        kept, digits = unique_parts(info, str(replacement.value), table=table)
        chance = sa.func.sha2(sa.func.concat(sa.func.rand(), ":", sa.func.rand()), 256)
        return sa.func.concat(kept, sa.func.left(chance, digits))

    def differs(self, column: sa.Column, assigned: sa.ColumnElement) -> sa.ColumnElement[bool]:
        if isinstance(column.type, sa.Text):
            return exact(comparable(column)).is_distinct_from(exact(assigned))
        return column.is_distinct_from(assigned)

    def require_changeable(self, table: sa.Table) -> None:
        found, name = table.info["catalog"], table.info["data_set"]
        if not found.engine:
            raise Unsupported(f"{name} is a view and cannot be changed.", "Change the tables it shows.")
        if not found.transactional:
            raise Unsupported(
                f"{name} is kept by {found.engine}, which cannot undo a change.",
                "Move the table to InnoDB: ALTER TABLE … ENGINE = InnoDB.",
            )
        if found.versioned:
            raise Unsupported(
                f"{name} is system-versioned: what is deleted stays in its history.",
                "Have its history dropped (ALTER TABLE … DROP SYSTEM VERSIONING), or erase there by hand.",
            )

    def aged(
        self, connection: sa.Connection, table: sa.Table, older: Older, data_set: str
    ) -> sa.ColumnElement[bool]:
        before = super().aged(connection, table, older, data_set)
        return sa.and_(before, sa.func.year(table.c[older.column]) > 0)  # 0000-00-00 is no date

    def deletion(self, table: sa.Table, rows: sa.ColumnElement[bool], limit: int) -> sa.Delete:
        return sa.delete(table).where(rows).with_dialect_options(mysql_limit=limit, mariadb_limit=limit)

    def check_constraints_at_once(self, connection: sa.Connection) -> None:
        """InnoDB knows no deferred constraints."""

    def explain(self, error: DBAPIError, *, data_set: str, columns: Sequence[str]) -> ConnectorError:
        cause, user = error.orig, self.settings["user"]
        if not isinstance(cause, pymysql.MySQLError):
            return ConnectorError(f"The server could not be asked about {data_set} ({type(cause).__name__}).")
        number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else 0
        text = str(cause)
        if error.statement is None:
            return explain_connection(number, text, server=self.server, user=user)
        return explain_statement(
            number, text, data_set=data_set, columns=columns, user=user, seconds=self.statement_seconds
        )

    def _names(self, connection: sa.Connection) -> list[str]:
        """The databases to look at; DataSetMissing where one that was named is not there."""
        there = mysql_catalog.databases(connection)
        for name in self.databases:
            if name not in there:
                raise DataSetMissing(
                    f"There is no database {name!r} at {self.server}.",
                    "Correct the list of databases, or grant this user a right on it.",
                )
        return sorted(self.databases) or there


def _set(connection: sa.Connection, values: dict[str, Any]) -> None:
    settings = ", ".join(f"SESSION {name} = :{name}" for name in values)
    connection.execute(sa.text(f"SET {settings}"), values)


def _limit(connection: sa.Connection, seconds: int) -> dict[str, int]:
    """The longest a statement may take, 0 for any time; MySQL's own holds for reading alone."""
    if _is_mariadb(connection):
        return {"max_statement_time": seconds}
    return {"max_execution_time": seconds * 1000}


def _is_mariadb(connection: sa.Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))


def _read_only(connection: pymysql.connections.Connection, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
