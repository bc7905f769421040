"""What DuckDB says about its tables and views: three queries for all of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from catalog.connectors.base import ColumnInfo, DataSetInfo, Definition, ForeignKeyInfo, Kind
from catalog.connectors.postgresql_catalog import spell_name

VIEW = "view"
KINDS = {
    "VARCHAR": Kind.TEXT,
    "ENUM": Kind.TEXT,
    "BOOLEAN": Kind.BOOLEAN,
    "DECIMAL": Kind.DECIMAL,
    "FLOAT": Kind.FLOAT,
    "DOUBLE": Kind.FLOAT,
    "DATE": Kind.DATE,
    "TIME": Kind.TIME,
    "TIMESTAMP": Kind.TIMESTAMP,
    "BLOB": Kind.BINARY,
    "UUID": Kind.UUID,
    **dict.fromkeys(("JSON", "STRUCT", "MAP", "UNION", "VARIANT"), Kind.JSON),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM"), Kind.INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), Kind.INTEGER),
}
TABLES = """
    SELECT schema_name, table_name AS name, 'table' AS kind, estimated_size, NULL AS query FROM duckdb_tables()
    WHERE database_name = current_database() AND NOT internal AND NOT temporary
    UNION ALL
    SELECT schema_name, view_name, 'view', NULL, sql FROM duckdb_views()
    WHERE database_name = current_database() AND NOT internal AND NOT temporary
    ORDER BY schema_name, name
"""
COLUMNS = """
    SELECT schema_name, table_name, column_name, column_index, data_type, is_nullable, is_generated
    FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal
    ORDER BY schema_name, table_name, column_index
"""
CONSTRAINTS = """
    SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table,
           referenced_column_names
    FROM duckdb_constraints() WHERE database_name = current_database()
    ORDER BY schema_name, table_name, constraint_index
"""
UNIQUE_INDEXES = """
    SELECT schema_name, table_name, expressions FROM duckdb_indexes()
    WHERE database_name = current_database() AND is_unique
"""


@dataclass(frozen=True)
class DuckdbTable:
    """One table or view as described, with where it is."""

    info: DataSetInfo
    schema: str
    table: str

    @property
    def stored(self) -> bool:
        return self.info.kind != VIEW


def tables(connection: Any) -> Iterator[DuckdbTable]:
    """All tables and views, sorted by schema and name."""
    columns: dict[tuple[str, str], list[ColumnInfo]] = defaultdict(list)
    for schema, table, *described in connection.execute(COLUMNS).fetchall():
        columns[schema, table].append(_column(*described))
    constraints = defaultdict(list)
    for schema, table, *constraint in connection.execute(CONSTRAINTS).fetchall():
        constraints[schema, table].append(constraint)
    for schema, table, expressions in connection.execute(UNIQUE_INDEXES).fetchall():
        constraints[schema, table].append(["UNIQUE", _indexed(expressions), None, []])
    for schema, table, kind, estimate, _ in connection.execute(TABLES).fetchall():
        found = constraints[schema, table]
        unique = {keys[0] for rule, keys, *_ in found if rule in ("PRIMARY KEY", "UNIQUE") and len(keys) == 1}
        info = DataSetInfo(
            name=spell_name(schema, table),
            kind=kind,
            columns=tuple(replace(one, unique=one.name in unique) for one in columns[schema, table]),
            primary_key=next((tuple(keys) for rule, keys, *_ in found if rule == "PRIMARY KEY"), ()),
            foreign_keys=tuple(
                ForeignKeyInfo(tuple(keys), spell_name(schema, target), tuple(target_keys))
                for rule, keys, target, target_keys in found
                if rule == "FOREIGN KEY"
            ),
            row_estimate=estimate,
            problem=""
            if columns[schema, table]
            else "What this view is made of is missing. Repair or drop it.",
        )
        yield DuckdbTable(info, schema, table)


def definitions(connection: Any) -> Iterator[Definition]:
    """The statements that made the views."""
    for schema, name, kind, _, query in connection.execute(TABLES).fetchall():
        if kind == VIEW:
            yield Definition(spell_name(schema, name), query, "duckdb")


def base_type(data_type: str) -> str:
    """`DECIMAL(10,2)` → `DECIMAL`; `LIST` for lists and arrays of anything."""
    if data_type.endswith("]"):
        return "LIST"
    return re.split(r"[ (_]", data_type, maxsplit=1)[0]


def _column(name: str, index: int, data_type: str, nullable: bool, generated: bool) -> ColumnInfo:
    base = base_type(data_type)
    return ColumnInfo(
        name=name,
        position=index,
        data_type=data_type,
        kind=Kind.ARRAY if base == "LIST" else KINDS.get(base, Kind.UNKNOWN),
        nullable=nullable,
        generated=bool(generated),
    )


def _indexed(expressions: str) -> list[str]:
    """The only column of an index, written `[name]`; an expression or several columns are nobody's name."""
    return [expressions.strip("[]").replace('"', "").strip("'")]
