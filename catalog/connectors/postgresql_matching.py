"""Rows by their keys: one condition for all keys of a match, however many, with typed arrays."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from catalog.connectors.base import Kind, Match
from catalog.connectors.inside import patterns, steps
from catalog.connectors.keys import convert_keys
from catalog.connectors.postgresql_types import PgType, Spelled, readable

WHITESPACE = " \t\n\r\f\v\u00a0"
# Without one of these, a database made with the locale C would not know that Ü is an upper-case ü.
FOLDING_COLLATIONS = ["und-x-icu", "pg_c_utf8", "C.utf8", "C.UTF-8", "en_US.utf8"]
JSONPATH = Spelled("jsonpath")
COLLATIONS = sa.text(
    """
    SELECT CAST(collname AS text) FROM pg_catalog.pg_collation
    WHERE collname = ANY (:names) AND collnamespace = 'pg_catalog'::regnamespace
      AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
    ORDER BY array_position(CAST(:names AS text[]), CAST(collname AS text)) LIMIT 1
    """
)


def equal(table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
    """True where the columns equal a row of keys."""
    columns = [table.c[name] for name in match.columns]
    types: list[PgType] = [column.info["type"] for column in columns]
    fitted = [described.fit(match.keys[name]) for name, described in zip(match.columns, types, strict=True)]
    rows = {row for row in zip(*fitted, strict=True) if None not in row}
    if not rows:
        return sa.false()
    sides = list(zip(columns, types, zip(*rows, strict=True), strict=True))
    compared = [_compared(column, described, values) for column, described, values in sides]
    arrays = [_array(values, described) for _, described, values in sides]
    if len(compared) == 1:
        return compared[0] == sa.any_(arrays[0])
    keys = _unnested(arrays)
    return sa.tuple_(*compared).in_(sa.select(*keys.c))


def folded(table: sa.Table, match: Match, *, collation: str) -> sa.ColumnElement[bool]:
    """True where the columns as text, trimmed and without regard to case, equal a row of keys."""

    def fold(value: sa.ColumnElement) -> sa.ColumnElement:
        return sa.func.lower(sa.collate(value, collation) if collation else value)

    texts = [convert_keys(match.keys[name], pa.string()).to_pylist() for name in match.columns]
    rows = {tuple(map(str.strip, row)) for row in zip(*texts, strict=True) if _are_texts(row)}
    if not rows:
        return sa.false()
    compared = [fold(sa.func.btrim(sa.cast(table.c[name], sa.Text), WHITESPACE)) for name in match.columns]
    keys = _unnested([sa.literal(list(values), pg.ARRAY(sa.Text)) for values in zip(*rows, strict=True)])
    # Both sides fold in the database: Python and PostgreSQL do not agree about every letter.
    return sa.tuple_(*compared).in_(sa.select(*map(fold, keys.c)))


def inside(table: sa.Table, match: Match, *, collation: str) -> sa.ColumnElement[bool]:
    """True where a key stands at the path of a JSON column, or as a whole word in a text: as `inside` reads them."""
    (name,) = match.columns
    column = table.c[name]
    keys = [
        key.strip() for key in convert_keys(match.keys[name], pa.string()).to_pylist() if _are_texts([key])
    ]
    if not keys:
        return sa.false()
    if match.path and column.info["column"].kind is Kind.JSON:
        wanted = sa.literal(_jsonpath(match.path), sa.Text)
        at = sa.func.jsonb_path_query(sa.cast(column, pg.JSONB), sa.cast(wanted, JSONPATH)).column_valued(
            "at"
        )
        found = sa.func.btrim(
            at.op("#>>")(sa.literal("{}", sa.Text).op("::")(sa.literal_column("text[]"))), WHITESPACE
        )
        sought = _unnested([sa.literal(keys, pg.ARRAY(sa.Text))])
        return sa.exists().where(_lower(found, collation).in_(sa.select(_lower(sought.c.key0, collation))))
    text = _lower(sa.cast(column, sa.Text), collation)
    return sa.or_(*(text.op("~")(_lower(sa.literal(each, sa.Text), collation)) for each in patterns(keys)))


def _lower(value: sa.ColumnElement, collation: str) -> sa.ColumnElement:
    return sa.func.lower(sa.collate(value, collation) if collation else value)


def _jsonpath(path: str) -> str:
    spelled = {"[]": "[*]", "*": ".*"}
    return "$" + "".join(spelled.get(step, f".{orjson.dumps(step).decode()}") for step in steps(path))


def folding_collation(connection: sa.Connection) -> str:
    """The collation to compare without regard to case; empty for the database's own."""
    return connection.scalar(COLLATIONS, {"names": FOLDING_COLLATIONS}) or ""


def _are_texts(row: Sequence[str | None]) -> bool:
    return all(text is not None and "\0" not in text for text in row)


def _compared(column: sa.Column, described: PgType, values: Sequence) -> sa.ColumnElement:
    if not described.native:
        return sa.cast(column, sa.Text)
    return readable(column) if described.beyond(values) else column


def _array(values: Sequence, described: PgType) -> sa.ColumnElement:
    if not described.native:
        return sa.literal(list(values), pg.ARRAY(sa.Text))
    if isinstance(described.sql, Spelled):
        return sa.cast(sa.literal(list(values), pg.ARRAY(sa.Text)), pg.ARRAY(described.sql))
    if isinstance(described.sql, sa.Numeric) and not isinstance(described.sql, sa.Float):
        return sa.literal(list(values), pg.ARRAY(sa.Numeric))  # without scale: a key must not be rounded
    return sa.literal(list(values), pg.ARRAY(described.sql))


def _unnested(arrays: Sequence[sa.ColumnElement]) -> sa.TableValuedAlias:
    keys = [f"key{number}" for number in range(len(arrays))]
    return sa.func.unnest(*arrays).table_valued(*keys).render_derived()
