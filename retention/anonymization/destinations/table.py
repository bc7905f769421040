"""A new table in a PostgreSQL system that jobs may deliver to: filled under another name, renamed when it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from catalog.models import System
from governance.keyring.sealing import CannotOpen
from retention.anonymization.assembling import batches
from retention.anonymization.destinations.base import (
    Delivered,
    Destination,
    DestinationError,
    Staged,
    digest_of_files,
    file_digest,
)
from retention.anonymization.destinations.table_types import column_type, values_of
from retention.anonymization.outputs import run_that_made
from retention.anonymization.places import folder_of

CONNECT_SECONDS = 10
LOCK_SECONDS = 10
LONGEST = 63  # bytes of a name in PostgreSQL
MARK = "Anonymized by the privacy governance console, job "


class TableDestination(Destination):
    kind = "table"

    @property
    def label(self) -> str:
        system = System.objects.filter(pk=self.spec["system"]).values_list("name", flat=True).first()
        return f"{system or 'a removed system'} / {self.spec['schema']}.{self.spec['table']}"

    def staging(self) -> Path:
        return folder_of(self.run) / "staging"

    def check(self, source: Mapping[str, Any]) -> None:
        name = self.spec["table"]
        if not name or len(f"{name}{self._suffix}".encode()) > LONGEST:
            raise DestinationError(
                f"{name or 'No name'} cannot be the name of a table here.", "Choose a shorter one."
            )
        self._require_apart(source)
        with self._connected() as connection:
            allowed = connection.execute(
                "SELECT has_schema_privilege(%s, 'CREATE') FROM pg_namespace WHERE nspname = %s",
                [self.spec["schema"], self.spec["schema"]],
            ).fetchone()
            if allowed is None:
                raise DestinationError(
                    f"There is no schema {self.spec['schema']}.", "Make it, or name another."
                )
            if not allowed[0]:
                raise DestinationError(
                    f"The system's user may not make tables in {self.spec['schema']}.",
                    "Grant CREATE on the schema.",
                )
            self._require_free(connection)

    def check_schema(self, schema: pa.Schema) -> None:
        for field in schema:
            column_type(field)
            if len(field.name.encode()) > LONGEST:
                raise DestinationError(f"{field.name} is too long a name for a column.", "Deliver to a file.")

    def deliver(self, staged: Staged) -> Delivered:
        files = {part.name: file_digest(part) for part in staged.parts}
        with self._connected() as connection:
            if self._mark(connection) == self._own_mark:  # killed right after it had delivered
                return Delivered(self.label, digest_of_files(files))
            with connection.transaction():
                self._fill(connection, staged)
            with connection.transaction():
                self._require_free(connection)
                if self._mark(connection) is not None:
                    connection.execute(sql.SQL("DROP TABLE {}").format(self._table))
                rename = sql.SQL("ALTER TABLE {} RENAME TO {}")
                connection.execute(rename.format(self._draft, sql.Identifier(self.spec["table"])))
        return Delivered(self.label, digest_of_files(files))

    def discard(self) -> None:
        try:
            with self._connected() as connection:
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._draft))
        except DestinationError:
            return  # the next sweep tries again

    def _fill(self, connection: psycopg.Connection, staged: Staged) -> None:
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(f.name), sql.SQL(column_type(f))) for f in staged.schema
        ]
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._draft))
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(self._draft, sql.SQL(", ").join(columns)))
        mark = sql.SQL("COMMENT ON TABLE {} IS {}").format(self._draft, sql.Literal(self._own_mark))
        connection.execute(mark)
        with (
            connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY {} FROM STDIN").format(self._draft)) as copy,
        ):
            for batch in batches(staged):
                for row in zip(*(values_of(column) for column in batch.columns), strict=True):
                    copy.write_row(row)
        found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(self._draft)).fetchone()
        if found is None or found[0] != staged.rows:
            raise DestinationError(f"{self.label} did not take all rows.", "Start the job again.")

    def _require_free(self, connection: psycopg.Connection) -> None:
        mark = self._mark(connection)
        if mark is None or mark == self._own_mark:
            return
        if not self.overwrite:
            raise DestinationError(
                f"{self.label} is there already.", "Choose another name, or allow to overwrite it."
            )
        ours = run_that_made(self.label)
        if not ours or mark != f"{MARK}{ours.replace('-', '')}":
            raise DestinationError(
                f"{self.label} is not what an earlier job delivered there; it is not replaced.",
                "Choose another name.",
            )

    def _mark(self, connection: psycopg.Connection) -> str | None:
        """The comment of whatever has the name; empty without a comment, None where nothing has it."""
        found = connection.execute(
            "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = %s",
            [self.spec["schema"], self.spec["table"]],
        ).fetchone()
        return None if found is None else found[0] or ""

    def _require_apart(self, source: Mapping[str, Any]) -> None:
        system = System.objects.filter(pk=source.get("system") or 0).first()
        mine = System.objects.filter(pk=self.spec["system"]).first()
        if system is None or mine is None or system.kind != mine.kind:
            return
        same = all(system.settings.get(key) == mine.settings.get(key) for key in ("host", "port", "database"))
        if same and source["data_set"] == f"{self.spec['schema']}.{self.spec['table']}":
            raise DestinationError(
                f"{self.label} is the source.", "Deliver to another table: a source is only read."
            )

    @property
    def _suffix(self) -> str:
        return f"__anonymizing_{self.run[:8]}"

    @property
    def _table(self) -> sql.Identifier:
        return sql.Identifier(self.spec["schema"], self.spec["table"])

    @property
    def _draft(self) -> sql.Identifier:
        return sql.Identifier(self.spec["schema"], f"{self.spec['table']}{self._suffix}")

    @property
    def _own_mark(self) -> str:
        return f"{MARK}{self.run}"

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(**self._arguments(), autocommit=True) as connection:
                connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
                yield connection
        except psycopg.OperationalError as error:
            raise DestinationError(
                f"{self.label}: the database does not answer, or refuses ({error.sqlstate or 'no connection'}).",
                "Check the system's settings.",
            ) from None
        except psycopg.Error as error:
            # Its words may quote a value.
            raise DestinationError(
                f"{self.label}: the database refused it ({error.sqlstate}).", "Nothing was delivered."
            ) from None

    def _arguments(self) -> dict[str, Any]:
        system = System.objects.filter(pk=self.spec["system"]).first()
        if system is None:
            raise DestinationError("The system of the destination was removed.", "Choose another.")
        try:
            settings = system.all_settings()
        except CannotOpen as problem:
            raise DestinationError(str(problem), "Or enter the secrets of the system again.") from None
        return {
            "host": settings["host"],
            "port": int(settings.get("port") or 5432),
            "dbname": settings["database"],
            "user": settings["user"],
            "password": settings.get("password") or None,
            "sslmode": settings.get("sslmode") or "prefer",
            "connect_timeout": CONNECT_SECONDS,
            "passfile": "/dev/null",
            "client_encoding": "utf8",
            "application_name": "privacy governance console",
        }
