"""What SQLite says about its tables and views. Columns without a strict type are described as declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from catalog.connectors.base import ColumnInfo, DataSetInfo, Definition, ForeignKeyInfo, Kind

# Tables that another table keeps its content in (`shadow`) are not listed.
TABLES = sa.text(
    """
    SELECT l.name, l.type, l.wr, l.strict, s.sql FROM pragma_table_list l
    JOIN main.sqlite_schema s ON s.name = l.name AND s.type IN ('table', 'view')
    WHERE l.schema = 'main' AND l.type <> 'shadow' AND l.name NOT LIKE 'sqlite^_%' ESCAPE '^'
      AND (:name IS NULL OR l.name = :name)
    ORDER BY l.name COLLATE BINARY
    """
)
COLUMNS = sa.text("SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(:name, 'main')")
ALONE_UNIQUE = sa.text(
    """
    SELECT min(i.name) FROM pragma_index_list(:name, 'main') l, pragma_index_info(l.name, 'main') i
    WHERE l."unique" AND NOT l.partial GROUP BY l.name HAVING count(*) = 1
    """
)
FOREIGN_KEYS = sa.text(
    """
    SELECT k.id, k."from" AS source, k."to" AS target_column, lower(k.on_delete) AS on_delete,
           coalesce(s.name, k."table") AS target
    FROM pragma_foreign_key_list(:name, 'main') k
    LEFT JOIN main.sqlite_schema s ON s.type = 'table' AND s.name = k."table" COLLATE NOCASE
    ORDER BY k.id, k.seq
    """
)
ACTIONS = ("cascade", "set null", "set default")
VIEW = "view"
# The declared name says what is meant, whatever SQLite makes of it: it knows neither dates nor booleans.
KINDS = (
    (r"bool", Kind.BOOLEAN),
    (r"datetime|timestamp", Kind.TIMESTAMP),
    (r"date", Kind.DATE),
    (r"time", Kind.TIME),
    (r"uuid|guid", Kind.UUID),
    (r"json", Kind.JSON),
    (r"dec|numeric|money", Kind.DECIMAL),
)
AFFINITY_KINDS = {
    "integer": Kind.INTEGER,
    "text": Kind.TEXT,
    "real": Kind.FLOAT,
    "blob": Kind.BINARY,
    "": Kind.UNKNOWN,
    "numeric": Kind.UNKNOWN,
}


@dataclass(frozen=True)
class SqliteTable:
    """One table or view; `place` is the name by which its rows' numbers go, empty where they have none."""

    info: DataSetInfo
    place: str
    strict: bool


def tables(connection: sa.Connection) -> Iterator[DataSetInfo]:
    """All tables and views, sorted; one that SQLite cannot describe with its problem."""
    for row in connection.execute(TABLES, {"name": None}).all():
        try:
            yield _described(connection, row).info
        except DBAPIError:
            yield DataSetInfo(
                row.name,
                VIEW if row.type == VIEW else "table",
                problem="SQLite cannot describe it: what it is made of is missing. Repair or drop it.",
            )


def describe_table(connection: sa.Connection, name: str) -> SqliteTable | None:
    """One table or view; None where it is not there."""
    row = connection.execute(TABLES, {"name": name}).first()
    return _described(connection, row) if row else None


def definitions(connection: sa.Connection) -> Iterator[Definition]:
    """The statements that made the views."""
    for row in connection.execute(TABLES, {"name": None}):
        if row.type == VIEW:
            yield Definition(row.name, row.sql, "sqlite")


def affinity(declared: str) -> str:
    """What SQLite makes of a declared type, by the rules of sqlite.org/datatype3.html; empty for none."""
    name = declared.upper()
    if "INT" in name:
        return "integer"
    if any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if "BLOB" in name:
        return "blob"
    if name in ("", "ANY"):
        return ""
    return "real" if any(part in name for part in ("REAL", "FLOA", "DOUB")) else "numeric"


def _described(connection: sa.Connection, row: sa.Row) -> SqliteTable:
    found = [column for column in connection.execute(COLUMNS, {"name": row.name}) if column.hidden != 1]
    key = [column.name for column in sorted(found, key=lambda column: column.pk) if column.pk]
    stored = row.type != VIEW
    place = _place({column.name.lower() for column in found}) if stored and not row.wr else ""
    numbered = bool(place) and len(key) == 1  # its key may be the number of the row
    unique = {name for (name,) in connection.execute(ALONE_UNIQUE, {"name": row.name})}
    columns = []
    for position, column in enumerate(found, start=1):
        is_number = numbered and column.name == key[0] and column.type.upper() == "INTEGER"
        columns.append(
            ColumnInfo(
                name=column.name,
                position=position,
                data_type=column.type,
                kind=_kind(column.type),
                nullable=not (column.notnull or is_number or (row.wr and column.pk)),
                max_length=_max_length(column.type),
                unique=column.name in unique or [column.name] == key,
                generated=column.hidden in (2, 3),
            )
        )
    info = DataSetInfo(
        name=row.name,
        kind="table" if stored else VIEW,
        columns=tuple(columns),
        primary_key=tuple(key),
        foreign_keys=tuple(_foreign_keys(connection, row.name)) if stored else (),
    )
    return SqliteTable(info, place, bool(row.strict))


def _foreign_keys(connection: sa.Connection, name: str) -> Iterator[ForeignKeyInfo]:
    keys: dict[int, list[sa.Row]] = {}
    for row in connection.execute(FOREIGN_KEYS, {"name": name}):
        keys.setdefault(row.id, []).append(row)
    for rows in keys.values():
        targets = [row.target_column for row in rows]
        if None in targets:  # the primary key is meant
            found = connection.execute(COLUMNS, {"name": rows[0].target}).all()
            targets = [column.name for column in sorted(found, key=lambda column: column.pk) if column.pk]
        on_delete = rows[0].on_delete if rows[0].on_delete in ACTIONS else ""
        yield ForeignKeyInfo(tuple(row.source for row in rows), rows[0].target, tuple(targets), on_delete)


def _place(taken: set[str]) -> str:
    return next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), "")


def _kind(declared: str) -> Kind:
    for pattern, kind in KINDS:
        if re.search(pattern, declared, re.IGNORECASE):
            return kind
    return AFFINITY_KINDS[affinity(declared)]


def _max_length(declared: str) -> int | None:
    found = re.fullmatch(r"\s*\w*char\w*\s*\(\s*(\d+)\s*\)\s*", declared, re.IGNORECASE)
    return int(found[1]) if found else None
