"""Documents of a search index as Arrow: fields of the mapping are columns, what is nested is JSON text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa

from catalog.connectors.base import ColumnInfo, Kind

KINDS = {
    **dict.fromkeys(("long", "integer", "short", "byte"), Kind.INTEGER),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), Kind.FLOAT),
    **dict.fromkeys(("text", "keyword", "wildcard", "constant_keyword", "match_only_text", "ip"), Kind.TEXT),
    **dict.fromkeys(("object", "nested", "flattened", "flat_object", "geo_point", "geo_shape"), Kind.JSON),
    "boolean": Kind.BOOLEAN,
    "date": Kind.TIMESTAMP,
    "date_nanos": Kind.TIMESTAMP,
    "binary": Kind.TEXT,
}
# A document may hold any value that its mapping can coerce, or many of them: only these types lose nothing.
ARROW = {Kind.INTEGER: pa.int64(), Kind.FLOAT: pa.float64(), Kind.BOOLEAN: pa.bool_()}


def columns_of(mapping: Mapping[str, Any]) -> tuple[ColumnInfo, ...]:
    """The fields at the top of a mapping."""
    fields = mapping.get("properties", {})
    return tuple(
        ColumnInfo(
            name=name,
            position=place,
            data_type=str(described.get("type", "object")),
            kind=KINDS.get(described.get("type", "object"), Kind.UNKNOWN),
        )
        for place, (name, described) in enumerate(fields.items(), start=1)
    )


def schema_of(columns: Sequence[ColumnInfo]) -> pa.Schema:
    return pa.schema([(column.name, ARROW.get(column.kind, pa.string())) for column in columns])


def batch_of(documents: Sequence[Mapping[str, Any]], columns: Sequence[ColumnInfo]) -> pa.RecordBatch:
    """Documents as rows. A column in which some value is not of its type is text altogether."""
    arrays, fields = [], []
    for column in columns:
        kind = ARROW.get(column.kind, pa.string())
        values = [document.get(column.name) for document in documents]
        fitting = pa.types.is_string(kind) or all(value is None or _fits(value, kind) for value in values)
        if pa.types.is_string(kind) or not fitting:
            arrays.append(pa.array([as_text(value) for value in values], pa.string()))
        else:
            arrays.append(pa.array(values, kind))
        fields.append(pa.field(column.name, arrays[-1].type))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def as_text(value: Any) -> str | None:
    """A value as its JSON says it; text as it is."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def moment(milliseconds: int) -> str:
    """A date that is kept as a number, in words."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _fits(value: Any, kind: pa.DataType) -> bool:
    if pa.types.is_boolean(kind):
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if pa.types.is_integer(kind):
        return isinstance(value, int) and -(2**63) <= value < 2**63
    return isinstance(value, (int, float))
