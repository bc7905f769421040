"""Which key of a match met which row: a store says which rows match, not by which of the many keys they do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import Match
from catalog.connectors.inside import numbers_inside
from catalog.connectors.keys import convert_keys
from catalog.connectors.matching import as_text, comparable, comparable_type, fold_text


def pairs(rows: pa.Table, match: Match) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of rows of `rows`, and beside each the number of a row of `match.keys` that it equals.

    A key that stands there twice meets a row twice. A store folds letters by its own rules and may hold a few rows
    equal that are not equal here: then they have no pair.
    """
    if match.path or match.inside:
        return _inside(rows, match)
    row_codes = np.zeros(rows.num_rows, np.int64)
    key_codes = np.zeros(match.keys.num_rows, np.int64)
    for name in match.columns:
        values, keys = _comparable(rows[name], match.keys[name], fold=match.fold)
        row_codes, key_codes = _combined(row_codes, key_codes, values, keys)
    order = np.argsort(key_codes, kind="stable")
    sorted_codes = key_codes[order]
    first = np.searchsorted(sorted_codes, row_codes, "left")
    many = np.searchsorted(sorted_codes, row_codes, "right") - first
    many[row_codes < 0] = 0
    met = np.repeat(np.arange(rows.num_rows), many)
    within = np.arange(len(met)) - np.repeat(np.cumsum(many) - many, many)
    return met, order[np.repeat(first, many) + within]


def _inside(rows: pa.Table, match: Match) -> tuple[np.ndarray, np.ndarray]:
    (name,) = match.columns
    texts, keys = as_text(one_array(rows[name])), one_array(match.keys[name])
    met = [(row, key) for row, all_keys in numbers_inside(texts, keys, path=match.path) for key in all_keys]
    columns = np.array(met, np.int64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def _comparable(rows: pa.ChunkedArray, keys: pa.ChunkedArray, *, fold: bool) -> tuple[pa.Array, pa.Array]:
    kind = pa.string() if fold else comparable_type(rows.type)
    fitted = convert_keys(keys, kind)
    return comparable(one_array(rows), fold=fold), fold_text(fitted) if fold else fitted


def one_array(values: pa.ChunkedArray) -> pa.Array:
    combined = values.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def _combined(
    row_codes: np.ndarray, key_codes: np.ndarray, rows: pa.Array, keys: pa.Array
) -> tuple[np.ndarray, np.ndarray]:
    """One number for the values so far and the next ones; -1 for null and for what no key has."""
    known = pc.unique(keys).drop_null()
    next_rows, next_keys = _codes(rows, known), _codes(keys, known)
    both_keys = np.where((key_codes < 0) | (next_keys < 0), -1, key_codes * (len(known) + 1) + next_keys)
    both_rows = np.where((row_codes < 0) | (next_rows < 0), -1, row_codes * (len(known) + 1) + next_rows)
    # Made dense again, so that many columns do not count beyond 64 bits.
    dense = np.unique(both_keys[both_keys >= 0])
    return _dense(both_rows, dense), _dense(both_keys, dense)


def _codes(values: pa.Array, known: pa.Array) -> np.ndarray:
    return (
        pc.fill_null(pc.index_in(values, value_set=known), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    )


def _dense(codes: np.ndarray, dense: np.ndarray) -> np.ndarray:
    if not len(dense):
        return np.full(len(codes), -1, np.int64)
    places = np.minimum(np.searchsorted(dense, codes), len(dense) - 1)
    return np.where(dense[places] == codes, places, -1)
