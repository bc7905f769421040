"""Columns as a batch of lineage sees them: found by name, without all that the catalog knows of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Column, DataSet

_STORED = (
    "pk", "data_set_id", "name", "position", "data_type", "kind", "nested_in_id", "gone_at",
)  # fmt: skip


@dataclass(slots=True)
class KnownColumn:
    """What lineage tells and asks of a column: a batch has thousands, and instances of the model are slow to make.

    `pk` is 0 until it is stored.
    """

    pk: int
    data_set_id: int
    name: str
    position: int
    data_type: str
    kind: str
    nested_in_id: int | None = None
    gone_at: datetime | None = None


class Columns:
    """Columns of data sets by name; a connected store's also where only upper and lower case differ."""

    def __init__(self, data_sets: Iterable[DataSet]) -> None:
        self.data_sets = {data_set.pk: data_set for data_set in data_sets}
        self.by_name: dict[int, dict[str, KnownColumn]] = {pk: {} for pk in self.data_sets}
        found = Column.objects.filter(data_set__in=list(self.data_sets)).order_by("data_set_id", "position")
        for row in found.values_list(*_STORED):
            column = KnownColumn(*row)
            self.by_name[column.data_set_id][column.name] = column
        self._folded: dict[int, dict[str, KnownColumn]] = {}

    def find(self, data_set: DataSet, name: str | None) -> KnownColumn | None:
        if name is None:
            return None
        found = self.by_name[data_set.pk].get(name)
        if found or not data_set.system.connectable:
            return found
        if data_set.pk not in self._folded:
            self._folded[data_set.pk] = {
                one.name.casefold(): one for one in self.by_name[data_set.pk].values()
            }
        return self._folded[data_set.pk].get(name.casefold())
