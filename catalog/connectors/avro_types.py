"""The fields of an Avro record as columns: their Arrow types, and values on their way out of a file and into it.

A union of null and one type is a column of that type that may be null. Records, maps, arrays and other unions
are JSON text; they can be set to null, not to another value. Source: the Avro specification, 1.12.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import fastavro
import pyarrow as pa

from catalog.connectors.base import ConstraintInTheWay, Kind
from catalog.connectors.parquet_layout import kind_of

PRIMITIVES = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
LOGICAL = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("string", "uuid"): pa.string(),
    **{
        ("long", f"{zone}timestamp-{name}"): pa.timestamp(unit, tz)
        for zone, tz in (("", "UTC"), ("local-", None))
        for name, unit in (("millis", "ms"), ("micros", "us"), ("nanos", "ns"))
    },
}
EXACT = Context(prec=100)


@dataclass(frozen=True)
class AvroColumn:
    """One field. `branches` are the types of its union, or its only type; `value` is the one that is not null."""

    name: str
    branches: tuple[Any, ...]
    value: Any  # None where the column is nested
    type: pa.DataType

    @property
    def nullable(self) -> bool:
        return "null" in self.branches

    @property
    def kind(self) -> Kind:
        if self.value is None:
            return Kind.JSON
        return Kind.UUID if _logical(self.value) == "uuid" else kind_of(self.type)

    @property
    def data_type(self) -> str:
        """As `string`, `long (timestamp-millis)`, `null or string`."""
        return " or ".join(_spelled(branch) for branch in self.branches)

    @property
    def field(self) -> pa.Field:
        return pa.field(self.name, self.type, self.nullable)

    def array(self, values: Sequence[Any]) -> pa.Array:
        """Values as they are in the file, with types of the specification taken off, as an Arrow array."""
        if self.value is None:
            texts = [None if value is None else json.dumps(value, default=_plain) for value in values]
            return pa.array(texts, pa.string())
        if pa.types.is_decimal(self.type):
            return pa.array([self._decimal(value) for value in values], self.type)
        if pa.types.is_temporal(self.type):
            return pa.array(values, _integer(self.type)).cast(self.type)
        return pa.array(values, self.type)

    def encode(self, value: pa.Scalar, *, file: str) -> bytes:
        """`value`, of `type`, as bytes of the file; ConstraintInTheWay where the field cannot hold it."""
        wanted = self._stored(value)
        place = self.branches.index("null" if wanted is None else self.value) if self._fits(wanted) else -1
        if place < 0:
            raise ConstraintInTheWay(
                f"The replacement does not fit {file}.{self.name}, which is {self.data_type}.",
                "Choose one that it can hold, choose null, or delete the rows.",
            )
        new = BytesIO()
        if len(self.branches) > 1:
            fastavro.schemaless_writer(new, "long", place)
        fastavro.schemaless_writer(new, self.branches[place], wanted)
        return new.getvalue()

    def _decimal(self, value: bytes | Decimal | None) -> Decimal | None:
        if isinstance(value, bytes):
            return Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-self.type.scale, EXACT)
        return value

    def _stored(self, value: pa.Scalar) -> Any:
        if value.is_valid and pa.types.is_temporal(self.type):
            return value.cast(_integer(self.type)).as_py()
        found = value.as_py()
        if isinstance(found, Decimal):
            unscaled = int(found.scaleb(self.type.scale, EXACT))
            size = self.value.get("size") or (unscaled + (unscaled < 0)).bit_length() // 8 + 1
            try:
                return unscaled.to_bytes(size, "big", signed=True)
            except OverflowError:
                return b""  # fits nothing
        return found

    def _fits(self, stored: Any) -> bool:
        if stored is None:
            return self.nullable
        if self.value is None:
            return False
        if _name(self.value) == "enum":
            return stored in self.value["symbols"]
        if _name(self.value) == "fixed":
            return len(stored) == self.value["size"]
        return _logical(self.value) != "uuid" or _is_uuid(stored)


def avro_columns(schema: Mapping[str, Any]) -> list[AvroColumn]:
    """The fields of a record; ValueError or a fastavro error where the schema is none."""
    named: dict[str, Any] = {}
    parsed: Any = fastavro.parse_schema(dict(schema), named_schemas=named)
    return [_column(field["name"], field["type"], named) for field in parsed["fields"]]


def stored_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema to read values as they stand in the file: dates of the record's own fields are numbers."""
    fields = [{**field, "type": _without_logic(field["type"])} for field in schema["fields"]]
    return {**schema, "fields": fields}


def _column(name: str, kind: Any, named: Mapping[str, Any]) -> AvroColumn:
    union = kind if isinstance(kind, list) else [kind]
    branches = tuple(_resolved(branch, named) for branch in union)
    values = [branch for branch in branches if branch != "null"]
    type_ = _arrow(values[0]) if len(values) == 1 else None
    if type_ is None:
        return AvroColumn(name, branches, None, pa.string())
    return AvroColumn(name, branches, values[0], type_)


def _arrow(kind: Any) -> pa.DataType | None:
    """The Arrow type of values that are not nested."""
    name, logic = _name(kind), _logical(kind)
    if logic == "decimal" and 1 <= kind["precision"] <= 76:
        decimal = pa.decimal128 if kind["precision"] <= 38 else pa.decimal256
        return decimal(kind["precision"], kind.get("scale", 0))
    if name == "enum":
        return pa.string()
    if name == "fixed":
        return pa.binary(kind["size"])
    return LOGICAL.get((name, logic)) or PRIMITIVES.get(name)


def _resolved(kind: Any, named: Mapping[str, Any]) -> Any:
    """A type as itself: a name stands for a type that was written out before, a plain object for its name."""
    if isinstance(kind, str):
        return named.get(kind, kind)
    return kind["type"] if isinstance(kind, dict) and set(kind) == {"type"} else kind


def _without_logic(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_without_logic(branch) for branch in kind]
    return {k: v for k, v in kind.items() if k != "logicalType"} if isinstance(kind, dict) else kind


def _name(kind: Any) -> str:
    return kind["type"] if isinstance(kind, dict) else kind


def _logical(kind: Any) -> str:
    return kind.get("logicalType", "") if isinstance(kind, dict) else ""


def _spelled(kind: Any) -> str:
    return f"{_name(kind)} ({logic})" if (logic := _logical(kind)) else _name(kind)


def _integer(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if kind.bit_width == 32 else pa.int64()


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _plain(value: Any) -> str:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
