"""MySQL's types: how a column is fetched, and which values Python's types have no room for."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from catalog.connectors.base import Kind
from catalog.connectors.mysql_catalog import CatalogColumn

EXACT_DIGITS = 38  # of Arrow's decimals; MySQL's have up to 65 and are then read as text
INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
SHAPES = (
    *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"),
    *("geometrycollection", "geomcollection"),
)
TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set")


def sql_column(column: CatalogColumn) -> sa.Column:
    """A column for SQLAlchemy; its ColumnInfo and CatalogColumn are in `.info`."""
    return sa.Column(column.info.name, _type(column), info={"column": column.info, "catalog": column})


def readable(column: sa.Column) -> sa.ColumnElement:
    """The column as it is fetched: as Python knows it, or as text."""
    return comparable(column).label(column.name)


def comparable(column: sa.Column) -> sa.ColumnElement:
    """The column so that it equals what is read from it."""
    base = column.info["catalog"].base
    if base in ("bit", "year"):
        return sa.type_coerce(sa.cast(column, mysql.INTEGER(unsigned=True)), column.type)
    if base == "float":  # shown with six digits, and compared with all
        return sa.type_coerce(column.op("+")(sa.literal_column("0e0")), sa.Double())
    if isinstance(column.type, sa.Text) and base not in TEXTS:
        return sa.cast(shown(column, column), sa.Text)
    return column


def shown(column: sa.Column, source: sa.ColumnElement) -> sa.ColumnElement:
    """Something out of `source` that can become text: a shape has to be spelled out first."""
    return sa.func.ST_AsText(source) if column.info["catalog"].base in SHAPES else source


def exact(text: sa.ColumnElement) -> sa.ColumnElement:
    """A text as the bytes of its UTF-8: as no collation bends it, blanks at its end included."""
    # The other side may stay text: one binary side is enough, and pymysql sends bytes at twice their length.
    return sa.type_coerce(sa.cast(sa.cast(text, sa.Text), sa.LargeBinary), sa.Text())


def misfits(column: sa.Column) -> sa.ColumnElement[bool] | None:
    """True for a value beyond Python's calendar and clock; None where none can be."""
    if isinstance(column.type, sa.Time):
        return sa.or_(sa.cast(column, sa.Text).like("-%"), sa.func.hour(column) >= 24)
    if isinstance(column.type, sa.Date | sa.DateTime):
        parts = (sa.func.year(column), sa.func.month(column), sa.func.dayofmonth(column))
        return sa.or_(*(part == 0 for part in parts))
    return None


def as_text(column: sa.Column, source: sa.ColumnElement, characters: int) -> sa.ColumnElement:
    """The beginning of `column`, out of `source`, as text."""
    if column.info["column"].kind is Kind.BINARY:
        # Two hexadecimal digits for each byte, after \x.
        digits = sa.func.lower(sa.func.hex(sa.func.left(source, characters // 2 - 1)))
        return sa.func.concat("\\x", digits)
    if column.info["catalog"].base in TEXTS:
        return sa.cast(sa.func.left(source, characters), sa.Text)
    if column.info["catalog"].base in ("bit", "year"):
        source = sa.cast(source, mysql.INTEGER(unsigned=True))
    return sa.func.left(sa.cast(shown(column, source), sa.Text), characters)


def _type(column: CatalogColumn) -> sa.types.TypeEngine:
    if column.base in INTEGERS or column.base in ("bit", "year"):
        return mysql.BIGINT(unsigned=column.unsigned or column.base == "bit")
    if column.base == "decimal" and column.precision <= EXACT_DIGITS:
        return sa.Numeric(column.precision, column.scale)
    if column.info.kind is Kind.BINARY:
        return sa.LargeBinary()
    types: dict[str, sa.types.TypeEngine] = {
        "float": sa.Double(),
        "double": sa.Double(),
        "date": sa.Date(),
        "datetime": sa.DateTime(),
        "timestamp": sa.TIMESTAMP(timezone=True),
        "time": sa.Time(),
    }
    return types.get(column.base, sa.Text())
