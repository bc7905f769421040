"""SQLite's values: any column may hold any type. Read by the declared one where all fit, otherwise as text."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from catalog.connectors.ageing import BEYOND_MICROSECONDS, DAY, NAIVE, ZONED
from catalog.connectors.base import ColumnInfo, Kind
from catalog.connectors.sqlite_catalog import affinity

LARGEST_EXACT = 2**53  # a float holds every integer up to this
TEXTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIME, Kind.UUID, Kind.JSON)


class Untyped(sa.types.UserDefinedType):
    """No type at all: a value is kept and compared as the type it comes with."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return ""


def sql_column(info: ColumnInfo) -> sa.Column:
    """A column for SQLAlchemy; its ColumnInfo is in `.info`."""
    return sa.Column(info.name, _type(info), info={"column": info})


def misfits(column: sa.Column) -> sa.ColumnElement[bool] | None:
    """True for a value that the column's type cannot hold; None where none can be (text holds all)."""
    found = sa.func.typeof(column)
    if isinstance(column.type, sa.Integer):
        return found.not_in(["integer", "null"])
    if isinstance(column.type, sa.Double):
        exact = sa.and_(found == "integer", column.between(-LARGEST_EXACT, LARGEST_EXACT))
        return sa.and_(found.not_in(["real", "null"]), sa.not_(exact))
    if isinstance(column.type, sa.LargeBinary):
        return found.not_in(["blob", "null"])
    return None


def readable(column: sa.Column) -> sa.ColumnElement:
    return _text(column).label(column.name) if isinstance(column.type, sa.Text) else column


def as_text(source: sa.ColumnElement, characters: int) -> sa.ColumnElement:
    """The beginning of any value as text; of a binary one as hexadecimal digits after \\x."""
    start = sa.func.substr(source, 1, characters)
    digits = sa.func.lower(sa.func.hex(sa.func.substr(source, 1, characters // 2 - 1)))
    return sa.case(
        (sa.func.typeof(source) == "blob", sa.literal("\\x").concat(digits)), else_=sa.cast(start, sa.Text)
    )


def register_functions(connection: sqlite3.Connection) -> None:
    """What SQLite cannot say: folding beyond ASCII, and a repeatable random order."""
    connection.create_function("console_fold", 1, fold, deterministic=True)
    connection.create_function("console_older", 3, _older, deterministic=True)
    connection.create_function("console_shuffle", -1, _shuffle, deterministic=True)


def fold(value: Any) -> str | None:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return None if value is None else str(value).strip().lower()


def _older(value: Any, day: str, moment: str) -> int | None:
    """1 for a date before `day` or a time before `moment` (UTC), 0 for a later one, -1 for what is neither."""
    if value is None:
        return None
    text = re.sub(BEYOND_MICROSECONDS, r"\1", value.strip()) if isinstance(value, str) else ""
    try:
        if re.match(DAY, text):
            return int(datetime.fromisoformat(text).date().isoformat() < day)
        if re.match(ZONED, text) or re.match(NAIVE, text):
            found = datetime.fromisoformat(text)
            found = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
            return int(found < datetime.fromisoformat(moment))
    except (ValueError, OverflowError):
        pass
    return -1


def _shuffle(*values: Any) -> bytes:
    return hashlib.blake2b(repr(values).encode(errors="replace"), digest_size=8).digest()


def _type(info: ColumnInfo) -> sa.types.TypeEngine:
    kind = affinity(info.data_type)
    if info.kind in TEXTS:
        return sa.Text()
    if info.kind is Kind.BOOLEAN or kind == "integer":
        return sa.BigInteger()
    if kind in ("real", "numeric"):
        return sa.Double()
    return sa.LargeBinary() if kind == "blob" else sa.Text()


def _text(column: sa.Column) -> sa.ColumnElement:
    text = sa.cast(column, sa.Text)
    return sa.case(
        (sa.func.typeof(column) == "blob", sa.literal("\\x").concat(sa.func.lower(sa.func.hex(column)))),
        # SQLite spells a real with 15 digits; where these are not the value, all 17 are needed.
        (
            sa.and_(sa.func.typeof(column) == "real", sa.cast(text, sa.REAL) != column),
            sa.func.printf("%!.17g", column),
        ),
        else_=text,
    )
