"""The types that the columns of a source are treated with: its own, or what a contract says where it has only text."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import Kind, Malformed
from catalog.contracts.types import kind_of
from retention.anonymization.compiling import SchemaChanged

_OF_TEXT = {
    Kind.INTEGER: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.DECIMAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.BOOLEAN: pa.bool_(),
}


def plain(schema: pa.Schema) -> pa.Schema:
    """`schema` without encodings: techniques see text, never a dictionary or a view of it."""
    return pa.schema([pa.field(column.name, _plain(column.type)) for column in schema])


def declared(schema: pa.Schema, types: Mapping[str, str]) -> pa.Schema:
    """`schema` with what a contract says of columns that are only text in their store, such as a CSV file's."""
    fields = []
    for column in schema:
        kind = _OF_TEXT.get(kind_of(types[column.name])) if types.get(column.name) else None
        wanted = kind if kind is not None and pa.types.is_string(column.type) else column.type
        fields.append(pa.field(column.name, wanted))
    return pa.schema(fields)


def typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the types of `schema`. Malformed where a text is not what the contract says it is.

    A batch with other columns comes back as it is: who treats it says what changed.
    """
    if batch.schema.names != schema.names:
        return batch
    arrays = [_typed(column, wanted) for column, wanted in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=schema.names)


def require_same(expected: pa.Schema, found: pa.Schema, *, where: str) -> None:
    """SchemaChanged unless a later data set of the source has the columns and types of the first."""
    if found.equals(expected):
        return
    before, now = ({column.name: column.type for column in each} for each in (expected, found))
    words = [f"{name} is gone" for name in before if name not in now]
    words += [f"{name} is new" for name in now if name not in before]
    words += [
        f"{name} is {now[name]} and was {kind}"
        for name, kind in before.items()
        if now.get(name, kind) != kind
    ]
    raise SchemaChanged(
        f"{where} has other columns than the data sets before it: {', '.join(words) or 'their order'}.",
        "Bring all parts of the source to one schema, or anonymize each by itself; nothing was delivered.",
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    if types.is_large_string(kind) or types.is_string_view(kind) or isinstance(kind, pa.JsonType):
        return pa.string()
    if types.is_large_binary(kind) or types.is_binary_view(kind):
        return pa.binary()
    return kind


def _typed(column: pa.Array, wanted: pa.Field) -> pa.Array:
    if column.type == wanted.type:
        return column
    if isinstance(column.type, pa.JsonType):
        column = column.storage
    if not pa.types.is_string(column.type) or pa.types.is_string(wanted.type):
        try:
            return column.cast(wanted.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return column  # what changed is said where the batch is treated
    try:
        return pc.utf8_trim_whitespace(column).cast(wanted.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise Malformed(
            f"Column {wanted.name} holds text that is no {wanted.type}, as the contract says it is.",
            "Correct the data, or the type in the contract.",
        ) from None
