"""Arrow's types as PostgreSQL's, and values as COPY takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pyarrow as pa

from retention.anonymization.destinations.base import DestinationError

_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (lambda kind: kind in (pa.int8(), pa.int16(), pa.uint8()), "smallint"),
    (lambda kind: kind in (pa.int32(), pa.uint16()), "integer"),
    (lambda kind: kind in (pa.int64(), pa.uint32()), "bigint"),
    (lambda kind: kind == pa.uint64() or pa.types.is_decimal(kind), "numeric"),
    (pa.types.is_float32, "real"),
    (pa.types.is_floating, "double precision"),
    (
        lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind),
        "text",
    ),
    (lambda kind: pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind), "bytea"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None, "timestamptz"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_nested, "jsonb"),
)


def column_type(field: pa.Field) -> str:
    """Raises DestinationError for a type that a table has no column for."""
    for fits, name in _TYPES:
        if fits(field.type):
            return name
    raise DestinationError(
        f"Column {field.name} of type {field.type} does not fit into a table.", "Deliver to a file."
    )


def values_of(column: pa.Array) -> list[Any]:
    """The values of a column; what is nested as JSON."""
    values = column.to_pylist()
    if pa.types.is_nested(column.type):
        return [None if value is None else orjson.dumps(value, default=str).decode() for value in values]
    return values
