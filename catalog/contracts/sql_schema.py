"""The columns that CREATE TABLE statements give a table, in whatever dialect they are written."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from catalog.contracts.problems import ContractError, Problem
from catalog.contracts.seen import Seen
from catalog.contracts.types import kind_of

DIALECTS = (None, "postgres", "mysql", "sqlite", "duckdb", "snowflake", "bigquery", "tsql", "oracle", "spark")


def columns_of(text: str, table: str, *, name: str) -> tuple[Seen, ...]:
    """The columns of `table` (or of the only one there is). Raises ContractError naming the tables there are."""
    tables = _tables(text, name)
    last = table.rpartition(".")[2].casefold()
    found = [schema for schema in tables if schema.this.name.casefold() == last]
    if not found and len(tables) != 1:
        known = ", ".join(schema.this.name for schema in tables) or "none"
        raise ContractError(
            Problem(f"It creates no table {table}; it creates: {known}.", "Name another file."), name=name
        )
    return tuple(_seen(column) for column in (found or tables)[0].find_all(exp.ColumnDef))


def _tables(text: str, name: str) -> list[exp.Schema]:
    """Read in the first dialect that understands all of it. A comment or a query between them does no harm."""
    said = ""
    for dialect in DIALECTS:
        try:
            statements = sqlglot.parse(text, read=dialect)
        except (SqlglotError, RecursionError) as error:
            said = said or str(error).splitlines()[0][:200] if str(error) else said
            continue
        created = (item for item in statements if isinstance(item, exp.Create) and item.kind == "TABLE")
        return [item.this for item in created if isinstance(item.this, exp.Schema)]
    raise ContractError(Problem(f"This is not SQL that we can read: {said}", "Correct it."), name=name)


def _seen(column: exp.ColumnDef) -> Seen:
    rules = [constraint.kind for constraint in column.constraints]
    never_null = any(
        isinstance(rule, exp.PrimaryKeyColumnConstraint)
        or (isinstance(rule, exp.NotNullColumnConstraint) and not rule.args.get("allow_null"))
        for rule in rules
    )
    spelling = column.kind.sql().lower() if column.kind else ""
    return Seen(column.name, spelling, kind_of(spelling), nullable=not never_null)
