"""Exact bounds of bands: decimals, and a float counts as the shortest decimal that reads back as it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Context, Decimal
from math import floor, isfinite

import pyarrow as pa

# Enough for the sum of the largest and the smallest float.
_EXACT = Context(prec=1000)
_SURE = 1e8


def band_of_each(values: pa.Array, *, width: Decimal, origin: Decimal) -> list[int | None]:
    """Which band `[origin + n × width, origin + (n + 1) × width)` each number lies in; None for NaN and infinity."""
    numbers = _python(values)
    if width % 1 == 0 and origin % 1 == 0 and pa.types.is_integer(values.type):
        step, start = int(width), int(origin)
        return [(number - start) // step for number in numbers]
    if pa.types.is_floating(values.type):
        return [_band_of_float(number, width, origin, float(width), float(origin)) for number in numbers]
    return [_band(number, width, origin) for number in numbers]


def bin_of_each(values: pa.Array, edges: Sequence[Decimal]) -> list[int | None]:
    """How many of the ascending `edges` are at or below each number; None for NaN."""
    comparable = [float(edge) for edge in edges] if pa.types.is_floating(values.type) else edges
    return [None if number != number else bisect_right(comparable, number) for number in _python(values)]


def bound(band: int, *, width: Decimal, origin: Decimal) -> Decimal:
    """Where a band begins."""
    return _EXACT.add(_EXACT.multiply(Decimal(band), width), origin)


def written(number: Decimal) -> str:
    """In plain digits, without zeros at the end of a fraction."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _band(number: Decimal, width: Decimal, origin: Decimal) -> int:
    distance = _EXACT.subtract(number, origin)
    band = int(_EXACT.divide_int(distance, width))
    return band - 1 if distance < 0 and _EXACT.remainder(distance, width) else band


def _band_of_float(
    number: float, width: Decimal, origin: Decimal, near_width: float, near_origin: float
) -> int | None:
    if not isfinite(number):
        return None
    quotient = (number - near_origin) / near_width
    # Away from a bound the quotient of floats is right; beside one, or far out, the decimals decide.
    if abs(quotient) < _SURE and abs(near_origin) < _SURE * near_width:
        band = floor(quotient)
        if 1e-6 < quotient - band < 1 - 1e-6:
            return band
    return _band(Decimal(repr(number)), width, origin)


def _python(values: pa.Array) -> list:
    """Numbers of Python; a narrow float as the decimal that it is written as."""
    if pa.types.is_float32(values.type):
        values = values.cast(pa.string()).cast(pa.float64())
    return values.to_pylist()
