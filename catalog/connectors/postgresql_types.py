"""PostgreSQL's types: how a column is fetched, compared with keys, and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from catalog.connectors.base import Kind
from catalog.connectors.keys import convert_keys, family, plain_array
from catalog.connectors.postgresql_catalog import CatalogColumn
from catalog.connectors.sql_arrow import arrow_type


class Spelled(sa.types.UserDefinedType):
    """A type SQLAlchemy does not know, spelled (and quoted) by PostgreSQL's own `format_type`."""

    cache_ok = True

    def __init__(self, spelling: str) -> None:
        self.spelling = spelling

    def get_col_spec(self, **_: Any) -> str:
        return self.spelling.replace("%", "%%")


@dataclass(frozen=True)
class PgType:
    """`fit` turns keys into values for a parameter of type `sql`, null where one does not fit.

    `native` types come as they are; others are fetched and compared as the text PostgreSQL shows for them.
    """

    sql: sa.types.TypeEngine
    fit: Callable[[pa.ChunkedArray], list]
    native: bool = True
    lowest: str | None = None  # Python's calendar is shorter than PostgreSQL's: infinity becomes its end
    highest: str | None = None

    def beyond(self, values: Iterable) -> bool:
        """Whether a value stands for all that is beyond Python's calendar."""
        return self.highest is not None and not {self.lowest, self.highest}.isdisjoint(map(str, values))


def sql_column(column: CatalogColumn) -> sa.Column:
    """A column for SQLAlchemy; its ColumnInfo and PgType are in `.info`."""
    described = pg_type(column)
    return sa.Column(column.info.name, described.sql, info={"column": column.info, "type": described})


def pg_type(column: CatalogColumn) -> PgType:
    if column.base == "numeric":
        return PgType(_numeric(column.typmod), _decimals)
    if column.base in NATIVE:
        return NATIVE[column.base]
    # Enumerations too: as text, a key that is none of their labels is no error.
    comparable = column.info.kind is Kind.TEXT and column.base_spelling in ("bpchar", "citext")
    comparable = comparable or column.base_spelling.endswith(".citext")
    return PgType(Spelled(column.base_spelling), _texts, native=comparable)


def readable(column: sa.Column) -> sa.ColumnElement:
    """The column as it is fetched: as Python knows it, or as text."""
    described: PgType = column.info["type"]
    unbounded = isinstance(described.sql, sa.Numeric) and arrow_type(described.sql) == pa.string()
    if unbounded or not described.native or column.info["column"].kind is Kind.UUID:
        return sa.cast(column, sa.Text).label(column.name)
    if described.highest is None:
        return column
    lowest, highest = (sa.cast(end, described.sql) for end in (described.lowest, described.highest))
    clamped = sa.func.greatest(sa.func.least(column, highest), lowest)
    return sa.case((column.is_not(None), clamped)).label(column.name)  # least and greatest pass over null


def _fitted(kind: pa.DataType) -> Callable[[pa.ChunkedArray], list]:
    return lambda keys: convert_keys(keys, kind).to_pylist()


def _texts(keys: pa.ChunkedArray) -> list[str | None]:
    texts = convert_keys(keys, pa.string()).to_pylist()
    return [None if text is None or "\0" in text else text for text in texts]  # PostgreSQL's text has no NUL


def _decimals(keys: pa.ChunkedArray) -> list[Decimal | None]:
    plain = plain_array(keys)
    if family(plain.type) not in ("number", "text"):
        return [None] * len(plain)
    return [_decimal(text) for text in convert_keys(plain, pa.string()).to_pylist()]


def _decimal(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        return None
    # PostgreSQL would spell 1e999999 out, or refuse it.
    return number if number.is_finite() and abs(number.adjusted()) < 1000 else None


def _uuids(keys: pa.ChunkedArray) -> list[str | None]:
    return [_uuid(text) for text in convert_keys(keys, pa.string()).to_pylist()]


def _uuid(text: str | None) -> str | None:
    try:
        return str(UUID(text or ""))
    except ValueError:
        return None


def _numeric(typmod: int) -> sa.Numeric:
    if typmod < 4:
        return sa.Numeric()
    packed = typmod - 4
    return sa.Numeric(packed >> 16 & 0xFFFF, ((packed & 0x7FF) ^ 1024) - 1024)


TEXT = PgType(sa.Text(), _texts)
NATIVE = {
    "int2": PgType(sa.SmallInteger(), _fitted(pa.int16())),
    "int4": PgType(sa.Integer(), _fitted(pa.int32())),
    "int8": PgType(sa.BigInteger(), _fitted(pa.int64())),
    "float4": PgType(sa.REAL(), _fitted(pa.float64())),
    "float8": PgType(sa.DOUBLE_PRECISION(), _fitted(pa.float64())),
    "bool": PgType(sa.Boolean(), _fitted(pa.bool_())),
    "date": PgType(sa.Date(), _fitted(pa.date32()), lowest="0001-01-01", highest="9999-12-31"),
    "timestamp": PgType(
        sa.TIMESTAMP(),
        _fitted(pa.timestamp("us")),
        lowest="0001-01-01 00:00:00",
        highest="9999-12-31 23:59:59.999999",
    ),
    "timestamptz": PgType(
        sa.TIMESTAMP(timezone=True),
        _fitted(pa.timestamp("us", tz="UTC")),
        lowest="0001-01-01 00:00:00+00:00",
        highest="9999-12-31 23:59:59.999999+00:00",
    ),
    "time": PgType(sa.Time(), _fitted(pa.time64("us")), lowest="00:00:00", highest="23:59:59.999999"),
    "bytea": PgType(sa.LargeBinary(), _fitted(pa.binary())),
    "uuid": PgType(pg.UUID(as_uuid=False), _uuids),
    "text": TEXT,
    "varchar": TEXT,
    "name": TEXT,
}
