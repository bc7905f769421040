"""Rows by their keys in MySQL: lists of constants, which need no right to create a temporary table.

A collation lets `a` equal `A` and a blank at the end. So texts are compared twice: as they are, which an index
can answer, and as bytes, which is exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from catalog.connectors.base import Match
from catalog.connectors.keys import convert_keys, family, plain_array
from catalog.connectors.mysql_types import TEXTS, comparable, exact
from catalog.connectors.sql_arrow import arrow_type

WHITESPACE = "[ \t\n\r\f\v\u00a0]"
AROUND = f"^{WHITESPACE}+|{WHITESPACE}+$"
# What a clock or a calendar can show that Python's cannot: 0000-00-00, 2024-00-01, -12:00:00, 838:59:59.
BEYOND = re.compile(r"(\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?|-?\d{2,3}:\d\d:\d\d(\.\d+)?)")
CODECS = {"latin1": "cp1252", "ascii": "ascii", "utf8mb4": "utf-8"}
INDEXED = 1000  # characters: no index helps to find longer ones, and twice they may be too much to send
MOST_DIGITS, MOST_SCALE = 65, 30  # of a decimal; a longer constant would become a float


@dataclass(frozen=True, eq=False)
class Form:
    """One way to compare a column: by each of `sides`, the last of which is exact."""

    sides: tuple[sa.ColumnElement, ...]

    def side(self, number: int) -> sa.ColumnElement:
        return self.sides[min(number, len(self.sides) - 1)]


Key = tuple[Form, Any]


def equal(table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
    """True where the columns equal a row of keys."""
    fitted = [_fit(table.c[name], match.keys[name]) for name in match.columns]
    groups: dict[tuple[Form, ...], set[tuple[Any, ...]]] = {}
    for row in zip(*fitted, strict=True):
        if None not in row:
            forms, values = zip(*row, strict=True)
            groups.setdefault(forms, set()).add(values)
    return sa.or_(sa.false(), *(_among(forms, rows) for forms, rows in groups.items()))


def folded(table: sa.Table, match: Match) -> sa.ColumnElement[bool]:
    """True where the columns as text, trimmed and without regard to case, equal a row of keys."""
    texts = [convert_keys(match.keys[name], pa.string()).to_pylist() for name in match.columns]
    rows = {tuple(map(str.strip, row)) for row in zip(*texts, strict=True) if None not in row}
    compared = [_folded(table.c[name]) for name in match.columns]
    # Beyond ASCII, Python and MySQL do not agree about every letter: there both sides fold in the database.
    plain = [tuple(map(str.lower, row)) for row in rows if all(map(str.isascii, row))]
    others = [row for row in rows if not all(map(str.isascii, row))]
    conditions = [
        sa.and_(*(side == _folded(sa.literal(text)) for side, text in zip(compared, row, strict=True)))
        for row in others
    ]
    return sa.or_(sa.false(), *conditions, *([_in(compared, plain)] if plain else []))


def _among(forms: Sequence[Form], rows: Iterable[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    rounds = range(max(len(form.sides) for form in forms))
    return sa.and_(*(_in([form.side(number) for form in forms], list(rows)) for number in rounds))


def _in(columns: Sequence[sa.ColumnElement], rows: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    if len(columns) == 1:
        return columns[0].in_([value for (value,) in rows])
    return sa.tuple_(*columns).in_(rows)


def _fit(column: sa.Column, keys: pa.ChunkedArray) -> list[Key | None]:
    """For each key how it is compared and as what; None where the column cannot hold it."""
    base, kind = column.info["catalog"].base, arrow_type(column.type)
    if base == "decimal":
        form = Form((column,))
        return [None if number is None else (form, number) for number in _decimals(keys)]
    texts = convert_keys(keys, pa.string()).to_pylist()
    if pa.types.is_string(kind):
        long = short = Form((exact(comparable(column)),))
        if base in TEXTS and _speaks(column.info["catalog"].charset, texts):
            short = Form((column, *long.sides))
        return [None if text is None else (long if len(text) > INDEXED else short, text) for text in texts]
    typed, spelled = Form((comparable(column),)), Form((exact(column),))
    calendar = isinstance(column.type, sa.Date | sa.DateTime | sa.Time)
    found: list[Key | None] = []
    for value, text in zip(convert_keys(keys, kind).to_pylist(), texts, strict=True):
        if value is not None:
            found.append((typed, value))
        else:
            found.append((spelled, text) if calendar and text and BEYOND.fullmatch(text) else None)
    return found


def _speaks(charset: str, texts: Iterable[str | None]) -> bool:
    """Whether the column's character set can write every key; otherwise MySQL refuses the comparison."""
    if charset in ("utf8", "utf8mb3"):
        return all(max(text or "", default="") <= "\uffff" for text in texts)
    if charset not in CODECS:
        return False
    try:
        "".join(text or "" for text in texts).encode(CODECS[charset])
    except UnicodeEncodeError:
        return False
    return True


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
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        return None
    spelled = f"{number:f}".strip("-")
    whole, _, fraction = spelled.partition(".")
    fits = len(fraction) <= MOST_SCALE and len(whole.lstrip("0")) + len(fraction) <= MOST_DIGITS
    return number if fits else None


def _folded(value: sa.ColumnElement) -> sa.ColumnElement:
    trimmed = sa.func.regexp_replace(sa.cast(value, sa.Text), AROUND, "")
    return exact(sa.func.lower(trimmed))
