"""Key values on their way from one store to another: the same value in the type of the column sought in.

A value which that type cannot hold exactly becomes null, and null matches nothing: the text `abc` is in no
integer column, and that is an answer, not an error.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

CANNOT = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)


def convert_keys(values: pa.Array | pa.ChunkedArray, to: pa.DataType) -> pa.Array:
    """`values` as type `to`, one for one; null where the value does not fit."""
    plain = plain_array(values)
    if plain.type == to:
        return plain
    if not _comparable(plain.type, to):
        return pa.nulls(len(plain), to)
    try:
        converted = plain.cast(to)
    except CANNOT:
        converted = pa.array([_convert_one(value, plain.type, to) for value in plain.to_pylist()], to)
    if pa.types.is_integer(to) and pa.types.is_string(plain.type):
        # The text 017 is another key than the number 17: only the number's own spelling counts.
        converted = pc.if_else(pc.equal(converted.cast(pa.string()), plain), converted, pa.scalar(None, to))
    return converted


def plain_array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array without dictionaries, extensions and the large or view variants of text and binary."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):  # combine_chunks leaves text beyond 2 GB in pieces
        array = pa.concat_arrays(array.cast(pa.large_string()).chunks)
    if isinstance(array.type, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        return array.cast(pa.string())
    if family(array.type) == "binary" and not pa.types.is_binary(array.type):
        return array.cast(pa.binary())
    return array


def _convert_one(value: Any, source: pa.DataType, to: pa.DataType) -> Any:
    try:
        if pa.types.is_decimal(to):
            return pa.scalar(Decimal(str(value)), to).as_py()
        return pa.scalar(value, source).cast(to).as_py()
    except (*CANNOT, InvalidOperation, ValueError, OverflowError):
        return None


def _comparable(source: pa.DataType, to: pa.DataType) -> bool:
    """Whether a value may mean the same in both: numbers among themselves, and text with all but binary.

    Arrow would also cast a date to a number of days or 5 to true: those are not the same value.
    """
    families = {family(source), family(to)}
    return len(families) == 1 or ("text" in families and "binary" not in families)


def family(kind: pa.DataType) -> str:
    """Types whose values can mean the same: text, number, day, time, binary; any other is its own family."""
    types = pa.types
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return "text"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_date(kind) or types.is_timestamp(kind):
        return "day"
    if types.is_time(kind):
        return "time"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "binary"
    return str(kind)
