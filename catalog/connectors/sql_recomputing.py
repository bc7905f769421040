"""A table of a SQL store filled anew by a query over others, and compared with what the query gives."""

from __future__ import annotations

import sqlalchemy as sa

from catalog.connectors.base import ConnectorError


def refill(connection: sa.Connection, table: sa.Table, query: str) -> int:
    """Replace all rows of the table by those of the query, whose columns are the table's, in their order."""
    names = written(table)
    connection.execute(sa.delete(table))
    connection.execute(sa.insert(table).from_select(names, _rows(table, query)))
    return _many(connection, sa.select().select_from(table))


def refresh(connection: sa.Connection, table: sa.Table) -> int:
    """Have the store compute a materialized view anew."""
    name = connection.dialect.identifier_preparer.format_table(table)
    connection.execute(sa.text(f"REFRESH MATERIALIZED VIEW {_escaped(name)}"))
    return _many(connection, sa.select().select_from(table))


def differing(connection: sa.Connection, table: sa.Table, query: str) -> int:
    """Rows that only one of both has; where both have the same ones, the difference in how many they are."""
    here = sa.select(*(table.c[name] for name in written(table)))
    there = sa.select(_rows(table, query).subquery("fresh"))
    found = sum(
        _many(connection, sa.select().select_from(sa.except_(one, other).subquery()))
        for one, other in ((here, there), (there, here))
    )
    many = [_many(connection, sa.select().select_from(each.subquery())) for each in (here, there)]
    return found or abs(many[0] - many[1])


def _many(connection: sa.Connection, rows: sa.Select) -> int:
    return connection.scalar(rows.add_columns(sa.func.count())) or 0


def written(table: sa.Table) -> list[str]:
    """The columns that a row can be given; ConnectorError where there are none."""
    names = [
        column.name for column in table.columns if not column.system and not column.info["column"].generated
    ]
    if not names:
        raise ConnectorError(f"{table.name} has no column that could be written.", "Recompute it by hand.")
    return names


def _rows(table: sa.Table, query: str) -> sa.TextualSelect:
    return sa.text(_escaped(query.rstrip().removesuffix(";"))).columns(
        *(sa.column(name, table.c[name].type) for name in written(table))
    )


def _escaped(statement: str) -> str:
    """No colon in it stands for a value that is to be bound."""
    return statement.replace(":", "\\:")
