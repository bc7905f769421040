"""Numbers of any Arrow type as whole numbers of their smallest unit, clamped to stated bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Whole = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
WIDEST = 2**52  # beyond it a float skips whole numbers


def scaled(
    column: pa.Array, decimals: int, *, lower: int = -WIDEST, upper: int = WIDEST
) -> tuple[Whole, Mask]:
    """`round(value × 10^decimals)` moved into [lower, upper], and which rows have a value at all.

    Null, NaN, and in files without types what is no number, are no value: their rows drop out.
    """
    plain = decoded(column)
    if pa.types.is_integer(plain.type) and not pa.types.is_uint64(plain.type):
        known = _known(plain)
        whole = pc.cast(plain, pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        near = np.clip(whole, -(2**41), 2**41) * 10**decimals  # below 2^63 for up to six decimals
        return np.clip(near, lower, upper), known
    floats = _floats(plain)
    known = ~np.isnan(floats)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.clip(np.rint(np.where(known, floats, 0.0) * 10**decimals), lower, upper)
    return near.astype(np.int64), known


def decoded(column: pa.Array) -> pa.Array:
    """Without a dictionary, and text as plain `string`."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = pc.cast(column, pa.string())
    return column


def _known(column: pa.Array) -> Mask:
    if not column.null_count:
        return np.ones(len(column), dtype=bool)
    return column.is_valid().to_numpy(zero_copy_only=False)


def _floats(column: pa.Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    if pa.types.is_string(column.type):
        return pd.to_numeric(pd.Series(column.to_pandas()), errors="coerce").to_numpy(np.float64)
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    return pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
