"""What a personal field becomes where its row has to stay.

Null wherever the column allows it. Otherwise a neutral value of the column's own type, short enough for it and
different in each row where it must be unique. Where no such value is known, there is none: the plan is blocked.
"""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import Kind, Replacement
from catalog.models import Column

WORD = "erased"
NEUTRAL: dict[str, Any] = {
    Kind.INTEGER: 0,
    Kind.DECIMAL: 0,
    Kind.FLOAT: 0,
    Kind.BOOLEAN: False,
    Kind.DATE: date(1900, 1, 1),
    Kind.TIMESTAMP: datetime(1900, 1, 1),
    Kind.TIME: time(0, 0),
    Kind.BINARY: b"",
    Kind.JSON: {},
    Kind.UUID: str(UUID(int=0)),
}
UNIQUE_KINDS = (Kind.TEXT,)
SHORTEST_UNIQUE = 12  # a random suffix shorter than this would collide


class CannotReplace(ValueError):
    """No value can be written into the column; the message says why and what helps."""


def replacement_for(column: Column) -> Replacement:
    """The replacement for one column. Raises CannotReplace."""
    if column.nullable:
        return Replacement(None)
    if column.unique:
        if column.kind not in UNIQUE_KINDS or (column.max_length or SHORTEST_UNIQUE) < SHORTEST_UNIQUE:
            raise CannotReplace(
                f"{column.name} ({column.data_type}) must be unique and may not be empty, and there is no neutral "
                "value for it. Let it be nullable, or place the hold on other rows."
            )
        return Replacement(WORD, unique=True)
    if column.kind == Kind.TEXT:
        return Replacement(WORD[: column.max_length])
    if column.kind not in NEUTRAL:
        raise CannotReplace(
            f"{column.name} has the type {column.data_type}, which the console cannot write, and may not be empty. "
            "Let it be nullable, or have a steward confirm that it is not personal."
        )
    return Replacement(NEUTRAL[Kind(column.kind)])


def dump(replacement: Replacement) -> dict[str, Any]:
    """As JSON for the step's row."""
    value = replacement.value
    match value:
        case datetime() | date() | time():
            return {"value": value.isoformat(), "type": type(value).__name__, "unique": replacement.unique}
        case bytes():
            return {"value": value.hex(), "type": "bytes", "unique": replacement.unique}
    return {"value": value, "type": "", "unique": replacement.unique}


def load(stored: dict[str, Any]) -> Replacement:
    readers = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "time": time.fromisoformat,
        "bytes": bytes.fromhex,
    }
    value = stored["value"]
    if stored["type"]:
        value = readers[stored["type"]](value)
    return Replacement(value, unique=stored["unique"])


def carries(values: pa.ChunkedArray, replacement: Replacement) -> pa.Array:
    """Per row, whether the column now holds its replacement."""
    distinct = pc.unique(values)
    held = pa.array([_same(value, replacement) for value in distinct.to_pylist()], pa.bool_())
    positions = pc.index_in(values.combine_chunks(), value_set=distinct)
    return held.take(positions)


def _same(value: Any, replacement: Replacement) -> bool:
    wanted = replacement.value
    if wanted is None:
        return value is None or value == ""  # a text file knows no null
    if value is None:
        return False
    if replacement.unique:
        return str(value).startswith(str(wanted))
    if isinstance(value, datetime):
        return value.replace(tzinfo=None) == wanted
    if isinstance(value, str):
        return value.rstrip() == str(wanted).rstrip()
    return bool(value == wanted)
