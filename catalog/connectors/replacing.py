"""What a replacement becomes in a column of an Arrow type."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import ConstraintInTheWay, Kind, Replacement
from catalog.connectors.keys import CANNOT, convert_keys, plain_array
from catalog.connectors.parquet_layout import kind_of


def replace_values(
    batch: pa.RecordBatch,
    mask: pa.BooleanArray,
    replacements: Mapping[str, Replacement],
    *,
    schema: pa.Schema,
    file: str,
) -> pa.RecordBatch:
    """`batch` with `replacements` in the masked rows. Columns of `schema` that it does not hold are checked too.

    ConstraintInTheWay names a column of `file` that cannot take its replacement.
    """
    for name, replacement in replacements.items():
        place, column = batch.schema.get_field_index(name), schema.field(name)
        many = pc.sum(mask).as_py() or 0 if replacement.unique else 1
        new = new_values(column, replacement, max(many, 1), file=file)
        if place >= 0:
            batch = batch.set_column(place, column, _put(batch.column(place), mask, new))
    return batch


def new_values(field: pa.Field, replacement: Replacement, many: int, *, file: str) -> pa.Array:
    """`many` values to write, all different where `unique`, else one; ConstraintInTheWay as above."""
    value, kind = replacement.value, field.type
    if value is None:
        if not field.nullable:
            raise ConstraintInTheWay(
                f"{file}.{field.name} must not be null.", "Choose a value, or delete the rows."
            )
        return pa.nulls(many, kind)
    if replacement.unique:
        if kind_of(kind) is not Kind.TEXT:
            raise ConstraintInTheWay(
                f"{file}.{field.name} is no text: its replacement cannot be unique in each row.",
                "Choose null, or delete the rows.",
            )
        return pa.array([f"{value}-{secrets.token_hex(8)}" for _ in range(many)]).cast(kind)
    new = _as_type(value, kind)
    if new is None:
        raise ConstraintInTheWay(
            f"The replacement does not fit {file}.{field.name}, which is {kind}.",
            "Choose one of that type, choose null, or delete the rows.",
        )
    return new


def _as_type(value: Any, kind: pa.DataType) -> pa.Array | None:
    """The value alone in an array; None where the type cannot hold it."""
    if pa.types.is_nested(kind) and isinstance(value, str):
        return None  # Arrow would make a list of its letters
    try:
        return pa.array([value], kind)
    except (*CANNOT, OverflowError, ValueError):
        pass
    try:
        plain = convert_keys(pa.array([value]), plain_array(pa.nulls(0, kind)).type)
        return None if plain.null_count else plain.cast(kind)
    except (*CANNOT, OverflowError, ValueError):
        return None


def _put(column: pa.Array, mask: pa.BooleanArray, new: pa.Array) -> pa.Array:
    """`column` with the masked places filled from `new`: in turn, or all with its only value."""
    joined = pa.concat_arrays([column, new])
    places = list(range(len(column)))
    for turn, place in enumerate(pc.indices_nonzero(mask).to_pylist()):
        places[place] = len(column) + turn % len(new)
    return joined.take(pa.array(places, pa.int64()))
