"""JSON inside columns: each path that the sampled values have becomes a column of its own, judged like any other.

A path is spelled as people write it: `profile.email`, `visits[].ip`. Keys that are data themselves (a map from
e-mail address to role) stand as `*`: no value of a store becomes a name in the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pyarrow as pa

from catalog.classification.verdict import Evidence, Verdict
from catalog.classification.vocabulary import Sensitivity
from catalog.connectors.base import Kind
from catalog.connectors.field_names import is_data
from catalog.models import Column, DataSet

DEEPEST = 8
MOST_PATHS = 200  # of one column
MOST_KEYS = 40  # of one object, beyond which its keys are taken for data
SURE = 0.5  # confidence from which a column is said to contain what is at a path in it
SHARE = 0.5  # of the values, from which a text column is one of JSON
LONGEST_NAME = 400
_KINDS = {bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.FLOAT, str: Kind.TEXT}

Nested = dict[str, "Values"]


@dataclass(slots=True)
class Values:
    """What stands at one path: texts of the values, and the kinds they are of."""

    texts: list[str] = field(default_factory=list)
    kinds: set[Kind] = field(default_factory=set)

    @property
    def kind(self) -> Kind:
        return next(iter(self.kinds)) if len(self.kinds) == 1 else Kind.TEXT

    @property
    def array(self) -> pa.Array:
        return pa.array(self.texts, pa.string())


def unfold(values: pa.Array | pa.ChunkedArray) -> Nested:
    """The values at each path of the JSON objects and arrays among `values`; nothing where few of them are such."""
    documents = [parsed for text in values.to_pylist() if (parsed := _document(text)) is not None]
    if not documents or len(documents) < SHARE * len(values):
        return {}
    found: Nested = {}
    _collect(documents, "", found, DEEPEST)
    return found


def keep_columns(data_set: DataSet, nested: Mapping[int, Nested]) -> list[Column]:
    """The catalog's columns of those paths, by the column they are nested in; new ones are made.

    One that the sample does not show stays: not seen is not gone. Where the store has a column of that name itself,
    the path has none.
    """
    parents = {column.pk: column for column in data_set.columns.filter(pk__in=nested)}
    taken = set(data_set.columns.values_list("name", flat=True))
    made = []
    for pk, paths in nested.items():
        for path, values in paths.items():
            name = nested_name(parents[pk].name, path)
            if name not in taken and len(name) <= LONGEST_NAME:
                made.append(
                    Column(
                        data_set=data_set,
                        nested_in=parents[pk],
                        name=name,
                        position=parents[pk].position,
                        data_type="in JSON",
                        kind=values.kind,
                    )
                )
                taken.add(name)
    Column.objects.bulk_create(made, batch_size=1_000)
    return list(data_set.columns.filter(nested_in__in=parents, gone_at=None).select_related("nested_in"))


def follow_parents(changed: Iterable[Column], former_names: Mapping[int, str]) -> None:
    """What is inside columns that were renamed, that went or came back does the same."""
    parents = {column.pk: column for column in changed}
    moved = list(Column.objects.filter(nested_in__in=parents))
    for column in moved:
        parent = parents[column.nested_in_id or 0]
        column.name = parent.name + column.name[len(former_names[parent.pk]) :]
        column.gone_at, column.position = parent.gone_at, parent.position
    Column.objects.bulk_update(moved, ["name", "gone_at", "position"], batch_size=500)


def give_way(added: Sequence[Column]) -> None:
    """A path makes room for a column that the store itself has under that name now."""
    names = {
        (column.data_set_id, column.name) for column in added if "." in column.name or "[" in column.name
    }
    if names:
        nested = Column.objects.exclude(nested_in=None).filter(name__in={name for _, name in names})
        mine = [column.pk for column in nested if (column.data_set_id, column.name) in names]
        Column.objects.filter(pk__in=mine).delete()


def nested_name(column: str, path: str) -> str:
    """`profile` and `email` give `profile.email`; `visits` and `[].ip` give `visits[].ip`."""
    return f"{column}{path}" if path.startswith("[") else f"{column}.{path}"


def path_of(column: Column) -> str:
    """The path of a nested column below the one it is in."""
    return column.name[len(column.nested_in.name) :].removeprefix(".") if column.nested_in else ""


def words_of(name: str) -> tuple[str, str]:
    """By what a nested column of that name is judged: its own key, and the key above it in place of the table."""
    keys = [key for key in name.replace("[]", "").split(".") if key not in ("", "*")]
    return keys[-1], ".".join(keys[:-1][-1:])


def containing(verdict: Verdict, inside: Verdict, *, at: str) -> Verdict:
    """The verdict on a column that has `inside` at a path in it."""
    found = inside.best
    if found is None or found.confidence < SURE or found.sensitivity is Sensitivity.NONE:
        return verdict
    seen = Evidence("values", found.category, f"At {at} inside it.", found.confidence, contained=True)
    return replace(
        verdict,
        contains=tuple(sorted({*verdict.contains, found.category})),
        contained=(*verdict.contained, seen),
    )


def _document(text: str | None) -> dict | list | None:
    if not text or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:  # cut off by the sample, or only looks like it
        return None
    return parsed if isinstance(parsed, (dict, list)) and parsed else None


def _collect(values: Iterable[Any], path: str, found: Nested, depth: int) -> None:
    """All values at one place of all documents together, so that keys can be told from data."""
    objects, items = [], []
    for value in values:
        if isinstance(value, dict):
            objects.append(value)
        elif isinstance(value, list):
            items += value
        elif value is not None and len(found) < MOST_PATHS and path:
            at = found.setdefault(path, Values())
            at.texts.append(str(value).lower() if isinstance(value, bool) else str(value))
            at.kinds.add(_KINDS[type(value)])
    if depth == 0:
        return
    if items:
        _collect(items, f"{path}[]", found, depth - 1)
    by_key: dict[str, list[Any]] = {}
    for each in objects:
        for key, value in each.items():
            by_key.setdefault(key, []).append(value)
    if _keys_are_data(by_key, len(objects)):
        by_key = {"*": [value for values in by_key.values() for value in values]}
    for key, inside in by_key.items():
        _collect(inside, f"{path}.{key}" if path else key, found, depth - 1)


def _keys_are_data(by_key: Mapping[str, list[Any]], objects: int) -> bool:
    """Many keys that most objects do not share, or keys that no programmer would write."""
    odd = any(map(is_data, by_key))
    shared = sum(len(values) for values in by_key.values()) / max(len(by_key) * objects, 1)
    return odd or (len(by_key) > MOST_KEYS and shared < 0.2)
