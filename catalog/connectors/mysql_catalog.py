"""What MySQL and MariaDB say about their tables and views: a few queries for all of them, however many."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from catalog.connectors.base import ColumnInfo, DataSetInfo, Definition, ForeignKeyInfo, Kind
from catalog.connectors.postgresql_catalog import spell_name

SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
VIEW = "view"
KINDS = {
    "decimal": Kind.DECIMAL,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "date": Kind.DATE,
    "datetime": Kind.TIMESTAMP,
    "timestamp": Kind.TIMESTAMP,
    "time": Kind.TIME,
    "json": Kind.JSON,
    "uuid": Kind.UUID,
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year", "bit"), Kind.INTEGER),
    **dict.fromkeys(
        ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"), Kind.TEXT
    ),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), Kind.BINARY),
}
BOOLEANS = ("tinyint(1)", "bit(1)")
MEASURED = ("char", "varchar", "binary", "varbinary")
ON_DELETE = ("cascade", "set null", "set default")
Name = tuple[str, str]  # database and table


def _known(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns), schema="information_schema")


SCHEMATA = _known("schemata", "schema_name")
TABLES = _known("tables", "table_schema", "table_name", "table_type", "engine", "table_rows")
ENGINES = _known("engines", "engine", "transactions")
VIEWS = _known("views", "table_schema", "table_name", "view_definition")
COLUMNS = _known(
    "columns",
    *("table_schema", "table_name", "column_name", "ordinal_position", "column_type", "data_type"),
    *("is_nullable", "character_maximum_length", "character_set_name", "numeric_precision", "numeric_scale"),
    *("extra", "privileges"),
)
INDEXES = _known(
    "statistics",
    *("table_schema", "table_name", "index_name", "seq_in_index", "column_name", "non_unique", "sub_part"),
)
KEYS = _known(
    "key_column_usage",
    *("table_schema", "table_name", "constraint_name", "column_name", "ordinal_position"),
    *("referenced_table_schema", "referenced_table_name", "referenced_column_name"),
)
RULES = _known("referential_constraints", "constraint_schema", "table_name", "constraint_name", "delete_rule")
CHECKS = _known("check_constraints", "constraint_schema", "table_name", "check_clause")


@dataclass(frozen=True)
class CatalogColumn:
    """A column with what is needed beyond its ColumnInfo to read, compare and write it."""

    info: ColumnInfo
    base: str
    unsigned: bool
    charset: str
    precision: int
    scale: int


@dataclass(frozen=True)
class CatalogTable:
    """One table or view; `engine` is empty for a view. `versioned` tables keep every row they ever had."""

    columns: list[CatalogColumn]
    primary_key: tuple[str, ...]
    row_estimate: int
    engine: str
    transactional: bool
    versioned: bool


def databases(connection: sa.Connection) -> list[str]:
    """Those that this user may see, without the server's own."""
    names = connection.scalars(sa.select(SCHEMATA.c.schema_name))
    return sorted(name for name in names if name.lower() not in SYSTEM)


def data_sets(connection: sa.Connection, *, names: Sequence[str]) -> Iterator[DataSetInfo]:
    """All tables and views of the databases `names`, sorted."""
    columns = _columns(connection, COLUMNS.c.table_schema.in_(names))
    hidden = _hidden(connection, names)
    primary, unique = _indexes(connection, INDEXES.c.table_schema.in_(names))
    foreign = _foreign_keys(connection, names)
    query = sa.select(TABLES).where(TABLES.c.table_schema.in_(names))
    for row in sorted(connection.execute(query), key=lambda row: (row.table_schema, row.table_name)):
        name = (row.table_schema, row.table_name)
        if row.table_type in ("SEQUENCE", "TEMPORARY"):
            continue
        is_view = row.table_type.endswith("VIEW")
        yield DataSetInfo(
            name=spell_name(*name),
            kind=VIEW if is_view else "table",
            columns=tuple(
                replace(column.info, unique=column.info.name in unique[name]) for column in columns[name]
            ),
            primary_key=tuple(primary[name]),
            foreign_keys=tuple(foreign[name]),
            row_estimate=None if is_view or row.table_rows is None else int(row.table_rows),
            problem=_problem(len(columns[name]), hidden[name]),
        )


def describe_table(connection: sa.Connection, schema: str, table: str) -> CatalogTable | None:
    """One table or view with its columns in their order; None where it is not there."""
    query = (
        sa.select(TABLES, ENGINES.c.transactions)
        .select_from(TABLES.outerjoin(ENGINES, ENGINES.c.engine == TABLES.c.engine))
        .where(TABLES.c.table_schema == schema, TABLES.c.table_name == table)
    )
    row = connection.execute(query).first()
    if row is None or row.table_schema.lower() in SYSTEM:
        return None
    here = sa.and_(COLUMNS.c.table_schema == schema, COLUMNS.c.table_name == table)
    columns = _columns(connection, here)[row.table_schema, row.table_name]
    here = sa.and_(INDEXES.c.table_schema == schema, INDEXES.c.table_name == table)
    primary, _ = _indexes(connection, here)
    return CatalogTable(
        columns,
        tuple(primary[row.table_schema, row.table_name]),
        int(row.table_rows or 0),
        row.engine or "",
        row.transactions == "YES",
        row.table_type == "SYSTEM VERSIONED",
    )


def definitions(connection: sa.Connection, *, names: Sequence[str]) -> Iterator[Definition]:
    """The queries of all views that this user may see (SHOW VIEW), every table in them with its database."""
    query = sa.select(VIEWS).where(VIEWS.c.table_schema.in_(names))
    for row in sorted(connection.execute(query), key=lambda row: (row.table_schema, row.table_name)):
        if row.view_definition:
            yield Definition(spell_name(row.table_schema, row.table_name), row.view_definition, "mysql")


def _columns(connection: sa.Connection, here: sa.ColumnElement[bool]) -> dict[Name, list[CatalogColumn]]:
    found: dict[Name, list[CatalogColumn]] = defaultdict(list)
    rows = connection.execute(sa.select(COLUMNS).where(here)).all()
    documents = _documents(connection, {row.table_schema for row in rows})
    for row in sorted(rows, key=lambda row: row.ordinal_position):
        base, name = row.data_type.lower(), (row.table_schema, row.table_name)
        kind = Kind.BOOLEAN if row.column_type.lower() in BOOLEANS else KINDS.get(base, Kind.UNKNOWN)
        info = ColumnInfo(
            name=row.column_name,
            position=row.ordinal_position,
            data_type=row.column_type,
            kind=Kind.JSON if (*name, row.column_name) in documents else kind,
            nullable=row.is_nullable == "YES",
            max_length=int(row.character_maximum_length) if base in MEASURED else None,
            generated=bool(re.search(r"\b(GENERATED|INVISIBLE ROW)\b", row.extra, re.IGNORECASE))
            and "DEFAULT_GENERATED" not in row.extra.upper(),
        )
        found[name].append(
            CatalogColumn(
                info,
                base,
                "unsigned" in row.column_type.lower(),
                (row.character_set_name or "").lower(),
                int(row.numeric_precision or 0),
                int(row.numeric_scale or 0),
            )
        )
    return found


def _documents(connection: sa.Connection, schemas: set[str]) -> set[tuple[str, str, str]]:
    """MariaDB's JSON columns: texts under a check that they are JSON."""
    if not getattr(connection.dialect, "is_mariadb", False):
        return set()
    rows = connection.execute(sa.select(CHECKS).where(CHECKS.c.constraint_schema.in_(sorted(schemas))))
    matches = ((row, re.fullmatch(r"json_valid\(`(.*)`\)", row.check_clause, re.DOTALL)) for row in rows)
    return {
        (row.constraint_schema, row.table_name, found[1].replace("``", "`"))
        for row, found in matches
        if found
    }


def _hidden(connection: sa.Connection, names: Sequence[str]) -> dict[Name, list[str]]:
    """Columns that are shown, but not to be read."""
    hidden = defaultdict(list)
    columns = COLUMNS.c
    query = sa.select(columns.table_schema, columns.table_name, columns.column_name, columns.privileges)
    for schema, table, column, rights in connection.execute(query.where(columns.table_schema.in_(names))):
        if "select" not in rights.lower():
            hidden[schema, table].append(column)
    return hidden


def _indexes(
    connection: sa.Connection, here: sa.ColumnElement[bool]
) -> tuple[dict[Name, list[str]], dict[Name, set[str]]]:
    """The primary key of each table, and the columns that are unique alone."""
    indexes: dict[tuple[str, str, str], list[sa.Row]] = defaultdict(list)
    for row in connection.execute(sa.select(INDEXES).where(here, INDEXES.c.non_unique == 0)):
        indexes[row.table_schema, row.table_name, row.index_name].append(row)
    primary: dict[Name, list[str]] = defaultdict(list)
    unique: dict[Name, set[str]] = defaultdict(set)
    for (schema, table, index), rows in indexes.items():
        if index == "PRIMARY":
            primary[schema, table] = [
                row.column_name for row in sorted(rows, key=lambda row: row.seq_in_index)
            ]
        if len(rows) == 1 and rows[0].sub_part is None and rows[0].column_name:
            unique[schema, table].add(rows[0].column_name)
    return primary, unique


def _foreign_keys(connection: sa.Connection, names: Sequence[str]) -> dict[Name, list[ForeignKeyInfo]]:
    rules = connection.execute(sa.select(RULES).where(RULES.c.constraint_schema.in_(names)))
    on_delete = {
        (row.constraint_schema, row.table_name, row.constraint_name): row.delete_rule.lower() for row in rules
    }
    keys: dict[tuple[str, str, str], list[sa.Row]] = defaultdict(list)
    referring = sa.and_(KEYS.c.table_schema.in_(names), KEYS.c.referenced_table_name.is_not(None))
    for row in connection.execute(sa.select(KEYS).where(referring)):
        keys[row.table_schema, row.table_name, row.constraint_name].append(row)
    found: dict[Name, list[ForeignKeyInfo]] = defaultdict(list)
    for key, rows in sorted(keys.items()):
        rows.sort(key=lambda row: row.ordinal_position)
        action = on_delete.get(key, "")
        found[key[:2]].append(
            ForeignKeyInfo(
                columns=tuple(row.column_name for row in rows),
                target=spell_name(rows[0].referenced_table_schema, rows[0].referenced_table_name),
                target_columns=tuple(row.referenced_column_name for row in rows),
                on_delete=action if action in ON_DELETE else "",
            )
        )
    return found


def _problem(columns: int, hidden: list[str]) -> str:
    if not columns:
        return "Its columns are not to be seen: a view of something missing, or no right. Grant SELECT on it."
    if len(hidden) == columns:
        return "This user may not read the table. Grant it SELECT on the table."
    if hidden:
        return f"This user may not read {', '.join(hidden)}. Grant it SELECT on the whole table."
    return ""
