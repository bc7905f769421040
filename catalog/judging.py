"""The verdicts on all columns of one data set: on its own columns together, and on what is inside their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from catalog.classification.neighbours import TableColumn, classify_table
from catalog.classification.verdict import Verdict
from catalog.connectors.base import Kind
from catalog.localization.regions import telephone_regions
from catalog.models import Column, DataSet
from catalog.nesting import Nested, containing, keep_columns, nested_name, path_of, unfold, words_of
from catalog.table_naming import table_word

MAY_HOLD_JSON = frozenset(map(str, (Kind.JSON, Kind.TEXT, Kind.ARRAY, Kind.UNKNOWN)))
NO_VALUES = pa.array([], pa.string())

Values: TypeAlias = pa.Array | pa.ChunkedArray


@dataclass(frozen=True, slots=True)
class Voices:
    """What may speak; the fields mean what they mean to `classify_table`."""

    use_names: bool = True
    use_entities: bool = True
    regions: Sequence[str] = ()


@dataclass(slots=True)
class Judged:
    """The verdict on one column, and the values it rests on; None where none could be seen."""

    column: Column
    verdict: Verdict
    values: Values | None


def judge(data_set: DataSet, columns: Sequence[Column], sample: pa.Table | None) -> list[Judged]:
    """Verdicts on `columns` by their names and the sample, by the names alone without one. JSON paths come after."""
    values = {column.name: _values(column, sample) for column in columns}
    described = [
        TableColumn(column.name, column.kind, _or_none(values[column.name]), column.unique)
        for column in columns
    ]
    voices = Voices(regions=telephone_regions(data_set.system.region))
    verdicts, nested = judge_columns(described, data_set=data_set.name, voices=voices)
    judged = [Judged(column, verdicts[column.name], values[column.name]) for column in columns]
    inside = {column.pk: nested[column.name] for column in columns if column.name in nested}
    for column in keep_columns(data_set, inside) if inside else []:
        found = inside[column.nested_in_id or 0].get(path_of(column))
        if found is not None and column.name in verdicts:
            judged.append(Judged(column, verdicts[column.name], found.array))
    return judged


def judge_columns(
    columns: Sequence[TableColumn], *, data_set: str, voices: Voices
) -> tuple[dict[str, Verdict], dict[str, Nested]]:
    """The columns of a data set together, by name; after each, what is inside its JSON, by `column.path`.

    Second, the values at each path of the columns that hold JSON.
    """
    table = table_word(data_set)
    nested = {
        column.name: paths
        for column in columns
        if column.kind in MAY_HOLD_JSON and (paths := unfold(column.values))
    }
    # As text, JSON would pass for what it contains.
    plain = [
        replace(column, values=_without_json(column.values)) if column.name in nested else column
        for column in columns
    ]
    outer = _together(plain, table=table, voices=voices)
    verdicts: dict[str, Verdict] = {}
    for name, verdict in outer.items():
        verdicts[name] = verdict
        for inner, found in _inside(name, nested.get(name, {}), table=table, voices=voices).items():
            if inner not in outer and inner not in verdicts:
                verdicts[inner] = found
                verdicts[name] = containing(verdicts[name], found, at=inner)
    return verdicts, nested


def _inside(column: str, nested: Nested, *, table: str, voices: Voices) -> dict[str, Verdict]:
    """What is at each path of a column of JSON, judged together with what is in the same object."""
    objects: dict[tuple[str, int], dict[str, TableColumn]] = {}
    tables: dict[tuple[str, int], str] = {}
    places: dict[str, tuple[tuple[str, int], str]] = {}
    for path, found in nested.items():
        name = nested_name(column, path)
        key, above = words_of(name)
        around = name.rpartition(".")[0]
        # `tags` and `tags[]` go by the same word: they are no neighbours of each other.
        place = next((around, n) for n in count() if key not in objects.get((around, n), ()))
        objects.setdefault(place, {})[key] = TableColumn(key, str(found.kind), found.array)
        places[name], tables[place] = (place, key), above or table
    judged = {
        place: _together(list(columns.values()), table=tables[place], voices=voices)
        for place, columns in objects.items()
    }
    return {name: judged[place][key] for name, (place, key) in places.items()}


def _together(columns: Sequence[TableColumn], *, table: str, voices: Voices) -> dict[str, Verdict]:
    return classify_table(
        columns,
        table=table,
        use_names=voices.use_names,
        use_entities=voices.use_entities,
        regions=voices.regions,
    )


def _without_json(values: Values) -> Values:
    return values.filter(pc.invert(pc.match_substring_regex(values, r"^\s*[\[{]")))


def _values(column: Column, sample: pa.Table | None) -> Values | None:
    if sample is None or column.name not in sample.column_names:
        return None
    return sample.column(column.name).drop_null()


def _or_none(values: Values | None) -> Values:
    return NO_VALUES if values is None else values
