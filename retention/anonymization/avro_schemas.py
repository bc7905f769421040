"""An Arrow schema as one of Avro; every field may be null, as in what anonymization puts out."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from retention.anonymization.destinations.base import DestinationError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def avro_schema(schema: pa.Schema) -> dict[str, Any]:
    """Raises DestinationError for a name or type that Avro does not have."""
    for name in schema.names:
        if not _NAME.match(name):
            raise DestinationError(
                f"Avro has no column named {name!r}.", "Deliver as Parquet, CSV or JSON Lines."
            )
    fields = [{"name": field.name, "type": ["null", _type(field)], "default": None} for field in schema]
    return {"type": "record", "name": "Anonymized", "fields": fields}


def _type(field: pa.Field) -> Any:
    kind, types = field.type, pa.types
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind) and kind != pa.uint64():
        return "long"
    if types.is_floating(kind):
        return "double"
    if types.is_string(kind):
        return "string"
    if types.is_binary(kind):
        return "bytes"
    if types.is_date32(kind):
        return {"type": "int", "logicalType": "date"}
    if types.is_timestamp(kind):
        return {"type": "long", "logicalType": "timestamp-micros" if kind.tz else "local-timestamp-micros"}
    if types.is_decimal(kind):
        return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
    raise DestinationError(
        f"Column {field.name} of type {kind} does not go into Avro.", "Deliver as Parquet."
    )
