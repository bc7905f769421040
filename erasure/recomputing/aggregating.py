"""An aggregate out of the rows of its source, batch by batch: what is held is the groups, not the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from erasure.recomputing.figures import EVERY, Figure

TOGETHER = {"count_all": "sum", "count": "sum", "sum": "sum", "min": "min", "max": "max"}
ALL = "count_all"


def asked(figures: Sequence[Figure]) -> list[str]:
    """The columns of the source that are needed."""
    return list(dict.fromkeys(each.column for each in figures if each.column != EVERY))


def aggregate(batches: Iterable[pa.RecordBatch], figures: Sequence[Figure], schema: pa.Schema) -> pa.Table:
    """One column for each figure; `schema` is that of the batches. Without groups there is one row, as in SQL."""
    short = {
        name: f"c{place}" for place, name in enumerate(asked(figures))
    }  # no name of ours is one of theirs
    figures = [replace(each, column=short.get(each.column, EVERY)) for each in figures]
    schema = pa.schema([schema.field(name).with_name(own) for name, own in short.items()])
    keys = list(dict.fromkeys(each.column for each in figures if not each.function))
    parts = _parts(figures)
    counted = sorted({each.column for each in figures if each.distinct})
    total = _totals(schema.empty_table(), keys, parts)
    seen = {column: schema.empty_table().select(_pair(keys, column)) for column in counted}
    for batch in batches:
        rows = (
            pa.table([batch[name] for name in short], schema=schema)
            if short
            else pa.Table.from_batches([batch])
        )
        total = _joined(pa.concat_tables([total, _totals(rows, keys, parts)]), keys, parts)
        for column in counted:
            pairs = pa.concat_tables([seen[column], rows.select(_pair(keys, column))])
            seen[column] = pairs.group_by(_pair(keys, column), use_threads=False).aggregate([])
    columns = [_column(each, keys, total, seen) for each in figures]
    return pa.table(columns, names=[each.name for each in figures])


def _parts(figures: Sequence[Figure]) -> list[tuple[str, str]]:
    """What is added up of each batch: an average is a sum and how many values are behind it."""
    found: list[tuple[str, str]] = []
    for each in figures:
        if each.function and not each.distinct and each.column != EVERY:
            functions = ("sum", "count") if each.function == "avg" else (each.function,)
            found += [(each.column, function) for function in functions]
    return list(dict.fromkeys(found))


def _totals(rows: pa.Table, keys: list[str], parts: list[tuple[str, str]]) -> pa.Table:
    return rows.group_by(keys, use_threads=False).aggregate([([], ALL), *parts])


def _joined(totals: pa.Table, keys: list[str], parts: list[tuple[str, str]]) -> pa.Table:
    names = [ALL, *(f"{column}_{function}" for column, function in parts)]
    how = [TOGETHER[ALL], *(TOGETHER[function] for _, function in parts)]
    joined = totals.group_by(keys, use_threads=False).aggregate(list(zip(names, how, strict=True)))
    back = {f"{name}_{function}": name for name, function in zip(names, how, strict=True)}
    return joined.rename_columns([back.get(name, name) for name in joined.column_names])


def _column(figure: Figure, keys: list[str], total: pa.Table, seen: dict[str, pa.Table]) -> pa.ChunkedArray:
    if not figure.function:
        return total[figure.column]
    if figure.distinct:
        return _distinct(keys, figure.column, total, seen[figure.column])
    if figure.column == EVERY:
        return total[ALL].cast(pa.int64())
    if figure.function == "avg":
        many = total[f"{figure.column}_count"]
        many = pc.if_else(pc.equal(many, 0), pa.scalar(None, many.type), many)  # no value has no average
        return pc.divide(total[f"{figure.column}_sum"].cast(pa.float64()), many.cast(pa.float64()))
    return total[f"{figure.column}_{figure.function}"]


def _distinct(keys: list[str], column: str, total: pa.Table, pairs: pa.Table) -> pa.ChunkedArray:
    """How many different values each group has, in the order of the groups; missing ones do not count."""
    counted = pairs.append_column("value", pairs[column])  # it may be grouped by, too
    many = counted.group_by(keys, use_threads=False).aggregate([("value", "count")])
    found = {_key(row, keys): row["value_count"] for row in many.to_pylist()}
    groups = [_key(row, keys) for row in total.select(keys).to_pylist()] if keys else [()]
    return pa.chunked_array([[found.get(group, 0) for group in groups]], pa.int64())


def _key(row: dict, keys: list[str]) -> tuple:
    return tuple(row[key] for key in keys)


def _pair(keys: list[str], column: str) -> list[str]:
    return list(dict.fromkeys([*keys, column]))
