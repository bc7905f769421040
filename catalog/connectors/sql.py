"""What all SQL stores share, over SQLAlchemy Core: transactions, reading as Arrow, counting, changing.

A dialect is a subclass that connects, describes its tables, compares keys, samples, and explains its errors.
No statement is put together from text: names are quoted and values are bound by SQLAlchemy.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from catalog.connectors import sql_recomputing
from catalog.connectors.ageing import day, naive, no_age
from catalog.connectors.base import (
    Capability,
    Connector,
    ConnectorError,
    ConstraintInTheWay,
    DataSetMissing,
    Match,
    Older,
    Operation,
    Replacement,
)
from catalog.connectors.sql_arrow import arrow_type, fetch_batches

SAMPLED_CHARACTERS = 4096


class SqlConnector(Connector):
    """Every operation is one transaction; a table's columns carry their `ColumnInfo` in `.info["column"]`."""

    capabilities = frozenset({Capability.FIND, Capability.CHANGE, Capability.EXPIRE, Capability.RECOMPUTE})

    @abstractmethod
    def make_engine(self) -> sa.Engine:
        """The way to the store, with a time-out; read-only there too unless this connector is writable."""

    @abstractmethod
    def prepare(self, connection: sa.Connection) -> None:
        """Begin a transaction: its time-outs and whatever else it needs to be told."""

    @abstractmethod
    def describe(self, connection: sa.Connection, data_set: str) -> sa.Table:
        """The table as it is now; DataSetMissing where it is not."""

    @abstractmethod
    def condition(self, connection: sa.Connection, table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
        """True for the rows that satisfy `match`; false() where none of its keys fits."""

    @abstractmethod
    def readable(self, column: sa.Column) -> sa.ColumnElement:
        """The column as it is fetched, in a form that `arrow_type` of its type can hold."""

    @abstractmethod
    def as_text(self, column: sa.Column, source: sa.ColumnElement, characters: int) -> sa.ColumnElement:
        """The first `characters` characters of `column`, out of `source`, as text, cut in the store."""

    @abstractmethod
    def spread(
        self, connection: sa.Connection, table: sa.Table, rows: int, seed: int
    ) -> Iterator[tuple[sa.FromClause, sa.ColumnElement]]:
        """Sources of rows all over the table, and a random order in them; the last yields all there are."""

    @abstractmethod
    def assignment(self, column: sa.Column, replacement: Replacement) -> sa.ColumnElement:
        """What is written; ConstraintInTheWay where the column cannot take it."""

    @abstractmethod
    def differs(self, column: sa.Column, assigned: sa.ColumnElement) -> sa.ColumnElement[bool]:
        """True where the column does not yet hold what is assigned, null being a value like others."""

    @abstractmethod
    def deletion(self, table: sa.Table, rows: sa.ColumnElement[bool], limit: int) -> sa.Delete:
        """What deletes at most `limit` of the rows for which `rows` is true, by the store's own means."""

    @abstractmethod
    def check_constraints_at_once(self, connection: sa.Connection) -> None:
        """Deferred constraints speak at their statement, so that a rehearsal meets them too."""

    @abstractmethod
    def explain(self, error: DBAPIError, *, data_set: str, columns: Sequence[str]) -> ConnectorError:
        """The store's error in our words, without any value of the store; `columns` were to be written."""

    def fit_types(self, connection: sa.Connection, columns: Sequence[sa.Column], rows: sa.Select) -> None:
        """Make those of `columns` text that hold, in `rows`, a value which their type cannot hold."""

    def stream(self, connection: sa.Connection) -> None:
        """Prepare to read for as long as it takes: a time-out for one answer is none for all rows."""

    def abandon(self, connection: sa.Connection) -> None:
        """A reader stopped early: leave what was not fetched."""

    def require_changeable(self, table: sa.Table) -> None:
        """ConnectorError where the store cannot undo a change of this table, or keeps what is deleted."""

    def constraints_met(self, connection: sa.Connection) -> None:
        """After the changes, before their end: what could not be checked at once is checked now."""

    def committed(self, connection: sa.Connection) -> None:
        """After a change is durable: clear away what still holds the old values."""

    @cached_property
    def engine(self) -> sa.Engine:
        return self.make_engine()

    def close(self) -> None:
        if "engine" in vars(self):
            self.engine.dispose()
            del self.engine

    def sample(self, data_set: str, *, rows: int, seed: int = 0) -> pa.Table:
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
            columns = user_columns(table)
            schema = pa.schema([(column.name, pa.string()) for column in columns])
            found = schema.empty_table()
            for source, order in self.spread(connection, table, rows, seed):
                # Rows are chosen first and spelled out after: no large value is read for a row left out.
                chosen = sa.select(*(source.c[column.name] for column in columns)).select_from(source)
                drawn = chosen.order_by(order).limit(rows).subquery()
                texts = [self.as_text(column, drawn.c[column.name], SAMPLED_CHARACTERS) for column in columns]
                query = sa.select(*texts).select_from(drawn)
                found = pa.Table.from_batches(fetch_batches(connection, query, schema, rows), schema)
                if len(found) == rows:
                    break
            return found

    def read(
        self, data_set: str, *, columns: Sequence[str] | None = None, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
            chosen = user_columns(table) if columns is None else pick(table, columns, data_set)
            self.stream(connection)
            self.fit_types(connection, chosen, sa.select().select_from(table))
            query = sa.select(*map(self.readable, chosen)).select_from(table)
            for batch in fetch_batches(connection, query, _schema(chosen), batch_rows):
                try:
                    yield batch
                except GeneratorExit:
                    self.abandon(connection)
                    raise

    def find(self, data_set: str, matches: Sequence[Match], columns: Sequence[str]) -> pa.Table:
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
            chosen = pick(table, columns, data_set)
            rows = self._any(connection, table, matches, data_set)
            self.fit_types(connection, chosen, sa.select().select_from(table).where(rows))
            query = sa.select(*map(self.readable, chosen)).select_from(table).where(rows)
            schema = _schema(chosen)
            return pa.Table.from_batches(fetch_batches(connection, query, schema, 10_000), schema)

    def count(self, data_set: str, matches: Sequence[Match] | None = None) -> int:
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
            query = sa.select(sa.func.count()).select_from(table)
            if matches is not None:
                query = query.where(self._any(connection, table, matches, data_set))
            return connection.scalar(query) or 0

    def rehearse(self, operations: Sequence[Operation]) -> list[int]:
        return self._change(operations, keep=False)

    def delete(self, data_set: str, matches: Sequence[Match]) -> int:
        return self._change([Operation(data_set, matches)], keep=True)[0]

    def overwrite(
        self, data_set: str, matches: Sequence[Match], replacements: Mapping[str, Replacement]
    ) -> int:
        if not replacements:
            raise ValueError(f"Nothing was said to write into {data_set}; that would mean to delete.")
        return self._change([Operation(data_set, matches, replacements)], keep=True)[0]

    def count_older(self, data_set: str, older: Older) -> int:
        with self.transaction(data_set) as connection:
            table = self.describe(connection, data_set)
            rows = self.aged(connection, table, older, data_set)
            return connection.scalar(sa.select(sa.func.count()).select_from(table).where(rows)) or 0

    def expire(self, data_set: str, older: Older, *, limit: int) -> int:
        self.require_writable()
        with self.transaction(data_set) as connection:
            self.check_constraints_at_once(connection)
            table = self.describe(connection, data_set)
            self.require_changeable(table)
            rows = self.aged(connection, table, older, data_set)
            gone = connection.execute(self.deletion(table, rows, limit)).rowcount
            self.constraints_met(connection)
            connection.commit()
            self.committed(connection)
        return gone

    def aged(
        self, connection: sa.Connection, table: sa.Table, older: Older, data_set: str
    ) -> sa.ColumnElement[bool]:
        """True for the rows that are older (see `ageing`); Unsupported where the column has no dates or times."""
        (column,) = pick(table, [older.column], data_set)
        kind = arrow_type(column.type)
        if pa.types.is_date(kind):
            return column < sa.literal(day(older), sa.Date())
        if not pa.types.is_timestamp(kind):
            raise no_age(older.column, data_set)
        return column < sa.literal(older.moment if kind.tz else naive(older), column.type)

    def recompute(self, data_set: str, query: str = "") -> int:
        self.require_writable()
        with self.transaction(data_set) as connection:
            self.stream(connection)
            table = self.describe(connection, data_set)
            if query:
                self.require_changeable(table)
                rows = sql_recomputing.refill(connection, table, query)
            else:
                rows = sql_recomputing.refresh(connection, table)
            connection.commit()
            self.committed(connection)
            return rows

    def differing(self, data_set: str, query: str = "") -> int:
        found = query or next((each.sql for each in self.definitions() if each.data_set == data_set), "")
        if not found:
            raise DataSetMissing(f"The store keeps no definition of {data_set}.", "Scan the system again.")
        with self.transaction(data_set) as connection:
            self.stream(connection)
            return sql_recomputing.differing(connection, self.describe(connection, data_set), found)

    @contextmanager
    def transaction(self, data_set: str = "") -> Iterator[sa.Connection]:
        """One transaction, rolled back unless it is committed inside; errors come out explained."""
        with self._explained(data_set), self.engine.connect() as connection:
            self.prepare(connection)
            yield connection

    @contextmanager
    def _explained(self, data_set: str, columns: Sequence[str] = ()) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self.explain(error, data_set=data_set, columns=columns) from None

    def _change(self, operations: Sequence[Operation], *, keep: bool) -> list[int]:
        self.require_writable()
        with self.transaction(operations[0].data_set if operations else "") as connection:
            self.check_constraints_at_once(connection)
            counts = []
            for operation in operations:
                with self._explained(operation.data_set, list(operation.replacements)):
                    counts.append(self._apply(connection, operation))
            self.constraints_met(connection)
            if keep:
                connection.commit()
                self.committed(connection)
        return counts

    def _apply(self, connection: sa.Connection, operation: Operation) -> int:
        table = self.describe(connection, operation.data_set)
        self.require_changeable(table)
        rows = self._any(connection, table, operation.matches, operation.data_set)
        if not operation.replacements:
            return connection.execute(sa.delete(table).where(rows)).rowcount
        assigned = {}
        for name, replacement in operation.replacements.items():
            (column,) = pick(table, [name], operation.data_set)
            if column.info["column"].generated:
                raise ConstraintInTheWay(
                    f"{operation.data_set}.{name} is computed by the store and cannot be written.",
                    "Overwrite the columns that it is computed from, or delete the rows.",
                )
            assigned[column] = self.assignment(column, replacement)
        count = connection.scalar(sa.select(sa.func.count()).select_from(table).where(rows)) or 0
        changed = sa.or_(*(self.differs(column, value) for column, value in assigned.items()))
        if count:
            connection.execute(sa.update(table).where(rows, changed).values(assigned))
        return count

    def _any(
        self, connection: sa.Connection, table: sa.Table, matches: Sequence[Match], data_set: str
    ) -> sa.ColumnElement[bool]:
        for match in matches:
            pick(table, match.columns, data_set)
        return sa.or_(sa.false(), *(self.condition(connection, table, match) for match in matches))


def user_columns(table: sa.Table) -> list[sa.Column]:
    """Its columns without those the store keeps for itself."""
    return [column for column in table.columns if not column.system]


def pick(table: sa.Table, names: Sequence[str], data_set: str) -> list[sa.Column]:
    """Those columns, in that order; DataSetMissing names one that is not there."""
    known = {column.name: column for column in user_columns(table)}
    for name in names:
        if name not in known:
            raise DataSetMissing(
                f"{data_set} has no column {name!r}.",
                "It may have been renamed or dropped: scan the system again.",
            )
    return [known[name] for name in names]


def _schema(columns: Sequence[sa.Column]) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])
