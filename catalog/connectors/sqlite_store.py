"""SQLite: one file, read without locking anybody out for long, and wiped when rows of it go.

Deleted content is overwritten with zeros (`secure_delete`), the write-ahead log, which would still hold it, is
emptied after each change, and `settle` writes the file anew without free pages.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from django import forms
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from catalog.connectors import sqlite_catalog, sqlite_errors, sqlite_wiping
from catalog.connectors.ageing import day, naive, no_age
from catalog.connectors.base import (
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Definition,
    Kind,
    Malformed,
    Match,
    Older,
    Replacement,
    Unsupported,
)
from catalog.connectors.sql import SqlConnector, pick, user_columns
from catalog.connectors.sql_arrow import arrow_type
from catalog.connectors.sql_files import DatabaseFileForm, database_file
from catalog.connectors.sql_replacing import plain_value, unique_parts
from catalog.connectors.sqlite_matching import equal, folded, stored
from catalog.connectors.sqlite_values import as_text, misfits, readable, register_functions, sql_column

BUSY_SECONDS = 10
STATEMENT_SECONDS = 60
STEPS_BETWEEN_LOOKS = 100_000  # of SQLite's virtual machine, before the clock is looked at
LARGE = 20  # times as many rows as are wanted
VIOLATIONS = sa.text("SELECT count(*) FROM pragma_foreign_key_check")
DEFERRED = sa.text("SELECT count(*) FROM main.sqlite_schema WHERE sql LIKE '%INITIALLY%DEFERRED%'")


class SqliteForm(DatabaseFileForm):
    statement_timeout = forms.IntegerField(
        label="Statement time-out in seconds", initial=STATEMENT_SECONDS, min_value=1, required=False
    )


class SqliteConnector(SqlConnector):
    kind = "sqlite"
    label = "SQLite"
    Form = SqliteForm

    _deadline = 0.0

    @property
    def path(self) -> Path:
        return database_file(self.settings, writable=self.writable)

    @property
    def statement_seconds(self) -> int:
        return int(self.settings.get("statement_timeout") or STATEMENT_SECONDS)

    def make_engine(self) -> sa.Engine:
        # A connection for each transaction: the temporary tables with keys go with it.
        engine = sa.create_engine(
            "sqlite+pysqlite://", creator=self._connect, poolclass=NullPool, hide_parameters=True
        )
        sa.event.listen(engine, "begin", _begin)
        return engine

    def prepare(self, connection: sa.Connection) -> None:
        self._renew()

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        for batch in super().read(data_set, columns=columns, batch_rows=batch_rows):
            yield batch
            self._renew()

    def check(self) -> str:
        with self.transaction() as connection:
            connection.execute(sqlite_catalog.TABLES, {"name": None}).all()
            return f"SQLite {sqlite3.sqlite_version}, {self.path.name}"

    def discover(self) -> Iterator[DataSetInfo]:
        with self.transaction() as connection:
            yield from sqlite_catalog.tables(connection)

    def definitions(self) -> Iterator[Definition]:
        with self.transaction() as connection:
            yield from sqlite_catalog.definitions(connection)

    def lineage_namespace(self) -> str:
        return f"sqlite://{self.settings['path']}"  # the specification names none; so do files and DuckDB

    def describe(self, connection: sa.Connection, data_set: str) -> sa.Table:
        found = sqlite_catalog.describe_table(connection, data_set)
        if found is None:
            raise DataSetMissing(f"There is no table {data_set}.", sqlite_errors.SCAN_AGAIN)
        places = [sa.Column(found.place, sa.Integer, system=True)] if found.place else []
        return sa.Table(
            sa.sql.quoted_name(data_set, quote=True),
            sa.MetaData(),
            *map(sql_column, found.info.columns),
            *places,
            schema="main",
            info={"data_set": data_set, "strict": found.strict, "key": found.info.primary_key},
        )

    def condition(self, connection: sa.Connection, table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
        return (folded if match.fold else equal)(connection, table, match)

    def fit_types(self, connection: sa.Connection, columns: Sequence[sa.Column], rows: sa.Select) -> None:
        doubtful = [] if not columns or columns[0].table.info["strict"] else columns
        wrong = {column: found for column in doubtful if (found := misfits(column)) is not None}
        if not wrong:
            return
        answers = connection.execute(rows.add_columns(*(sa.func.max(found) for found in wrong.values())))
        for column, mixed in zip(wrong, answers.one(), strict=True):
            if mixed:
                column.type = sa.Text()

    def readable(self, column: sa.Column) -> sa.ColumnElement:
        return readable(column)

    def as_text(self, column: sa.Column, source: sa.ColumnElement, characters: int) -> sa.ColumnElement:
        return as_text(source, characters)

    def spread(
        self, connection: sa.Connection, table: sa.Table, rows: int, seed: int
    ) -> Iterator[tuple[sa.FromClause, sa.ColumnElement]]:
        places = [column.name for column in table.columns if column.system]
        order = places or list(table.info["key"]) or [column.name for column in user_columns(table)]
        if places:
            place = table.c[places[0]]
            first, last = connection.execute(sa.select(sa.func.min(place), sa.func.max(place))).one()
            if first is not None and last - first > LARGE * rows:
                drawn = random.Random(seed).sample(range(first, last + 1), 4 * rows)  # noqa: S311
                keys = stored(connection, [(number,) for number in drawn])
                some = sa.select(table).where(place.in_(sa.select(*keys.c))).subquery()
                yield some, sa.func.console_shuffle(seed, some.c[place.name])
        yield table, sa.func.console_shuffle(seed, *(table.c[name] for name in order))

    def assignment(self, column: sa.Column, replacement: Replacement) -> sa.ColumnElement:
        info, table = column.info["column"], column.table.info["data_set"]
        if replacement.unique and replacement.value is not None:
            kept, digits = unique_parts(info, str(replacement.value), table=table)
            return sa.literal(kept).concat(sa.func.lower(sa.func.hex(sa.func.randomblob(digits // 2))))
        return sa.literal(plain_value(info, arrow_type(column.type), replacement, table=table), column.type)

    def differs(self, column: sa.Column, assigned: sa.ColumnElement) -> sa.ColumnElement[bool]:
        return sa.collate(sa.type_coerce(column, sa.Text()), "BINARY").is_distinct_from(assigned)

    def aged(
        self, connection: sa.Connection, table: sa.Table, older: Older, data_set: str
    ) -> sa.ColumnElement[bool]:
        """SQLite has no type for dates: any column may hold anything, and text is read as `ageing` does."""
        (column,) = pick(table, [older.column], data_set)
        if column.info["column"].kind not in (Kind.DATE, Kind.TIMESTAMP):
            raise no_age(older.column, data_set)
        answer = sa.func.console_older(column, day(older).isoformat(), naive(older).isoformat())
        if connection.scalar(sa.select(sa.func.count()).select_from(table).where(answer < 0)):
            raise Malformed(
                f"Some values in {data_set}.{older.column} are no dates or times as ISO 8601 writes them.",
                "Correct them in the store, or say which other column tells the age of the rows.",
            )
        return answer == 1

    def deletion(self, table: sa.Table, rows: sa.ColumnElement[bool], limit: int) -> sa.Delete:
        place = [column for column in table.columns if column.system]
        place = place or [table.c[name] for name in table.info["key"]]
        if not place:
            name = table.info["data_set"]
            raise Unsupported(f"{name} is a view: its rows are others'.", "Expire the tables it shows.")
        found = sa.tuple_(*place) if len(place) > 1 else place[0]
        return sa.delete(table).where(found.in_(sa.select(*place).where(rows).limit(limit)))

    def check_constraints_at_once(self, connection: sa.Connection) -> None:
        connection.info["changes"] = True
        if connection.scalar(DEFERRED):
            connection.info["violations"] = connection.scalar(VIOLATIONS)

    def constraints_met(self, connection: sa.Connection) -> None:
        before = connection.info.get("violations")
        if before is not None and connection.scalar(VIOLATIONS) > before:
            raise sqlite_errors.referring_rows("these tables")

    def committed(self, connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection  # a checkpoint has to be outside transactions
        sqlite_wiping.empty_log(driver, str(self.path))

    def settle(self, data_set: str) -> None:
        """The file is written anew without its free pages, where earlier deletions may have left their bytes."""
        self.require_writable()
        with closing(self._connect()) as connection:
            connection.set_progress_handler(None, 0)  # a file may be large, and this is the last step
            sqlite_wiping.wipe(connection, str(self.path))

    def explain(self, error: DBAPIError, *, data_set: str, columns: Sequence[str]) -> ConnectorError:
        return sqlite_errors.explain(
            error.orig or error,
            path=Path(self.settings["path"]),
            data_set=data_set,
            columns=columns,
            seconds=self.statement_seconds,
        )

    def _connect(self) -> sqlite3.Connection:
        mode = "rw" if self.writable else "ro"
        connection = sqlite3.connect(
            f"file:{quote(str(self.path))}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # transactions begin when we say so
            check_same_thread=False,
        )
        connection.text_factory = _decoded
        register_functions(connection)
        for setting in ("trusted_schema = OFF", "temp_store = MEMORY", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}")
        if self.writable:
            sqlite_wiping.prepare(connection)
        connection.set_progress_handler(self._is_late, STEPS_BETWEEN_LOOKS)
        return connection

    def _renew(self) -> None:
        self._deadline = time.monotonic() + self.statement_seconds

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline


def _decoded(text: bytes) -> str:
    return text.decode(errors="backslashreplace")


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later may be refused halfway.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get("changes") else "BEGIN")
