"""PostgreSQL 12 and later: reading inside read-only transactions, changing under short lock time-outs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence, Set

import psycopg
import sqlalchemy as sa
from django import forms
from sqlalchemy.exc import DBAPIError

from catalog.connectors import postgresql_catalog
from catalog.connectors.base import (
    ConnectorError,
    DataSetInfo,
    DataSetMissing,
    Definition,
    Lingering,
    Match,
    Older,
    Replacement,
    Unreachable,
    Unsupported,
)
from catalog.connectors.postgresql_errors import SCAN_AGAIN, explain_connection, explain_statement
from catalog.connectors.postgresql_matching import equal, folded, folding_collation, inside
from catalog.connectors.postgresql_partitions import drop_partition, wholly_older
from catalog.connectors.postgresql_replacing import assigned, differing
from catalog.connectors.postgresql_sampling import as_text, shuffled, spread
from catalog.connectors.postgresql_settling import CHOICES, NOTHING, REWRITE, VACUUM, vacuum
from catalog.connectors.postgresql_types import readable, sql_column
from catalog.connectors.sql import SqlConnector

CONNECT_SECONDS = 10
LOCK_SECONDS = 10
STATEMENT_SECONDS = 60


class PostgresqlForm(forms.Form):
    host = forms.CharField(initial="localhost", help_text="Name, address, or the folder of a Unix socket.")
    port = forms.IntegerField(initial=5432, min_value=1, max_value=65535)
    database = forms.CharField()
    user = forms.CharField(help_text="A role that may read the tables; for erasure also delete and update.")
    password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)
    sslmode = forms.ChoiceField(
        label="SSL mode",
        initial="prefer",
        choices=[(mode, mode) for mode in ("disable", "prefer", "require", "verify-ca", "verify-full")],
    )
    schemas = forms.CharField(
        required=False, help_text="Separated by commas; empty for all but PostgreSQL's own."
    )
    statement_timeout = forms.IntegerField(
        label="Statement time-out in seconds", initial=STATEMENT_SECONDS, min_value=1, required=False
    )
    after_erasure = forms.ChoiceField(
        label="After an erasure",
        required=False,
        choices=CHOICES,
        help_text="Dead rows stay in the files of a table until it is vacuumed, and their bytes until it is written "
        "anew. The role must own the tables, or be granted MAINTAIN on them.",
    )

    def clean_host(self) -> str:
        host = self.cleaned_data["host"]
        if not host.startswith("/"):
            try:
                host.encode("idna")
            except UnicodeError:
                raise forms.ValidationError("This is no name of a host.") from None
        return host


class PostgresqlConnector(SqlConnector):
    kind = "postgresql"
    label = "PostgreSQL"
    Form = PostgresqlForm
    secret_fields = frozenset({"password"})
    search_inside = True
    _not_rewritten: Set[str] = frozenset()  # data sets that the last attempt did not come to

    @property
    def schemas(self) -> list[str] | None:
        names = [name.strip() for name in (self.settings.get("schemas") or "").split(",")]
        return [name for name in names if name] or None

    @property
    def statement_seconds(self) -> int:
        return int(self.settings.get("statement_timeout") or STATEMENT_SECONDS)

    def make_engine(self) -> sa.Engine:
        settings = self.settings
        url = sa.URL.create(
            "postgresql+psycopg",
            username=settings["user"],
            password=settings.get("password") or None,
            host=settings["host"],
            port=int(settings.get("port") or 5432),
            database=settings["database"],
        )
        arguments = {
            "connect_timeout": CONNECT_SECONDS,
            "sslmode": settings.get("sslmode") or "prefer",
            "client_encoding": "utf8",
            "passfile": os.devnull,  # who registers a system has no use of the passwords in the console's home
            "fallback_application_name": "privacy governance console",
            "prepare_threshold": None,  # prepared statements do not survive a connection pooler
        }
        engine = sa.create_engine(
            url,
            connect_args=arguments,
            hide_parameters=True,
            use_native_hstore=False,  # saves a query in each new connection; it is read as text
            pool_size=1,
            max_overflow=4,
        )
        return engine.execution_options(postgresql_readonly=not self.writable)

    def prepare(self, connection: sa.Connection) -> None:
        # Inside the transaction, so that they hold behind a connection pooler too.
        settings = {
            "statement_timeout": f"{self.statement_seconds}s",
            "lock_timeout": f"{LOCK_SECONDS}s",
            "idle_in_transaction_session_timeout": "10min",
            "cursor_tuple_fraction": "1",
            "TimeZone": "UTC",
            "DateStyle": "ISO",
            "bytea_output": "hex",
            "row_security": "off",  # rows hidden by a policy become an error instead of a silence
        }
        connection.execute(sa.select(*(sa.func.set_config(*item, True) for item in settings.items())))

    def check(self) -> str:
        with self.transaction() as connection:
            self._require_schemas(connection)
            return f"PostgreSQL {connection.scalar(sa.select(sa.func.current_setting('server_version')))}"

    def discover(self) -> Iterator[DataSetInfo]:
        with self.transaction() as connection:
            self._require_schemas(connection)
            yield from postgresql_catalog.data_sets(connection, schemas=self.schemas)

    def definitions(self) -> Iterator[Definition]:
        with self.transaction() as connection:
            yield from postgresql_catalog.definitions(connection, schemas=self.schemas)

    def lineage_namespace(self) -> str:
        return f"postgres://{self.settings['host']}:{self.settings.get('port') or 5432}"

    def lineage_name(self, data_set: str) -> str:
        return f"{self.settings['database']}.{data_set}"

    def describe(self, connection: sa.Connection, data_set: str) -> sa.Table:
        address = postgresql_catalog.parse_name(data_set)
        found = postgresql_catalog.describe_table(connection, *address) if address else None
        if address is None or found is None or (self.schemas and address[0] not in self.schemas):
            raise DataSetMissing(f"There is no table {data_set}.", SCAN_AGAIN)
        schema, name = address
        places = ("ctid", "tableoid") if found.stored else ()
        return sa.Table(
            sa.sql.quoted_name(name, quote=True),
            sa.MetaData(),
            *map(sql_column, found.columns),
            *(sa.Column(place, sa.Text, system=True) for place in places),
            schema=sa.sql.quoted_name(schema, quote=True),
            info={"data_set": data_set, "divided": found.divided},
        )

    def condition(self, connection: sa.Connection, table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
        if match.path or match.inside:
            return inside(table, match, collation=folding_collation(connection))
        if match.fold:
            return folded(table, match, collation=folding_collation(connection))
        return equal(table, match)

    def readable(self, column: sa.Column) -> sa.ColumnElement:
        return readable(column)

    def as_text(self, column: sa.Column, source: sa.ColumnElement, characters: int) -> sa.ColumnElement:
        return as_text(column, source, characters)

    def spread(
        self, connection: sa.Connection, table: sa.Table, rows: int, seed: int
    ) -> Iterator[tuple[sa.FromClause, sa.ColumnElement]]:
        if "ctid" in table.c:
            return spread(connection, table, rows=rows, seed=seed)
        return iter([(table, shuffled(table, seed=seed))])

    def assignment(self, column: sa.Column, replacement: Replacement) -> sa.ColumnElement:
        return assigned(column, replacement)

    def differs(self, column: sa.Column, assigned: sa.ColumnElement) -> sa.ColumnElement[bool]:
        return differing(column, assigned)

    def deletion(self, table: sa.Table, rows: sa.ColumnElement[bool], limit: int) -> sa.Delete:
        """By place, which needs no key. `rows` is asked again: a row changed meanwhile has another place."""
        if "ctid" not in table.c:
            name = table.info["data_set"]
            raise Unsupported(f"{name} is a view: its rows are others'.", "Expire the tables it shows.")
        if table.info["divided"]:
            place = [table.c.tableoid, table.c.ctid]
            found: sa.ColumnElement[bool] = sa.tuple_(*place).in_(sa.select(*place).where(rows).limit(limit))
        else:
            chosen = sa.select(table.c.ctid).where(rows).limit(limit).scalar_subquery()
            found = table.c.ctid == sa.any_(sa.func.array(chosen))
        return sa.delete(table).where(found, rows)

    def droppable(self, data_set: str, older: Older) -> list[str]:
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
            return [each.fullname for each in wholly_older(connection, table, older)]

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        """Whole partitions first, however many rows they hold; one that cannot be dropped is emptied as any table."""
        self.require_writable()
        return self._drop_partitions(data_set, older) or super().expire(data_set, older, limit=limit)

    def _drop_partitions(self, data_set: str, older: Older) -> int:
        dropped = 0
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
            found = wholly_older(connection, table, older)
        for partition in found:
            try:
                with self.transaction(data_set) as connection:
                    rows = drop_partition(connection, table, partition)
                    connection.commit()
                    dropped += rows
            except Unreachable:
                raise
            except ConnectorError:  # not its owner, or other tables refer to its rows
                continue
        return dropped

    def check_constraints_at_once(self, connection: sa.Connection) -> None:
        connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))

    def settle(self, data_set: str) -> None:
        self.require_writable()
        wanted = self.settings.get("after_erasure") or VACUUM
        if wanted == NOTHING:
            return
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
        if "ctid" in table.c:
            with self._explained(data_set):
                done = vacuum(self.engine, table, rewrite=wanted == REWRITE, lock_seconds=LOCK_SECONDS)
            self._not_rewritten = {*self._not_rewritten, data_set} - ({data_set} if done else set())

    def lingering(self, data_set: str, matches: Sequence[Match]) -> Lingering | None:
        """What could not be written anew just now, where that is asked for; of dead rows the store says nothing."""
        if self.settings.get("after_erasure") != REWRITE or data_set not in self._not_rewritten:
            return None
        return Lingering(
            1,
            None,
            f"The rows are deleted, but {data_set} could not be written anew, as the settings of this system ask: the "
            "table is locked, a transaction on the server is open that began before, or the role neither owns the "
            "table nor has MAINTAIN on it.",
        )

    def explain(self, error: DBAPIError, *, data_set: str, columns: Sequence[str]) -> ConnectorError:
        settings, cause = self.settings, error.orig
        if not isinstance(cause, psycopg.Error):
            return ConnectorError(f"PostgreSQL could not be asked about {data_set} ({type(cause).__name__}).")
        if error.statement is None and cause.sqlstate is None:
            server = f"{settings['host']}:{settings.get('port') or 5432}"
            return explain_connection(
                cause, server=server, database=settings["database"], user=settings["user"]
            )
        return explain_statement(
            cause,
            data_set=data_set,
            columns=columns,
            user=settings["user"],
            seconds=self.statement_seconds,
        )

    def _require_schemas(self, connection: sa.Connection) -> None:
        there = set(sa.inspect(connection).get_schema_names())
        for name in self.schemas or []:
            if name not in there:
                raise DataSetMissing(
                    f"There is no schema {name!r} in {self.settings['database']}.",
                    "Correct the list of schemas.",
                )
