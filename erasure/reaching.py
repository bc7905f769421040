"""Which personal data sets no search comes to, and why: they are listed, since nobody would miss them otherwise."""

from collections.abc import Collection

from catalog.classification.vocabulary import CATEGORIES, within
from catalog.connectors import registry
from catalog.connectors.base import Capability
from catalog.models import EXTERNAL, VIEW, Column, DataSet
from erasure.estate import Estate
from erasure.seeds import INWARD, OUTWARD, holds_inside, places

NO_WAY = "None of the identifiers stands there, and no link that a search follows leads there."


def unreached(estate: Estate, categories: Collection[str]) -> list[dict[str, str]]:
    """[{data_set, why}]: data sets with personal columns that identifiers of these categories do not lead to."""
    reached = _reached(estate, categories)
    listed = []
    for pk, data_set in sorted(estate.data_sets.items(), key=lambda item: str(item[1])):
        if pk not in reached and any(_told_personal(column) for column in estate.columns[pk]):
            listed.append({"data_set": str(data_set), "why": _why(estate.columns[pk])})
        closed = [] if estate.searches_inside(pk) else _closed(estate, pk, categories)
        if closed:
            why = f"Not looked into, because this kind of store cannot: longer values of {', '.join(closed)}."
            listed.append({"data_set": str(data_set), "why": why})
    return listed


def unsearchable() -> list[dict[str, str]]:
    """[{data_set, problem}]: personal data sets of connected systems whose kind of store finds no rows."""
    kinds = [kind for kind, cls in registry.classes.items() if Capability.FIND not in cls.capabilities]
    if not kinds:
        return []
    data_sets = DataSet.objects.filter(gone_at=None, system__kind__in=kinds).exclude(kind=VIEW)
    personal = Column.objects.filter(data_set__in=data_sets, gone_at=None).exclude(
        state="confirmed", sensitivity="none"
    )
    found = data_sets.filter(pk__in=personal.values("data_set")).exclude(system__kind=EXTERNAL)
    return [
        {
            "data_set": str(data_set),
            "problem": f"{registry.get(data_set.system.kind).label} cannot be searched for a person.",
        }
        for data_set in found.select_related("system").order_by("system__name", "name")
    ]


def _reached(estate: Estate, categories: Collection[str]) -> set[int]:
    reached = {
        pk
        for pk, columns in estate.columns.items()
        if any(
            True for column in columns for category in categories for _ in places(estate, column, category)
        )
    }
    waiting = list(reached)
    while waiting:
        pk = waiting.pop()
        ends = [link.source_id for link in estate.links_into[pk] if link.follow in OUTWARD]
        ends += [link.target_id for link in estate.links_out[pk] if link.follow in INWARD]
        fresh = set(ends) - reached
        reached |= fresh
        waiting += fresh
    return reached


def _closed(estate: Estate, data_set_id: int, categories: Collection[str]) -> list[str]:
    return [
        column.name
        for column in estate.columns[data_set_id]
        if any(holds_inside(column, estate.nested.get(column.pk, []), category) for category in categories)
    ]


def _told_personal(column: Column) -> bool:
    """Somebody, or a scan, says that it is personal: not merely that nobody has said anything."""
    return bool(column.category) and not within(column.category, "none") and column.personal


def _why(columns: list[Column]) -> str:
    known = {
        column.category: CATEGORIES[column.category] for column in columns if column.category in CATEGORIES
    }
    titles = sorted(category.title.lower() for category in known.values() if category.unique)
    if not titles:
        return NO_WAY
    return f"{NO_WAY} It can be searched by {', '.join(titles)}: add one if it is known."
