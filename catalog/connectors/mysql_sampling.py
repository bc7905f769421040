"""Rows from all over a table: of a large one only some are looked at, and never are all of them sorted."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from catalog.connectors.sql import user_columns

LARGE = 20  # times as many rows as are wanted
ENOUGH = 4
PLACES = 100
LOOKED_AT = 64  # characters of each column where no key tells rows apart


def spread(
    connection: sa.Connection, table: sa.Table, *, rows: int, seed: int, key: Sequence[str], estimate: int
) -> Iterator[tuple[sa.FromClause, sa.ColumnElement]]:
    """Sources with at least `rows` rows where there are as many, and the order to take them in."""
    if estimate > LARGE * rows:
        if len(key) == 1 and isinstance(table.c[key[0]].type, sa.Integer):
            some = _steps(connection, table.c[key[0]], rows=rows, seed=seed)
        else:
            # One pass in the order of the table, and most rows are passed over.
            share = ENOUGH * rows / estimate
            some = sa.select(table).where(sa.func.rand(seed) < share).subquery()
        yield some, _order(some, table, key, seed)
    yield table, _order(table, table, key, seed)


def _steps(connection: sa.Connection, key: sa.Column, *, rows: int, seed: int) -> sa.Subquery:
    """Rows after numbers at random: whatever gaps there are, every search goes by the index."""
    first, last = connection.execute(sa.select(sa.func.min(key), sa.func.max(key))).one()
    span, chance = (last or 0) - (first or 0) + 1, random.Random(seed)  # noqa: S311
    starts = sorted({(first or 0) + chance.randrange(span) for _ in range(min(rows, PLACES) * 2)})
    at_once = -(-ENOUGH * rows // len(starts))
    found = sa.union(
        *(
            sa.select(sa.select(key).where(key >= start).order_by(key).limit(at_once).subquery().c[key.name])
            for start in starts
        )
    ).subquery()
    return sa.select(key.table).join(found, found.c[key.name] == key).subquery()


def _order(source: sa.FromClause, table: sa.Table, key: Sequence[str], seed: int) -> sa.ColumnElement:
    names = list(key) or [column.name for column in user_columns(table)]
    parts = (sa.func.left(source.c[name], LOOKED_AT) for name in names)
    return sa.func.md5(sa.func.concat_ws(":", str(seed), *parts))
