"""The catalog as a search needs it, read once, with connections to the stores opened when they are first needed."""

from contextlib import ExitStack
from dataclasses import dataclass

from catalog.classification.vocabulary import Sensitivity
from catalog.connectors import registry
from catalog.connectors.base import Capability, Connector
from catalog.models import EXTERNAL, VIEW, Column, DataSet, Link, System


class Connections:
    """One read-only connector per system, opened when first needed and closed together."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.open: dict[int, Connector] = {}

    def __enter__(self) -> "Connections":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stack.close()

    def to(self, system: System) -> Connector:
        if system.pk not in self.open:
            self.open[system.pk] = self.stack.enter_context(system.connect())
        return self.open[system.pk]


@dataclass
class Estate:
    """Data sets with their columns, the links between them, and open connectors.

    Without views, whose rows are those of tables, and without stores that nothing connects to or that find no rows.
    """

    data_sets: dict[int, DataSet]
    columns: dict[int, list[Column]]
    nested: dict[int, list[Column]]  # by the column that they are in
    links_into: dict[int, list[Link]]
    links_out: dict[int, list[Link]]
    connections: Connections

    @classmethod
    def load(cls, connections: Connections) -> "Estate":
        known = (
            DataSet.objects.filter(gone_at=None).exclude(kind=VIEW).exclude(system__kind__in=_unsearchable())
        )
        data_sets = {d.pk: d for d in known.select_related("system")}
        columns: dict[int, list[Column]] = {pk: [] for pk in data_sets}
        present = Column.objects.filter(gone_at=None, nested_in=None, data_set__in=data_sets)
        for column in present.order_by("position"):
            columns[column.data_set_id].append(column)
        nested: dict[int, list[Column]] = {}
        inner = Column.objects.filter(gone_at=None, nested_in__isnull=False, data_set__in=data_sets)
        for column in inner.select_related("nested_in").order_by("name"):
            nested.setdefault(column.nested_in_id or 0, []).append(column)
        links_into: dict[int, list[Link]] = {pk: [] for pk in data_sets}
        links_out: dict[int, list[Link]] = {pk: [] for pk in data_sets}
        for link in Link.objects.filter(gone_at=None).order_by("pk"):
            if link.source_id in data_sets and link.target_id in data_sets:
                links_into[link.target_id].append(link)
                links_out[link.source_id].append(link)
        return cls(data_sets, columns, nested, links_into, links_out, connections)

    def searches_inside(self, data_set_id: int) -> bool:
        """Whether the store of a data set can be asked for what stands inside longer values."""
        return registry.get(self.data_sets[data_set_id].system.kind).search_inside


def beyond_reach() -> list[System]:
    """Systems that hold personal data as far as lineage tells, and that nothing connects to: no search looks there."""
    columns = Column.objects.filter(gone_at=None, data_set__gone_at=None, data_set__system__kind=EXTERNAL)
    personal = columns.exclude(state=Column.State.CONFIRMED, sensitivity=Sensitivity.NONE.value)
    return list(System.objects.filter(pk__in=personal.values("data_set__system")).order_by("name"))


def _unsearchable() -> list[str]:
    return [
        EXTERNAL,
        *(
            kind
            for kind, connector in registry.classes.items()
            if Capability.FIND not in connector.capabilities
        ),
    ]
