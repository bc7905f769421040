"""The verdicts on all columns of one data set: on its own columns together, and on what is inside their JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from catalog.classification.neighbours import TableColumn, classify_table
from catalog.classification.scoring import classify
from catalog.classification.verdict import Verdict
from catalog.connectors.base import Kind
from catalog.localization.regions import telephone_regions
from catalog.models import Column, DataSet
from catalog.nesting import Nested, containing, keep_columns, path_of, unfold, words_of

MAY_HOLD_JSON = (Kind.JSON, Kind.TEXT, Kind.ARRAY, Kind.UNKNOWN)
NO_VALUES = pa.array([], pa.string())

Values: TypeAlias = pa.Array | pa.ChunkedArray


@dataclass(slots=True)
class Judged:
    """The verdict on one column, and the values it rests on; None where none could be seen."""

    column: Column
    verdict: Verdict
    values: Values | None


def judge(data_set: DataSet, columns: Sequence[Column], sample: pa.Table | None) -> list[Judged]:
    """Verdicts on `columns` by their names and the sample, by the names alone without one. JSON paths come after."""
    values = {column.name: _values(column, sample) for column in columns}
    verdicts = classify_table(
        [
            TableColumn(column.name, column.kind, _or_none(values[column.name]), column.unique)
            for column in columns
        ],
        table=data_set.name,
        regions=telephone_regions(data_set.system.region),
    )
    judged = [Judged(column, verdicts[column.name], values[column.name]) for column in columns]
    nested = {
        each.column.pk: paths
        for each in judged
        if each.values is not None and each.column.kind in MAY_HOLD_JSON and (paths := unfold(each.values))
    }
    return judged + (_judge_nested(data_set, judged, nested) if nested else [])


def _judge_nested(data_set: DataSet, judged: Sequence[Judged], nested: Mapping[int, Nested]) -> list[Judged]:
    """What is inside JSON is judged by its own key and the one above; the column it is in says that it contains it."""
    inside = []
    around = {each.column.pk: each for each in judged}
    for column in keep_columns(data_set, nested):
        found = nested[column.nested_in_id or 0].get(path_of(column))
        if found is None:
            continue
        name, above = words_of(column)
        verdict = classify(
            name,
            table=above or data_set.name,
            kind=column.kind,
            values=found.array,
            regions=telephone_regions(data_set.system.region),
        )
        inside.append(Judged(column, verdict, found.array))
        parent = around[column.nested_in_id or 0]
        parent.verdict = containing(parent.verdict, verdict, at=column.name)
    return inside


def _values(column: Column, sample: pa.Table | None) -> Values | None:
    if sample is None or column.name not in sample.column_names:
        return None
    return sample.column(column.name).drop_null()


def _or_none(values: Values | None) -> Values:
    return NO_VALUES if values is None else values
