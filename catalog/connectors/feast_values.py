"""Feast's types and values as Arrow's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from catalog.connectors import extras
from catalog.connectors.base import Malformed

SCALARS = {
    "BYTES": pa.binary(),
    "STRING": pa.string(),
    "INT32": pa.int32(),
    "INT64": pa.int64(),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
    "BOOL": pa.bool_(),
    "UNIX_TIMESTAMP": pa.timestamp("s", tz="UTC"),
}
TYPES = SCALARS | {f"{name}_LIST": pa.list_(kind) for name, kind in SCALARS.items()}


def type_name(number: int) -> str:
    """What Feast calls the type: INT64, STRING_LIST."""
    known = extras.load("feast.protos.feast.types.Value_pb2", extra="feast").ValueType.Enum
    return known.Name(number) if number in known.values() else f"type {number}"


def arrow_type(name: str) -> pa.DataType:
    """JSON text where Arrow has nothing like it: maps, sets, structures."""
    return TYPES.get(name, pa.string())


def value_array(values: Sequence[Any], kind: pa.DataType, *, column: str) -> pa.Array:
    """Feast's values (None where there is none) as an array; Malformed where they are not of that type."""
    try:
        return pa.array([_plain(value, kind) for value in values], kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        raise Malformed(
            f"A value of column {column!r} is not of the type of its feature.", "Materialize the view again."
        ) from None


def _plain(value: Any, kind: pa.DataType) -> Any:
    name = value.WhichOneof("val") if value is not None else None
    if name is None or name == "null_val":
        return None
    found = getattr(value, name)
    if pa.types.is_list(kind):
        return list(found.val)
    if pa.types.is_string(kind) and not isinstance(found, str):
        to_dict = extras.load("google.protobuf.json_format", extra="feast").MessageToDict
        return json.dumps(to_dict(value)[_camel(name)], default=str)
    return found


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
