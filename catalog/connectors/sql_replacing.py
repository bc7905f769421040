"""What is written over a personal value in a SQL store, checked before the store is asked."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from catalog.connectors.base import ColumnInfo, ConstraintInTheWay, Kind, Replacement
from catalog.connectors.replacing import new_values
from catalog.connectors.sql_arrow import arrow_type

SUFFIX = 16  # hexadecimal digits: 64 bits do not meet by chance
SHORTEST_SUFFIX = 8


def plain_value(column: sa.Column, replacement: Replacement) -> Any:
    """The one value for every row; ConstraintInTheWay names the column that cannot take it."""
    info: ColumnInfo = column.info["column"]
    value = replacement.value
    if value is not None and info.kind is Kind.JSON:
        return json.dumps(value, default=str)
    field = pa.field(info.name, arrow_type(column.type), info.nullable)
    fitted = new_values(field, Replacement(value), 1, file=_table(column))[0].as_py()
    if info.max_length is not None and isinstance(fitted, str | bytes) and len(fitted) > info.max_length:
        raise ConstraintInTheWay(
            f"The replacement does not fit {_table(column)}.{info.name}, which is {info.data_type}.",
            "Choose a shorter one, choose null, or delete the rows.",
        )
    return fitted


def unique_parts(column: sa.Column, value: str) -> tuple[str, int]:
    """A beginning, the same for all rows, and how many random digits follow it; ConstraintInTheWay as above."""
    info: ColumnInfo = column.info["column"]
    name = f"{_table(column)}.{info.name}"
    if info.kind is not Kind.TEXT:
        raise ConstraintInTheWay(
            f"{name} is no text: a replacement cannot be made different for each row.",
            "Choose null, or delete the rows.",
        )
    room = info.max_length
    if room is not None and room < SHORTEST_SUFFIX:
        raise ConstraintInTheWay(
            f"{name} has room for {room} characters: too few to be different in each row.",
            "Choose null, or delete the rows.",
        )
    if room is None:
        room = len(value) + 1 + SUFFIX
    digits = min(SUFFIX, room)
    kept = value[: max(0, room - digits - 1)]
    return (f"{kept}-" if kept else ""), digits


def _table(column: sa.Column) -> str:
    return str(column.table.info["data_set"])
