"""One connection to a DuckDB file, for one question: shut off from files and network, with a limit of memory."""

# ruff: noqa: S608 - DuckDB binds values, not names: these are quoted by duckdb_values.quote.

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from catalog.connectors.ageing import day, naive, no_age
from catalog.connectors.base import (
    ColumnInfo,
    ConstraintInTheWay,
    DataSetMissing,
    Kind,
    Match,
    Older,
    Operation,
    Replacement,
    Unsupported,
)
from catalog.connectors.duckdb_catalog import DuckdbTable, tables
from catalog.connectors.duckdb_errors import SCAN_AGAIN
from catalog.connectors.duckdb_values import as_text, comparable, folded, quote, readable
from catalog.connectors.extras import load
from catalog.connectors.keys import convert_keys
from catalog.connectors.sql_replacing import plain_value, unique_parts

ROWS_AT_ONCE = 2_048  # DuckDB's own measure; a larger batch would hold more than it is worth
CONFIGURATION = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "threads": "2",
}


@dataclass(frozen=True)
class Assigned:
    """`name = expression`, in which `value` stands for a question mark; `current` is what is there now."""

    name: str
    current: str
    expression: str
    value: Any = None


class Session:
    """`connection` is DuckDB's; statements are put together from quoted names, values are bound."""

    def __init__(self, path: Path, *, writable: bool, memory: str, seconds: int | None) -> None:
        config = CONFIGURATION | {"memory_limit": memory}
        self.connection = load("duckdb", extra="duckdb").connect(
            str(path), read_only=not writable, config=config
        )
        self._timer = threading.Timer(seconds, self.connection.interrupt) if seconds else None
        try:
            self.connection.execute("SET TimeZone = 'UTC'")
            self.connection.execute("SET lock_configuration = true")
        except BaseException:
            self.connection.close()
            raise
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        self._keys = 0

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self.connection.close()

    def table(self, data_set: str) -> DuckdbTable:
        """DataSetMissing where it is not there."""
        for found in tables(self.connection):
            if found.info.name == data_set:
                return found
        raise DataSetMissing(f"There is no table {data_set}.", SCAN_AGAIN)

    def schema(self, table: DuckdbTable, columns: Sequence[ColumnInfo]) -> pa.Schema:
        """The Arrow types in which those columns are read."""
        return self.arrow(f"{_select(columns)} FROM {_address(table)} LIMIT 0").schema

    def arrow(self, query: str) -> pa.Table:
        with self.stream(query, ROWS_AT_ONCE) as reader:
            return reader.read_all()

    def stream(self, query: str, batch_rows: int) -> pa.RecordBatchReader:
        return self.connection.sql(query).to_arrow_reader(min(batch_rows, ROWS_AT_ONCE))

    def read_query(self, table: DuckdbTable, columns: Sequence[ColumnInfo], where: str = "true") -> str:
        return f"{_select(columns)} FROM {_address(table)} WHERE {where}"

    def count(self, table: DuckdbTable, where: str = "true") -> int:
        return self._number(f"SELECT count(*) FROM {_address(table)} WHERE {where}")

    def sample_query(self, table: DuckdbTable, *, rows: int, seed: int, characters: int) -> str:
        """Rows are chosen by their numbers alone, so that only those chosen are read."""
        columns, address = table.info.columns, _address(table)
        texts = [f"left({as_text(column)}, {characters}) AS {quote(column.name)}" for column in columns]
        order = (
            f"hash(rowid, {int(seed)})"
            if table.stored
            else f"hash({', '.join(quote(column.name) for column in columns)}, {int(seed)})"
        )
        chosen = f"rowid IN (SELECT rowid FROM {address} ORDER BY {order} LIMIT {int(rows)})"
        where = chosen if table.stored else "true"
        return f"SELECT {', '.join(texts)} FROM {address} WHERE {where} ORDER BY {order} LIMIT {int(rows)}"

    def where(self, table: DuckdbTable, matches: Sequence[Match]) -> str:
        """True for the rows that satisfy any of `matches`: the keys stand beside it as an Arrow table."""
        return " OR ".join([f"({self._condition(table, match)})" for match in matches] or ["false"])

    def apply(self, operation: Operation) -> int:
        table = self.table(operation.data_set)
        matches = operation.matches
        for match in matches:
            pick(table, match.columns)
        where, address = self.where(table, matches), _address(table)
        if not operation.replacements:
            return self._number(f"DELETE FROM {address} WHERE {where}")
        assigned = [
            self._assigned(table, column, operation.replacements[column.name])
            for column in pick(table, list(operation.replacements))
        ]
        count = self.count(table, where)
        sets = ", ".join(f"{one.name} = {one.expression}" for one in assigned)
        changed = " OR ".join(f"{one.current} IS DISTINCT FROM {one.expression}" for one in assigned)
        values = [one.value for one in assigned if "?" in one.expression]
        self._number(f"UPDATE {address} SET {sets} WHERE ({where}) AND ({changed})", values * 2)
        return count

    def count_older(self, table: DuckdbTable, older: Older) -> int:
        where, value = self._aged(table, older)
        return self._number(f"SELECT count(*) FROM {_address(table)} WHERE {where}", [value])

    def expire(self, table: DuckdbTable, older: Older, *, limit: int) -> int:
        if not table.stored:
            raise Unsupported(
                f"{table.info.name} is a view: its rows are others'.", "Expire the tables it shows."
            )
        where, value = self._aged(table, older)
        address = _address(table)
        chosen = f"SELECT rowid FROM {address} WHERE {where} LIMIT {int(limit)}"
        return self._number(f"DELETE FROM {address} WHERE rowid IN ({chosen})", [value])

    def _aged(self, table: DuckdbTable, older: Older) -> tuple[str, Any]:
        """A condition with one question mark, and its value."""
        (column,) = pick(table, [older.column])
        name = quote(column.name)
        if column.data_type == "DATE":
            return f"{name} < CAST(? AS DATE)", day(older).isoformat()
        if column.data_type == "TIMESTAMP WITH TIME ZONE":
            return f"{name} < CAST(? AS TIMESTAMPTZ)", older.moment.isoformat()
        if column.data_type.startswith("TIMESTAMP"):
            return f"{name} < CAST(? AS TIMESTAMP)", naive(older).isoformat()
        raise no_age(older.column, table.info.name)

    def _assigned(self, table: DuckdbTable, column: ColumnInfo, replacement: Replacement) -> Assigned:
        name, value = quote(column.name), replacement.value
        if column.generated:
            raise ConstraintInTheWay(
                f"{table.info.name}.{column.name} is computed by the store and cannot be written.",
                "Overwrite the columns that it is computed from, or delete the rows.",
            )
        current = f"{name} COLLATE C" if column.data_type == "VARCHAR" else name
        if replacement.unique and value is not None:
            if column.kind is Kind.UUID:
                return Assigned(name, current, "gen_random_uuid()")
            kept, digits = unique_parts(column, str(value), table=table.info.name)
            chance = f"left(md5(CAST(random() AS VARCHAR) || CAST(random() AS VARCHAR)), {digits})"
            return Assigned(name, current, f"? || {chance}", kept)
        if column.kind is Kind.ARRAY and isinstance(value, list):
            value = json.dumps(value, default=str)
        kind = self.schema(table, [column]).field(0).type
        value = plain_value(column, kind, Replacement(value), table=table.info.name)
        source = "CAST(? AS JSON)" if column.kind in (Kind.ARRAY, Kind.JSON) else "?"
        return Assigned(name, current, f"CAST({source} AS {column.data_type})", value)

    def _condition(self, table: DuckdbTable, match: Match) -> str:
        columns = pick(table, match.columns)
        if match.fold:
            keys = [convert_keys(match.keys[column.name], pa.string()) for column in columns]
            compared = [folded(as_text(column)) for column in columns]
        else:
            kinds = self.schema(table, columns).types
            keys = [
                convert_keys(match.keys[column.name], kind)
                for column, kind in zip(columns, kinds, strict=True)
            ]
            compared = [comparable(column) for column in columns]
        names = [f"key{place}" for place in range(len(keys))]
        view = f"console_keys_{self._keys}"
        self._keys += 1
        self.connection.register(view, pa.table(keys, names=names).drop_null())
        wanted = ", ".join(map(folded, names) if match.fold else names)
        left = compared[0] if len(compared) == 1 else f"({', '.join(compared)})"
        right = wanted if len(names) == 1 else f"({wanted})"
        return f"coalesce({left} IN (SELECT {right} FROM temp.{view}), false)"

    def _number(self, statement: str, values: Sequence[Any] = ()) -> int:
        return self.connection.execute(statement, list(values)).fetchall()[0][0]


def pick(table: DuckdbTable, names: Sequence[str]) -> list[ColumnInfo]:
    """Those columns, in that order; DataSetMissing names one that is not there."""
    known = {column.name: column for column in table.info.columns}
    for name in names:
        if name not in known:
            raise DataSetMissing(
                f"{table.info.name} has no column {name!r}.",
                "It may have been renamed or dropped: scan the system again.",
            )
    return [known[name] for name in names]


def _select(columns: Sequence[ColumnInfo]) -> str:
    return "SELECT " + ", ".join(f"{readable(column)} AS {quote(column.name)}" for column in columns)


def _address(table: DuckdbTable) -> str:
    return f"{quote(table.schema)}.{quote(table.table)}"
