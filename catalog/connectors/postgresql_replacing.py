"""What is written over a personal value, and whether a row still needs it."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from catalog.connectors.base import ColumnInfo, ConstraintInTheWay, Kind, Replacement
from catalog.connectors.postgresql_types import PgType, Spelled

SUFFIX = 16  # hexadecimal digits: 64 bits do not meet by chance
SHORTEST_SUFFIX = 8


def assigned(column: sa.Column, replacement: Replacement) -> sa.ColumnElement:
    """The expression to write; ConstraintInTheWay names the column that cannot take it."""
    info: ColumnInfo = column.info["column"]
    described: PgType = column.info["type"]
    value = replacement.value
    if value is None:
        if not info.nullable:
            raise ConstraintInTheWay(
                f"{_name(column)} must not be null.", "Choose a replacement value, or delete the rows."
            )
        return sa.null()
    if replacement.unique:
        return _unique(column, str(value))
    if info.kind is Kind.JSON:
        return sa.cast(sa.literal(json.dumps(value, default=str), sa.Text), described.sql)
    if info.kind is Kind.TEXT and info.max_length is not None and len(str(value)) > info.max_length:
        raise _does_not_fit(column)
    if isinstance(described.sql, Spelled):
        listed = isinstance(value, list)
        text = (
            sa.literal([str(item) for item in value], pg.ARRAY(sa.Text))
            if listed
            else sa.literal(str(value), sa.Text)
        )
        return sa.cast(text, described.sql)
    fitted = described.fit(pa.chunked_array([_array(column, value)]))[0]
    if fitted is None:
        raise _does_not_fit(column)
    return sa.literal(fitted, described.sql)


def differing(column: sa.Column, value: sa.ColumnElement) -> sa.ColumnElement[bool]:
    """True where `column` does not hold `value` yet; compared as text where the type has no equality."""
    if isinstance(column.info["type"].sql, Spelled):
        return sa.cast(column, sa.Text).is_distinct_from(sa.cast(value, sa.Text))
    return column.is_distinct_from(value)


def _unique(column: sa.Column, value: str) -> sa.ColumnElement:
    info: ColumnInfo = column.info["column"]
    digits = sa.func.md5(sa.cast(sa.func.random(), sa.Text) + sa.cast(sa.func.random(), sa.Text))
    if info.kind is Kind.UUID:
        return sa.cast(digits, pg.UUID)
    if info.kind is not Kind.TEXT:
        raise ConstraintInTheWay(
            f"{_name(column)} is no text: a replacement cannot be made different for each row.",
            "Choose null, or delete the rows.",
        )
    room = info.max_length
    if room is not None and room < SHORTEST_SUFFIX:
        raise ConstraintInTheWay(
            f"{_name(column)} has room for {room} characters: too few to be different in each row.",
            "Choose null, or delete the rows.",
        )
    if room is None:
        room = len(value) + 1 + SUFFIX
    suffix = min(SUFFIX, room)
    kept = value[: max(0, room - suffix - 1)]
    text = sa.func.left(digits, suffix)
    return sa.literal(f"{kept}-", sa.Text) + text if kept else text


def _array(column: sa.Column, value: Any) -> pa.Array:
    try:
        return pa.array([value])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        raise _does_not_fit(column) from None


def _does_not_fit(column: sa.Column) -> ConstraintInTheWay:
    return ConstraintInTheWay(
        f"The replacement does not fit {_name(column)}, which is {column.info['column'].data_type}.",
        "Choose a shorter one or one of that type, choose null, or delete the rows.",
    )


def _name(column: sa.Column) -> str:
    return f"{column.table.schema}.{column.table.name}.{column.name}"
