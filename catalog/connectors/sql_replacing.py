"""What is written over a personal value in a SQL store, checked before the store is asked."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from catalog.connectors.base import ColumnInfo, ConstraintInTheWay, Kind, Replacement
from catalog.connectors.replacing import new_values

SUFFIX = 16  # hexadecimal digits: 64 bits do not meet by chance
SHORTEST_SUFFIX = 8


def plain_value(info: ColumnInfo, kind: pa.DataType, replacement: Replacement, *, table: str) -> Any:
    """The one value for every row, out of those that `kind` holds; ConstraintInTheWay where there is none."""
    value = replacement.value
    if value is not None and info.kind is Kind.JSON:
        return json.dumps(value, default=str)
    field = pa.field(info.name, kind, info.nullable)
    fitted = new_values(field, Replacement(value), 1, file=table)[0].as_py()
    if info.max_length is not None and isinstance(fitted, str | bytes) and len(fitted) > info.max_length:
        raise ConstraintInTheWay(
            f"The replacement does not fit {table}.{info.name}, which is {info.data_type}.",
            "Choose a shorter one, choose null, or delete the rows.",
        )
    return fitted


def unique_parts(info: ColumnInfo, value: str, *, table: str) -> tuple[str, int]:
    """A beginning, the same for all rows, and how many random digits follow it; ConstraintInTheWay as above."""
    if info.kind is not Kind.TEXT:
        raise ConstraintInTheWay(
            f"{table}.{info.name} is no text: a replacement cannot be made different for each row.",
            "Choose null, or delete the rows.",
        )
    room = info.max_length
    if room is not None and room < SHORTEST_SUFFIX:
        raise ConstraintInTheWay(
            f"{table}.{info.name} has room for {room} characters: too few to be different in each row.",
            "Choose null, or delete the rows.",
        )
    if room is None:
        room = len(value) + 1 + SUFFIX
    digits = min(SUFFIX, room)
    kept = value[: max(0, room - digits - 1)]
    return (f"{kept}-" if kept else ""), digits
