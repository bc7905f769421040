"""Which rows of a record batch a match means: for stores that cannot search themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from catalog.connectors.base import Match
from catalog.connectors.inside import numbers_inside
from catalog.connectors.keys import convert_keys, plain_array


class Matcher:
    """`matches` made ready for batches of `schema`: the keys are converted to its types once."""

    def __init__(self, matches: Sequence[Match], schema: pa.Schema) -> None:
        self.columns = list(dict.fromkeys(name for match in matches for name in match.columns))
        self._prepared = [(match, _fitted_keys(match, schema)) for match in matches]

    def mask(self, batch: pa.RecordBatch) -> pa.BooleanArray:
        """True for the rows that satisfy any of the matches; never null."""
        mask = pa.repeat(pa.scalar(False), len(batch))
        for match, keys in self._prepared:
            if match.path or match.inside:
                mask = pc.or_(mask, _inside(batch[match.columns[0]], keys[0], match))
                continue
            compared = [comparable(batch[name], fold=match.fold) for name in match.columns]
            mask = pc.or_(mask, _among(compared, keys))
        return mask


def as_text(array: pa.Array) -> pa.Array:
    """Values as text; nested ones as JSON, binary ones as hexadecimal digits after \\x."""
    plain = plain_array(array)
    if pa.types.is_binary(plain.type):
        return pa.array([None if value is None else f"\\x{value.hex()}" for value in plain.to_pylist()])
    if pa.types.is_nested(plain.type):
        texts = [None if value is None else json.dumps(value, default=str) for value in plain.to_pylist()]
        return pa.array(texts, pa.string())
    return plain.cast(pa.string())


def comparable_type(kind: pa.DataType) -> pa.DataType:
    """The type in which values of `kind` are compared."""
    return comparable(pa.nulls(0, kind), fold=False).type


def _fitted_keys(match: Match, schema: pa.Schema) -> pa.Table:
    fitted = []
    for name in match.columns:
        kind = pa.string() if match.fold else comparable_type(schema.field(name).type)
        keys = convert_keys(match.keys[name], kind)
        fitted.append(fold_text(keys) if match.fold else keys)
    return pa.table(fitted, names=[str(place) for place in range(len(fitted))]).drop_null()


def _among(columns: Sequence[pa.Array], keys: pa.Table) -> pa.BooleanArray:
    if len(columns) == 1:
        return pc.is_in(columns[0], value_set=keys[0])
    if not len(keys):
        return pa.repeat(pa.scalar(False), len(columns[0]))
    rows = pa.table([*columns, pa.array(range(len(columns[0])))], names=[*keys.column_names, "row"])
    met = rows.join(keys.group_by(keys.column_names).aggregate([]), keys.column_names, join_type="left semi")
    return pc.is_in(rows["row"], value_set=met["row"]).combine_chunks()


def _inside(array: pa.Array, keys: pa.ChunkedArray, match: Match) -> pa.BooleanArray:
    met = [False] * len(array)
    for number, _ in numbers_inside(as_text(array), keys, path=match.path):
        met[number] = True
    return pa.array(met, pa.bool_())


def comparable(array: pa.Array, *, fold: bool) -> pa.Array:
    """Values as they are compared: in their plain type, or folded as text."""
    if fold:
        return fold_text(as_text(array))
    plain = plain_array(array)
    return as_text(plain) if pa.types.is_nested(plain.type) else plain


def fold_text(texts: pa.Array) -> pa.Array:
    """Trimmed and without regard to case."""
    return pc.utf8_lower(pc.utf8_trim_whitespace(texts))
