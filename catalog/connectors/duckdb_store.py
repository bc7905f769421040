"""DuckDB: one file, opened for each question alone, because who reads keeps those who write out.

A change is checkpointed into the file. DuckDB does not overwrite blocks it no longer needs: what they held
goes when they are used again, or when the database is copied (COPY FROM DATABASE) and the old file destroyed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from django import forms

from catalog.connectors import duckdb_catalog, duckdb_settling
from catalog.connectors.base import (
    Capability,
    Connector,
    ConstraintInTheWay,
    DataSetInfo,
    Definition,
    Match,
    Older,
    Operation,
    Replacement,
)
from catalog.connectors.duckdb_errors import explain
from catalog.connectors.duckdb_session import Session, pick
from catalog.connectors.extras import load
from catalog.connectors.sql import SAMPLED_CHARACTERS
from catalog.connectors.sql_files import DatabaseFileForm, database_file

MEMORY_MB = 1024
STATEMENT_SECONDS = 60


class DuckdbForm(DatabaseFileForm):
    memory_limit = forms.IntegerField(
        label="Memory limit in MB", initial=MEMORY_MB, min_value=128, required=False
    )
    statement_timeout = forms.IntegerField(
        label="Statement time-out in seconds", initial=STATEMENT_SECONDS, min_value=1, required=False
    )


class DuckdbConnector(Connector):
    kind = "duckdb"
    label = "DuckDB"
    Form = DuckdbForm
    capabilities = frozenset({Capability.FIND, Capability.CHANGE, Capability.EXPIRE})

    @property
    def path(self) -> Path:
        return database_file(self.settings, writable=self.writable)

    @property
    def statement_seconds(self) -> int:
        return int(self.settings.get("statement_timeout") or STATEMENT_SECONDS)

    def check(self) -> str:
        with self._session() as session:
            (version,) = session.connection.execute("SELECT version()").fetchall()[0]
            return f"DuckDB {version.removeprefix('v')}, {self.path.name}"

    def discover(self) -> Iterator[DataSetInfo]:
        with self._session() as session:
            found = list(duckdb_catalog.tables(session.connection))
        return (table.info for table in found)

    def definitions(self) -> Iterator[Definition]:
        with self._session() as session:
            return iter(list(duckdb_catalog.definitions(session.connection)))

    def lineage_namespace(self) -> str:
        return f"duckdb://{self.settings['path']}"  # as OpenLineage's dbt integration names it

    def lineage_name(self, data_set: str) -> str:
        return f"{Path(self.settings['path']).stem}.{data_set}"

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        with self._session(data_set) as session:
            table = session.table(data_set)
            schema = pa.schema([(column.name, pa.string()) for column in table.info.columns])
            query = session.sample_query(table, rows=rows, seed=seed, characters=SAMPLED_CHARACTERS)
            return session.arrow(query).cast(schema)

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        with self._session(data_set, limited=False) as session:
            table = session.table(data_set)
            chosen = table.info.columns if columns is None else pick(table, columns)
            with session.stream(session.read_query(table, chosen), batch_rows) as batches:
                yield from (batch for batch in batches if len(batch))

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        with self._session(data_set) as session:
            table = session.table(data_set)
            chosen = pick(table, columns)
            return session.arrow(session.read_query(table, chosen, session.where(table, matches)))

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        with self._session(data_set) as session:
            table = session.table(data_set)
            return session.count(table, "true" if matches is None else session.where(table, matches))

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        try:
            return self._change(operations, keep=False)
        except ConstraintInTheWay:
            if len(operations) < 2:
                raise
            # DuckDB compares keys with what was there before the transaction: a row whose referring rows
            # went in the same one counts as referred to. Each operation will be a transaction of its own.
            return self._rehearse_on_copy(operations)

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._change([Operation(data_set, matches)], keep=True)[0]

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._change([Operation(data_set, matches, replacements)], keep=True)[0]

    def count_older(self, data_set: str, older: Older) -> int:
        with self._session(data_set) as session:
            return session.count_older(session.table(data_set), older)

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        self.require_writable()
        with self._session(data_set) as session:
            gone = session.expire(session.table(data_set), older, limit=limit)
            session.connection.execute("CHECKPOINT")
        return gone

    def settle(self, data_set: str) -> None:
        """The file is written anew: deleted rows leave their bytes in free blocks."""
        self.require_writable()
        with self._explained(data_set):
            memory = f"{self.settings.get('memory_limit') or MEMORY_MB}MB"
            duckdb_settling.write_anew(self.path, memory=memory)

    def _change(self, operations: Sequence[Operation], *, keep: bool) -> list[int]:
        self.require_writable()
        with self._session() as session:
            session.connection.execute("BEGIN")
            counts = []
            for operation in operations:
                with self._explained(operation.data_set, list(operation.replacements)):
                    counts.append(session.apply(operation))
            session.connection.execute("COMMIT" if keep else "ROLLBACK")
            if keep:
                session.connection.execute("CHECKPOINT")
        return counts

    def _rehearse_on_copy(self, operations: Sequence[Operation]) -> list[int]:
        path = self.path
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".rehearsal-") as folder:
            copy = Path(folder) / path.name
            with self._session() as session:
                session.connection.execute("CHECKPOINT")
                shutil.copyfile(path, copy)
            connector = DuckdbConnector({**self.settings, "path": str(copy)}, writable=True)
            return [connector._change([operation], keep=True)[0] for operation in operations]

    @contextmanager
    def _session(self, data_set: str = "", *, limited: bool = True) -> Iterator[Session]:
        with self._explained(data_set):
            session = Session(
                self.path,
                writable=self.writable,
                memory=f"{self.settings.get('memory_limit') or MEMORY_MB}MB",
                seconds=self.statement_seconds if limited else None,
            )
            try:
                yield session
            finally:
                session.close()

    @contextmanager
    def _explained(self, data_set: str, columns: Sequence[str] = ()) -> Iterator[None]:
        duckdb = load("duckdb", extra="duckdb")
        try:
            yield
        except duckdb.Error as error:
            raise explain(
                error,
                path=Path(self.settings["path"]),
                data_set=data_set,
                columns=columns,
                seconds=self.statement_seconds,
            ) from None
