"""Messages in Avro's binary encoding, without a file around them.

https://avro.apache.org/docs/1.12.0/specification/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, cast

import fastavro
import pyarrow as pa
from fastavro.schema import SchemaParseException

from catalog.connectors.avro_reading import reader_of
from catalog.connectors.base import Kind, Malformed
from catalog.connectors.schema_registry import Schema
from catalog.connectors.schema_registry_types import TEXT, Codec, Field, Mismatch

SINGLE_OBJECT = b"\xc3\x01"  # then eight bytes of the schema's fingerprint
MICROSECONDS = pa.timestamp("us", "UTC")
PLAIN = {
    "string": (Kind.TEXT, TEXT),
    "enum": (Kind.TEXT, TEXT),
    "int": (Kind.INTEGER, pa.int64()),
    "long": (Kind.INTEGER, pa.int64()),
    "float": (Kind.FLOAT, pa.float64()),
    "double": (Kind.FLOAT, pa.float64()),
    "boolean": (Kind.BOOLEAN, pa.bool_()),
    "bytes": (Kind.BINARY, pa.binary()),
    "fixed": (Kind.BINARY, pa.binary()),
    "record": (Kind.JSON, TEXT),
    "map": (Kind.JSON, TEXT),
    "array": (Kind.ARRAY, TEXT),
    "null": (Kind.UNKNOWN, TEXT),
}
LOGICAL = {
    "date": (Kind.DATE, pa.date32()),
    "time-millis": (Kind.TIME, pa.time64("us")),
    "time-micros": (Kind.TIME, pa.time64("us")),
    "timestamp-millis": (Kind.TIMESTAMP, MICROSECONDS),
    "timestamp-micros": (Kind.TIMESTAMP, MICROSECONDS),
    "local-timestamp-millis": (Kind.TIMESTAMP, pa.timestamp("us")),
    "local-timestamp-micros": (Kind.TIMESTAMP, pa.timestamp("us")),
    "uuid": (Kind.UUID, TEXT),
}


class AvroCodec(Codec):
    """Malformed where the schema is none."""

    def __init__(self, schema: Schema) -> None:
        named: dict[str, Any] = {}
        try:
            for reference in _innermost_first(schema.references):
                fastavro.parse_schema(json.loads(reference.text), named_schemas=named)
            parsed = fastavro.parse_schema(json.loads(schema.text), named_schemas=named)
            self._read = reader_of(parsed, named)
        except (ValueError, KeyError, TypeError, RecursionError, SchemaParseException):
            raise Malformed("An Avro schema cannot be read.", "Correct the schema.") from None
        self._schema = cast(Any, parsed)
        self._named = named
        self._record = isinstance(self._schema, dict) and self._schema["type"] == "record"
        fields: list[Any] = (
            self._schema["fields"] if self._record else [{"name": "_value", "type": self._schema}]
        )
        self.fields = tuple(self._field(each["name"], each["type"]) for each in fields)

    def decode(self, data: bytes) -> dict[str, Any]:
        file = BytesIO(data[10:] if data.startswith(SINGLE_OBJECT) else data)
        try:
            found: Any = self._read(file)
        except Exception:  # fastavro lets through whatever broken bytes make of its reading
            raise Mismatch("cannot be decoded with their Avro schema") from None
        if file.read(1):
            raise Mismatch("are longer than their Avro schema says")
        return found if self._record else {"_value": found}

    def _field(self, name: str, declared: Any) -> Field:
        branches = declared if isinstance(declared, list) else [declared]
        given = [each for each in branches if each != "null"]
        spelled = " or ".join(map(_spelling, given)) or "null"
        if len(given) != 1:
            return Field(name, spelled, Kind.JSON if given else Kind.UNKNOWN)
        return Field(name, spelled, *self._types(given[0]), nullable=len(given) < len(branches))

    def _types(self, declared: Any) -> tuple[Kind, pa.DataType]:
        if isinstance(declared, str) and declared not in PLAIN:
            declared = self._named.get(declared, "record")
        if isinstance(declared, str):
            return PLAIN[declared]
        if not isinstance(declared["type"], str):
            return self._types(declared["type"]) if isinstance(declared["type"], dict) else (Kind.JSON, TEXT)
        logical = declared.get("logicalType")
        if logical == "decimal" and 0 < declared.get("precision", 0) <= 38:
            return Kind.DECIMAL, pa.decimal128(declared["precision"], declared.get("scale", 0))
        return LOGICAL.get(logical) or PLAIN.get(declared["type"], (Kind.UNKNOWN, TEXT))


def _spelling(declared: Any) -> str:
    if isinstance(declared, str):
        return declared
    return str(declared.get("logicalType") or declared.get("name") or declared["type"])


def _innermost_first(references: Mapping[str, Schema]) -> Iterator[Schema]:
    for reference in references.values():
        yield from _innermost_first(reference.references)
        yield reference
