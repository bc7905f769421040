"""Rows by their keys in SQLite: the keys stand in a temporary table, in every type a cell may hold them as."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from catalog.connectors.base import Kind, Match
from catalog.connectors.keys import convert_keys, plain_array
from catalog.connectors.sqlite_values import Untyped, fold

Variants = Sequence[tuple[Any, ...]]  # for each key, the values it may stand as


def equal(connection: sa.Connection, table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
    """True where the columns equal a row of keys, in type and in every letter."""
    columns = [table.c[name] for name in match.columns]
    variants = [_variants(column, match.keys[column.name]) for column in columns]
    rows = {row for values in zip(*variants, strict=True) for row in product(*values)}
    if not rows:
        return sa.false()
    keys = sa.select(*stored(connection, rows).c)
    # The first comparison may go by an index, but bends types and letters the way the column was declared;
    # the second one does not. A plus takes the declaration away.
    exact = [sa.collate(_bare(column), "BINARY") for column in columns]
    return sa.and_(_row(columns).in_(keys), _row(exact).in_(keys))


def folded(connection: sa.Connection, table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
    """True where the columns as text, trimmed and without regard to case, equal a row of keys."""
    texts = [convert_keys(match.keys[name], pa.string()).to_pylist() for name in match.columns]
    rows = {tuple(map(fold, row)) for row in zip(*texts, strict=True) if None not in row}
    if not rows:
        return sa.false()
    compared = [sa.func.console_fold(table.c[name]) for name in match.columns]
    return _row(compared).in_(sa.select(*stored(connection, rows).c))


def stored(connection: sa.Connection, rows: Iterable[tuple[Any, ...]]) -> sa.Table:
    """A temporary table with those rows; it is gone with the connection, and readers may have it too."""
    rows = list(rows)
    number = connection.info["keys"] = connection.info.get("keys", 0) + 1
    columns = [sa.Column(f"key{place}", Untyped()) for place in range(len(rows[0]))]
    keys = sa.Table(f"console_keys_{number}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])
    keys.create(connection, checkfirst=False)
    connection.execute(sa.insert(keys), [dict(zip(keys.c.keys(), row, strict=True)) for row in rows])
    return keys


def _variants(column: sa.Column, keys: pa.ChunkedArray) -> Variants:
    plain = plain_array(keys)
    if column.info["column"].kind is Kind.BOOLEAN and pa.types.is_boolean(plain.type):
        plain = plain.cast(pa.int64())
    converted = [convert_keys(plain, kind) for kind in (pa.int64(), pa.float64(), pa.string(), pa.binary())]
    if isinstance(column.type, sa.Integer) and pa.types.is_string(plain.type):
        # The text 7.0 is another key than the number 7.
        whole = pc.equal(converted[1], pc.floor(converted[1]))
        converted[1] = pc.if_else(whole, pa.scalar(None, pa.float64()), converted[1])
    columns = [array.to_pylist() for array in converted]
    if pa.types.is_string(plain.type):
        columns.append([_from_digits(text) for text in columns[2]])
    return [tuple(value for value in row if value is not None) for row in zip(*columns, strict=True)]


def _from_digits(text: str | None) -> bytes | None:
    """The binary value that is read as this text from a column of mixed types."""
    if text is None or not re.fullmatch(r"\\x(?:[0-9a-f]{2})*", text):
        return None
    return bytes.fromhex(text[2:])


def _bare(column: sa.Column) -> sa.ColumnElement:
    return sa.UnaryExpression(column, operator=sa.sql.operators.custom_op("+"), type_=Untyped())


def _row(columns: Sequence[sa.ColumnElement]) -> sa.ColumnElement:
    return columns[0] if len(columns) == 1 else sa.tuple_(*columns)
