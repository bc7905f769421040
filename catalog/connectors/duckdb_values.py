"""DuckDB's values as SQL expressions: how a column is fetched, shown, compared and written."""

from __future__ import annotations

from catalog.connectors.base import ColumnInfo, Kind
from catalog.connectors.duckdb_catalog import base_type

# Arrow holds these as they are; all others are fetched and compared as text.
NATIVE = frozenset(
    (
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
        *("DECIMAL", "FLOAT", "DOUBLE", "BOOLEAN", "VARCHAR", "BLOB"),
        *("TIME", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    )
)
# Python's calendar is shorter than DuckDB's: what is beyond it, infinity too, becomes its end.
CALENDARS = {
    "DATE": ("0001-01-01", "9999-12-31"),
    "TIMESTAMP": ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    "TIMESTAMP WITH TIME ZONE": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
}
WHITESPACE = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160)"


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def comparable(info: ColumnInfo) -> str:
    """The column as keys are compared with it: as it is read, letter by letter whatever its collation."""
    return f"{readable(info)} COLLATE C" if info.kind is Kind.TEXT else readable(info)


def readable(info: ColumnInfo) -> str:
    """The column as Arrow holds it."""
    name, base = quote(info.name), base_type(info.data_type)
    if info.data_type in CALENDARS:
        lowest, highest = (f"CAST('{end}' AS {info.data_type})" for end in CALENDARS[info.data_type])
        return f"CASE WHEN {name} < {lowest} THEN {lowest} WHEN {name} > {highest} THEN {highest} ELSE {name} END"
    if info.data_type in NATIVE or base == "DECIMAL":
        return name
    return as_text(info)


def as_text(info: ColumnInfo) -> str:
    """The column as text; nested values as JSON, binary ones as hexadecimal digits after \\x."""
    name = quote(info.name)
    if info.kind is Kind.BINARY:
        return f"'\\x' || lower(hex({name}))"
    if base_type(info.data_type) in ("LIST", "STRUCT", "MAP", "UNION", "VARIANT"):
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def folded(expression: str) -> str:
    """A text trimmed and without regard to case."""
    return f"lower(trim({expression}, {WHITESPACE}))"
