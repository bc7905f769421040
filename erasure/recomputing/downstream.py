"""What is made of data sets in which rows change, and holds no persons of its own: it may still count them."""

from collections.abc import Collection

from catalog.connectors.base import Connector
from catalog.models import EXTERNAL, VIEW, DataSet, Edge, System
from erasure.recomputing.declaring import identifying_columns


def derived_from(changed: Collection[int]) -> list[tuple[DataSet, list[str]]]:
    """The derived data sets, each after those that it is made of, with the names of the latter.

    Along the live edges of the lineage. One with persons of its own is left out: the search looks into it. A view
    is computed when it is read and passes on what it is made of; a materialized one is a derived data set.
    """
    known: dict[int, DataSet] = {}
    made_of: dict[int, set[int]] = {}
    frontier = set(changed)
    while frontier:
        reached: set[int] = set()
        for source, target in _edges(frontier):
            if target in changed or target == source:
                continue
            if target not in known:
                found = DataSet.objects.select_related("system").get(pk=target)
                if found.gone_at or found.system.kind == EXTERNAL or identifying_columns(found):
                    continue
                known[target] = found
                reached.add(target)
            made_of.setdefault(target, set()).add(source)
        frontier = reached
    names = {pk: str(found) for pk, found in known.items()}
    names |= {
        found.pk: str(found) for found in DataSet.objects.filter(pk__in=changed).select_related("system")
    }
    kept = [known[pk] for pk in _in_order(known, made_of)]
    stored = _stored_views([found for found in kept if found.kind == VIEW])
    return [
        (found, sorted(names[source] for source in made_of[found.pk]))
        for found in kept
        if found.kind != VIEW or found.pk in stored
    ]


def _edges(sources: Collection[int]) -> list[tuple[int, int]]:
    edges = Edge.objects.filter(source__in=sources, gone_at=None).order_by("source", "target")
    return list(edges.values_list("source", "target").distinct())


def _in_order(known: Collection[int], made_of: dict[int, set[int]]) -> list[int]:
    """Sources first; a circle is broken at the one with the smallest number."""
    waiting, ordered = sorted(known), []
    while waiting:
        free = [pk for pk in waiting if not made_of[pk] & set(waiting) - {pk}]
        ordered.append((free or waiting)[0])
        waiting.remove(ordered[-1])
    return ordered


def _stored_views(views: list[DataSet]) -> set[int]:
    """Which of these views keep their rows. Raises ConnectorError where a store does not answer."""
    found: set[int] = set()
    for system in {view.system for view in views}:
        with system.connect() as connector:
            stored = stored_names(connector)
        found |= {view.pk for view in views if view.system_id == system.pk and view.name in stored}
    return found


def stored_names(connector: Connector) -> set[str]:
    return {each.data_set for each in connector.definitions() if each.stored}


def is_stored_view(data_set: DataSet, system: System) -> bool:
    with system.connect() as connector:
        return data_set.name in stored_names(connector)
