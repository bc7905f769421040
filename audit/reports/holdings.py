"""What the catalog says that each data set holds about people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.models import Column, DataSet

ORDER = {category.title: number for number, category in enumerate(CATEGORIES.values())}
UNCATEGORIZED = "Personal, without a category"


@dataclass
class Holding:
    """The personal columns of one data set: those a person has reviewed, and those nobody has."""

    data_set: DataSet
    personal: int = 0
    unreviewed: int = 0
    titles: set[str] = field(default_factory=set)  # of the reviewed ones
    sensitive: bool = False  # special categories, Art. 9

    @property
    def categories(self) -> list[str]:
        return sorted_titles(self.titles)


def sorted_titles(titles: set[str]) -> list[str]:
    """In the order of the vocabulary."""
    return sorted(titles, key=lambda title: (ORDER.get(title, len(ORDER)), title))


def holdings() -> dict[int, Holding]:
    """Of every data set that is there, by primary key. Unreviewed columns count as personal."""
    data_sets = DataSet.objects.filter(gone_at=None).select_related("system")
    found = {data_set.pk: Holding(data_set) for data_set in data_sets.order_by("system__name", "name", "pk")}
    counted = (
        Column.objects.filter(gone_at=None, data_set__gone_at=None)
        .exclude(state=Column.State.CONFIRMED, sensitivity=Sensitivity.NONE)
        .values("data_set_id", "state", "category", "sensitivity", "contains")
        .annotate(columns=Count("pk"))
        .order_by()
    )
    for group in counted:
        _add(found[group["data_set_id"]], group)
    return found


def _add(holding: Holding, group: Mapping[str, Any]) -> None:
    if group["state"] != Column.State.CONFIRMED:
        holding.unreviewed += group["columns"]
        return
    holding.personal += group["columns"]
    category = CATEGORIES.get(group["category"])
    holding.titles.add(category.title if category else UNCATEGORIZED)
    holding.titles |= {CATEGORIES[key].title for key in group["contains"] if key in CATEGORIES}
    holding.sensitive |= group["sensitivity"] == Sensitivity.SENSITIVE
