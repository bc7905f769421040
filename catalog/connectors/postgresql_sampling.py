"""Rows from all over a table: whole pages at random of a large one, then a random order among their rows."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from catalog.connectors.base import Kind

FEWEST_PAGES = 500

PAGES = sa.text(
    """
    SELECT coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(c.oid)),
                    pg_relation_size(c.oid))
           / CAST(current_setting('block_size') AS integer)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relname = :name
    """
)


def spread(
    connection: sa.Connection, table: sa.Table, *, rows: int, seed: int
) -> Iterator[tuple[sa.FromClause, sa.ColumnElement]]:
    """Sources with at least `rows` rows where there are as many, and the order to take them in.

    A large table is asked for at least as many pages as rows, for one page holds similar rows. The order
    depends on where a row stands, not on what is in it, so that no large value is read for it.
    """
    pages = connection.scalar(PAGES, {"schema": table.schema, "name": table.name}) or 0
    wanted = max(rows, FEWEST_PAGES)
    if pages > 2 * wanted:
        percent = sa.cast(float(100 * wanted / pages), sa.REAL)
        sampled = table.tablesample(sa.func.system(percent), seed=sa.literal(seed))
        yield sampled, _order(sampled, seed)
    yield table, _order(table, seed)


def shuffled(table: sa.Table, *, seed: int) -> sa.ColumnElement:
    """An order at random for the rows of a view, which have no place: by all that is in them."""
    return sa.func.hashtextextended(sa.cast(table.table_valued(), sa.Text), sa.cast(seed, sa.BigInteger))


def as_text(column: sa.Column, source: sa.ColumnElement, characters: int) -> sa.ColumnElement:
    """The beginning of `column`, out of `source`, as text."""
    if column.info["column"].kind is Kind.BINARY:
        # Two hexadecimal digits for each byte, after \x.
        source = sa.func.substring(source, 1, characters // 2 - 1)
    return sa.func.left(sa.cast(source, sa.Text), characters)


def _order(source: sa.FromClause, seed: int) -> sa.ColumnElement:
    place = sa.cast(source.c.tableoid, sa.Text) + ":" + sa.cast(source.c.ctid, sa.Text)
    return sa.func.hashtextextended(place, sa.cast(seed, sa.BigInteger))
