"""The one text that stands for a value, whatever its type: what keyed hashes, tokens and ciphers are made from.

Text stands for itself. A number is written in decimal, a whole one without a point, so that 12, 12.0 and 12.00 are
one value in an integer, a float and a decimal column. A date is `2024-02-29`, a timestamp `2024-02-29 12:30:00.5`
(no trailing zeros; one with a zone in UTC and with a `Z`), a truth value `true` or `false`, bytes are lower-case hex.
"""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc


def is_text(given: pa.DataType) -> bool:
    types = pa.types
    return types.is_string(given) or types.is_large_string(given) or types.is_string_view(given)


def is_bytes(given: pa.DataType) -> bool:
    types = pa.types
    return types.is_binary(given) or types.is_large_binary(given) or types.is_fixed_size_binary(given)


def is_number(given: pa.DataType) -> bool:
    types = pa.types
    return types.is_integer(given) or types.is_floating(given) or types.is_decimal(given)


def has_text(given: pa.DataType) -> bool:
    """Whether a plain type has such a text."""
    types = pa.types
    return (
        is_text(given)
        or is_bytes(given)
        or is_number(given)
        or types.is_boolean(given)
        or (types.is_temporal(given) and not types.is_duration(given) and not types.is_interval(given))
    )


def text_like(given: pa.DataType) -> pa.DataType:
    """The type of text that a column of type `given` becomes: its own where it is text."""
    return given if is_text(given) else pa.string()


def as_text(values: pa.Array) -> pa.Array:
    """The text of each value of a plain column for which `has_text` holds, null for null.

    Its type is `computable`, so no view and no half float; the answer is string or large_string.
    """
    given = values.type
    types = pa.types
    if types.is_string(given) or types.is_large_string(given):
        return values
    if is_bytes(given):
        return pa.array([None if each is None else each.hex() for each in values.to_pylist()], pa.string())
    if types.is_decimal(given):
        return pa.array(
            [None if each is None else _plain(f"{each:f}") for each in values.to_pylist()], pa.string()
        )
    if types.is_floating(given):
        # The shortest text that reads back as the same number; Python's, as Arrow's depends on its version.
        wide = values if types.is_float64(given) else values.cast(pa.string()).cast(pa.float64())
        return pa.array([None if each is None else _of_float(each) for each in wide.to_pylist()], pa.string())
    if types.is_timestamp(given):
        return _of_timestamps(values)
    if types.is_time(given):
        return _short(values.cast(pa.string()))
    return values.cast(pa.string())


def as_bytes(texts: pa.Array) -> list[bytes]:
    """UTF-8."""
    return texts.cast(pa.large_binary()).to_pylist()


def from_text(texts: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The values of type `wanted` that these texts stand for. Raises ValueError where one does not."""
    if is_bytes(wanted):
        decoded = [None if each is None else bytes.fromhex(each) for each in texts.to_pylist()]
        return pa.array(decoded, wanted)
    if pa.types.is_timestamp(wanted) and wanted.tz is not None:
        return texts.cast(pa.timestamp(wanted.unit, "UTC")).cast(wanted)
    if pa.types.is_time(wanted):
        per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[wanted.unit]
        counts = [None if each is None else _time(each, per_second) for each in texts.to_pylist()]
        return (
            pa.array(counts, pa.int64())
            .cast(pa.int32() if wanted.bit_width == 32 else pa.int64())
            .cast(wanted)
        )
    return texts.cast(wanted)


def _time(text: str, per_second: int) -> int:
    hours, minutes, seconds = text.split(":")
    return (int(hours) * 3600 + int(minutes) * 60) * per_second + int(Decimal(seconds) * per_second)


def _of_float(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    return repr(value)


def _plain(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def _of_timestamps(values: pa.Array) -> pa.Array:
    naive = pa.timestamp(values.type.unit)
    if values.type.tz is None:
        return _short(values.cast(pa.string()))
    utc = values.cast(pa.timestamp(values.type.unit, "UTC")).cast(naive)
    return pc.binary_join_element_wise(_short(utc.cast(pa.string())), "Z", "")


def _short(texts: pa.Array) -> pa.Array:
    """Without the zeros at the end of a fraction."""
    return pc.replace_substring_regex(texts, r"(\.[0-9]*[1-9])0+$|\.0+$", r"\1")
