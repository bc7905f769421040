"""The catalog of a system, as far as it fits a restored copy of it.

A copy is older than the catalog: tables and columns that were dropped since are judged by what the catalog still knows
of them, and what it never knew is said to be unsearched.
"""

from dataclasses import dataclass, field

from catalog.connectors.base import DataSetInfo
from catalog.models import VIEW, Column, DataSet, Link, System
from erasure.estate import Connections, Estate

UNKNOWN = "It is not in the catalog: scan the copy as a system of its own, or drop it there."


@dataclass
class Structure:
    estate: Estate
    infos: dict[int, DataSetInfo]  # by data set
    unsearched: list[dict[str, str]] = field(default_factory=list)


def structure_of(place: System, connections: Connections) -> Structure:
    """What of the catalog is in the copy. Raises ConnectorError if it does not answer."""
    found = {info.name: info for info in connections.to(place).discover() if info.kind != VIEW}
    data_sets = {each.pk: each for each in DataSet.objects.filter(system=place.pk, name__in=found)}
    infos = {pk: found[data_set.name] for pk, data_set in data_sets.items()}
    for pk, data_set in data_sets.items():
        data_set.system = place
        data_set.primary_key, data_set.problem = list(infos[pk].primary_key), infos[pk].problem
    names = {pk: {column.name for column in info.columns} for pk, info in infos.items()}
    columns: dict[int, list[Column]] = {pk: [] for pk in data_sets}
    for column in Column.objects.filter(data_set__in=data_sets, nested_in=None).order_by("position"):
        if column.name in names[column.data_set_id]:
            columns[column.data_set_id].append(column)
    estate = Estate(data_sets, columns, _nested(columns), *_links(data_sets, names), connections)
    return Structure(estate, infos, _unknown(place, found, estate, names))


def _nested(columns: dict[int, list[Column]]) -> dict[int, list[Column]]:
    present = [column.pk for here in columns.values() for column in here]
    nested: dict[int, list[Column]] = {}
    for column in Column.objects.filter(nested_in__in=present).select_related("nested_in").order_by("name"):
        nested.setdefault(column.nested_in_id or 0, []).append(column)
    return nested


def _links(
    data_sets: dict[int, DataSet], names: dict[int, set[str]]
) -> tuple[dict[int, list[Link]], dict[int, list[Link]]]:
    into: dict[int, list[Link]] = {pk: [] for pk in data_sets}
    out: dict[int, list[Link]] = {pk: [] for pk in data_sets}
    for link in Link.objects.filter(source__in=data_sets, target__in=data_sets).order_by("pk"):
        if (
            set(link.source_columns) <= names[link.source_id]
            and set(link.target_columns) <= names[link.target_id]
        ):
            into[link.target_id].append(link)
            out[link.source_id].append(link)
    return into, out


def _unknown(
    place: System, found: dict[str, DataSetInfo], estate: Estate, names: dict[int, set[str]]
) -> list[dict[str, str]]:
    known = {data_set.name for data_set in estate.data_sets.values()}
    missing = [
        {"data_set": f"{place} / {name}", "problem": info.problem or UNKNOWN}
        for name, info in found.items()
        if name not in known or info.problem
    ]
    for pk, data_set in estate.data_sets.items():
        unknown = sorted(names[pk] - {column.name for column in estate.columns[pk]})
        if unknown:
            what = f"The catalog does not know {', '.join(unknown)}."
            missing.append({"data_set": str(data_set), "problem": f"{what} {UNKNOWN}"})
    return missing
