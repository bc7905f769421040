"""What PostgreSQL says about its tables and views: two queries for all of them, however many there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from catalog.connectors.base import ColumnInfo, DataSetInfo, Definition, ForeignKeyInfo, Kind

KINDS = {
    "int2": Kind.INTEGER,
    "int4": Kind.INTEGER,
    "int8": Kind.INTEGER,
    "numeric": Kind.DECIMAL,
    "float4": Kind.FLOAT,
    "float8": Kind.FLOAT,
    "bool": Kind.BOOLEAN,
    "date": Kind.DATE,
    "timestamp": Kind.TIMESTAMP,
    "timestamptz": Kind.TIMESTAMP,
    "time": Kind.TIME,
    "bytea": Kind.BINARY,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
    "uuid": Kind.UUID,
}
VIEW = "view"
ON_DELETE = {"c": "cascade", "n": "set null", "d": "set default"}

# A domain is described by the type under it, through any number of domains; its own name stays its spelling.
# Partitions are part of their parent and not listed. A table without any column has one row without `column`.
COLUMNS = sa.text(
    """
    WITH RECURSIVE domains (oid, base, typmod, required) AS (
        SELECT oid, typbasetype, typtypmod, typnotnull FROM pg_catalog.pg_type WHERE typtype = 'd'
        UNION ALL
        SELECT d.oid, t.typbasetype, greatest(d.typmod, t.typtypmod), d.required OR t.typnotnull
        FROM domains d JOIN pg_catalog.pg_type t ON t.oid = d.base WHERE t.typtype = 'd'
    ), tables AS (
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relhassubclass, c.reltuples,
               row_security_active(c.oid) AS filtered,
               has_schema_privilege(n.oid, 'USAGE') AS reachable,
               has_table_privilege(c.oid, 'SELECT') AS readable
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm')
          AND (NOT c.relispartition OR CAST(:table AS text) IS NOT NULL)
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND (CAST(:schemas AS text[]) IS NULL OR n.nspname = ANY (CAST(:schemas AS text[])))
          AND (CAST(:table AS text) IS NULL OR c.relname = CAST(:table AS text))
    )
    SELECT t.oid, CAST(t.nspname AS text) AS schema, CAST(t.relname AS text) AS name, t.reltuples AS estimate,
           CAST(t.relkind AS text) AS relkind, t.relhassubclass AS divided, t.filtered, t.reachable, t.readable,
           CAST(a.attname AS text) AS column, a.attnum AS position,
           format_type(a.atttypid, a.atttypmod) AS spelling,
           format_type(b.oid, -1) AS base_spelling, CAST(b.typname AS text) AS base,
           CAST(b.typcategory AS text) AS category, CAST(b.typtype AS text) AS type_of_type,
           b.typnamespace = 'pg_catalog'::regnamespace AS builtin,
           greatest(a.atttypmod, d.typmod) AS typmod,
           a.attnotnull OR coalesce(d.required, false) AS required,
           CAST(a.attgenerated AS text) <> '' OR a.attidentity = 'a' AS generated,
           t.readable OR has_column_privilege(t.oid, a.attnum, 'SELECT') AS column_readable,
           EXISTS (
               SELECT FROM pg_catalog.pg_index i
               WHERE i.indrelid = t.oid AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
                 AND i.indpred IS NULL AND i.indkey[0] = a.attnum
           ) AS alone_unique
    FROM tables t
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN domains d ON d.oid = a.atttypid
         AND d.base NOT IN (SELECT oid FROM pg_catalog.pg_type WHERE typtype = 'd')
    LEFT JOIN pg_catalog.pg_type b ON b.oid = coalesce(d.base, a.atttypid)
    ORDER BY t.nspname, t.relname, a.attnum
    """
)

KEYS = sa.text(
    """
    SELECT k.conrelid AS oid, CAST(k.contype AS text) AS key, CAST(k.confdeltype AS text) AS on_delete,
           ARRAY(SELECT CAST(a.attname AS text) FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
                 ORDER BY u.place) AS columns,
           CAST(n.nspname AS text) AS target_schema, CAST(c.relname AS text) AS target_name,
           ARRAY(SELECT CAST(a.attname AS text) FROM unnest(k.confkey) WITH ORDINALITY u (number, place)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number
                 ORDER BY u.place) AS target_columns
    FROM pg_catalog.pg_constraint k
    LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid)
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('p', 'f') AND k.conparentid = 0 AND k.conrelid <> 0
    ORDER BY k.conname
    """
)

DEFINITIONS = sa.text(
    """
    SELECT CAST(n.nspname AS text) AS schema, CAST(c.relname AS text) AS name, pg_get_viewdef(c.oid) AS query,
        c.relkind = 'm' AS stored
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (CAST(:schemas AS text[]) IS NULL OR n.nspname = ANY (CAST(:schemas AS text[])))
    ORDER BY n.nspname, c.relname
    """
)


@dataclass(frozen=True)
class CatalogColumn:
    """A column with what is needed beyond its ColumnInfo to read, compare and write it."""

    info: ColumnInfo
    base: str
    base_spelling: str
    typmod: int


def data_sets(connection: sa.Connection, *, schemas: Sequence[str] | None) -> Iterator[DataSetInfo]:
    """All tables and views of `schemas` (None: of all but the system's), ordered by schema and name."""
    keys: dict[int, list[sa.Row]] = {}
    for key in connection.execute(KEYS):
        keys.setdefault(key.oid, []).append(key)
    rows = connection.execution_options(yield_per=10_000)
    found = rows.execute(COLUMNS, {"schemas": schemas, "table": None})
    for oid, group in groupby(found, key=lambda row: row.oid):
        yield _data_set(list(group), keys.get(oid, []))


@dataclass(frozen=True)
class CatalogTable:
    """One table or view. `stored`: it has rows of its own, each in its place, as a plain view has not.

    `divided`: among partitions or children, so that a place alone is none.
    """

    columns: list[CatalogColumn]
    stored: bool
    divided: bool


def describe_table(connection: sa.Connection, schema: str, table: str) -> CatalogTable | None:
    """One table or view with its columns in their order; None where it is not there."""
    rows = connection.execute(COLUMNS, {"schemas": [schema], "table": table}).all()
    if not rows:
        return None
    return CatalogTable(
        [_column(row) for row in rows if row.column is not None],
        stored=rows[0].relkind != "v",
        divided=rows[0].divided,
    )


def definitions(connection: sa.Connection, *, schemas: Sequence[str] | None) -> Iterator[Definition]:
    """The queries of all views, every table in them with its schema."""
    connection.execute(sa.select(sa.func.set_config("search_path", "pg_catalog", True)))
    for view in connection.execute(DEFINITIONS, {"schemas": schemas}):
        yield Definition(spell_name(view.schema, view.name), view.query, "postgres", view.stored)


def spell_name(schema: str, table: str) -> str:
    """`schema.table`; a part with a dot or a quote in it is quoted: no two tables share a name."""
    return ".".join(
        '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part
        for part in (schema, table)
    )


def parse_name(data_set: str) -> tuple[str, str] | None:
    """Schema and table out of what `spell_name` made; None for anything else."""
    part = r'("(?:[^"]|"")*"|[^."]+)'
    found = re.fullmatch(rf"{part}\.{part}", data_set, re.DOTALL)
    if not found:
        return None
    schema, table = (text[1:-1].replace('""', '"') if text[0] == '"' else text for text in found.groups())
    return schema, table


def _data_set(rows: list[sa.Row], keys: list[sa.Row]) -> DataSetInfo:
    table = rows[0]
    return DataSetInfo(
        name=spell_name(table.schema, table.name),
        kind=VIEW if table.relkind in "vm" else "table",
        columns=tuple(_column(row).info for row in rows if row.column is not None),
        primary_key=next((tuple(key.columns) for key in keys if key.key == "p"), ()),
        foreign_keys=tuple(
            ForeignKeyInfo(
                columns=tuple(key.columns),
                target=spell_name(key.target_schema, key.target_name),
                target_columns=tuple(key.target_columns),
                on_delete=ON_DELETE.get(key.on_delete, ""),
            )
            for key in keys
            if key.key == "f"
        ),
        row_estimate=int(table.estimate) if table.estimate >= 0 and table.relkind != "v" else None,
        problem=_problem(rows),
    )


def _problem(rows: list[sa.Row]) -> str:
    table = rows[0]
    if not table.reachable:
        return "This user may not look into the schema. Grant it USAGE on the schema."
    hidden = [row.column for row in rows if row.column is not None and not row.column_readable]
    if not table.readable and len(hidden) == sum(row.column is not None for row in rows):
        return "This user may not read the table. Grant it SELECT on the table."
    if hidden:
        return f"This user may not read {', '.join(hidden)}. Grant it SELECT on the whole table."
    if table.filtered:
        return "Row-level security hides rows of this table from this user. Give it the attribute BYPASSRLS."
    return ""


def _column(row: Any) -> CatalogColumn:
    info = ColumnInfo(
        name=row.column,
        position=row.position,
        data_type=row.spelling,
        kind=_kind(row),
        nullable=not row.required,
        max_length=_max_length(row),
        unique=row.alone_unique,
        generated=row.generated,
    )
    return CatalogColumn(info, row.base if row.builtin else "", row.base_spelling, row.typmod)


def _kind(row: Any) -> Kind:
    if row.builtin and row.base in KINDS:
        return KINDS[row.base]
    if row.category == "S" or row.type_of_type == "e":
        return Kind.TEXT
    return Kind.ARRAY if row.category == "A" else Kind.UNKNOWN


def _max_length(row: Any) -> int | None:
    if row.builtin and row.base in ("varchar", "bpchar") and row.typmod > 4:
        return row.typmod - 4
    return None
