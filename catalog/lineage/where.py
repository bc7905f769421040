"""Where is my data? For a column, a category of data, and the kind of identifier that a person is searched by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from catalog.classification.vocabulary import CATEGORIES, within
from catalog.labelling import FAINT
from catalog.lineage import walking
from catalog.models import EXTERNAL, VIEW, Column, DataSet, Edge, Label, Link

MOST = 500  # rows of one answer


@dataclass(frozen=True, slots=True)
class Place:
    """A column that lineage reaches: over which columns, in how many edges, and what happens on the way."""

    column: Column
    route: list[Column]
    depth: int
    masked: bool
    indirect: bool

    @property
    def manner(self) -> str:
        return "masked" if self.masked else "indirect" if self.indirect else "direct"


@dataclass(frozen=True, slots=True)
class ColumnAnswer:
    """`whole`: data sets that content may go to, where only that much is known."""

    column: Column
    upstream: list[Place]
    downstream: list[Place]
    whole: list[DataSet]
    cut: bool


def of_column(column: Column) -> ColumnAnswer:
    """Everything the column is made of and everything made of it, by the shortest route each."""
    up, down = walking.upstream([column.pk]), walking.downstream([column.pk])
    upstream, downstream = _places(up), _places(down)
    holders = {column.data_set_id, *(place.column.data_set_id for place in downstream)}
    whole = Edge.objects.filter(gone_at=None, source__in=holders, source_column=None).exclude(
        target__in=holders
    )
    data_sets = DataSet.objects.filter(pk__in=whole.values("target")).select_related("system")
    cut = up.cut or down.cut or max(len(upstream), len(downstream)) > MOST
    return ColumnAnswer(column, upstream[:MOST], downstream[:MOST], list(data_sets[:MOST]), cut)


def _places(walk: walking.Walk) -> list[Place]:
    """What a walk reached, the nearest first, in three queries."""
    known = {hop.column for hop in walk.hops.values()} | {hop.before for hop in walk.hops.values()}
    columns = Column.objects.select_related("data_set__system").in_bulk(known)
    edges = Edge.objects.only("kind", "masking").in_bulk([hop.edge for hop in walk.hops.values()])
    places = []
    for hop in sorted(walk.hops.values(), key=lambda hop: (hop.depth, hop.column)):
        way = walk.route(hop.column)
        passed = [edges[step.edge] for step in way if step.edge in edges]
        if hop.column in columns:
            places.append(
                Place(
                    columns[hop.column],
                    [columns[pk] for pk in (way[0].before, *(step.column for step in way)) if pk in columns],
                    hop.depth,
                    masked=any(edge.masking for edge in passed),
                    indirect=any(edge.kind == Edge.Kind.INDIRECT for edge in passed),
                )
            )
    return places


@dataclass(frozen=True, slots=True)
class SystemCount:
    """What of a category one system holds."""

    region: str
    system: str
    system_id: int
    data_sets: int
    columns: int
    by_lineage: int


@dataclass(frozen=True, slots=True)
class CategoryAnswer:
    category: str
    title: str
    systems: list[SystemCount]
    columns: list[Column]  # each with `by_lineage`
    cut: bool


def of_category(category: str) -> CategoryAnswer:
    """All columns of the category or below it, or with it inside their text, also where only lineage says so.

    Raises KeyError for a category that is none.
    """
    title = CATEGORIES[category].title
    found = _columns_of(category)
    counts = (
        found.order_by()
        .values("data_set__system__region", "data_set__system__name", "data_set__system")
        .annotate(
            data_sets=Count("data_set", distinct=True),
            all_columns=Count("pk"),
            carried=Count("pk", filter=Q(by_lineage=True)),
        )
        .order_by("data_set__system__region", "data_set__system__name")
    )
    systems = [
        SystemCount(
            row["data_set__system__region"],
            row["data_set__system__name"],
            row["data_set__system"],
            row["data_sets"],
            row["all_columns"],
            row["carried"],
        )
        for row in counts
    ]
    ordered = found.select_related("data_set__system").order_by(
        "data_set__system__region", "data_set__system__name", "data_set__name", "position"
    )
    columns = list(ordered[: MOST + 1])
    return CategoryAnswer(category, title, systems, columns[:MOST], len(columns) > MOST)


def _columns_of(category: str) -> QuerySet:
    keys = [key for key in CATEGORIES if within(key, category)]
    carried = Label.objects.filter(
        column=OuterRef("pk"),
        origin=Label.Origin.LINEAGE,
        state=Label.State.SUGGESTED,
        category__in=keys,
        confidence__gt=FAINT,
    )
    settled = Q(category__in=keys) | Q(contains__overlap=keys)
    cleared = Q(state=Column.State.CONFIRMED) & ~settled
    return (
        Column.objects.filter(gone_at=None, data_set__gone_at=None)
        .annotate(by_lineage=Exists(carried))
        .filter(settled | Q(by_lineage=True))
        .exclude(cleared)
    )


@dataclass
class Reached:
    """A data set with something of a person in it, and why that is known."""

    data_set: DataSet
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class IdentifierAnswer:
    """`searched`: a search by the identifier goes there; `beyond`: lineage leads there, a search does not."""

    category: str
    title: str
    searched: list[Reached]
    beyond: list[Reached]
    cut: bool


def identifiers() -> list[tuple[str, str]]:
    """The categories that a person may be searched by."""
    return [(key, category.title) for key, category in CATEGORIES.items() if category.unique]


def of_identifier(category: str) -> IdentifierAnswer:
    """The data sets that a search for a person by such an identifier reaches, without searching for anybody.

    From columns of the category, along links that belong to the person; then what is made of those data sets.
    Raises KeyError for a category that does not identify one person.
    """
    title = dict(identifiers())[category]
    keys = [key for key in CATEGORIES if within(key, category)]
    holding = Column.objects.filter(category__in=keys, gone_at=None, data_set__gone_at=None)
    reached: dict[int, Reached] = {}
    apart: dict[int, Reached] = {}
    for column in holding.select_related("data_set__system").order_by("data_set_id", "position")[: MOST * 10]:
        _add(
            reached if _searchable(column.data_set) else apart, column.data_set, f"Holds it in {column.name}"
        )
    _follow_links(reached)
    telling = Column.objects.filter(data_set__in=list(reached), gone_at=None).exclude(
        sensitivity__in=["", "none"]
    )
    walk = walking.downstream(list(telling.values_list("pk", flat=True)))
    for place in _places(walk):
        if place.column.data_set_id not in reached:
            origin, what = place.route[0], place.column
            _add(
                apart,
                what.data_set,
                f"{what.name} is made from {origin.data_set.name} / {origin.name} ({place.manner})",
            )
    cut = walk.cut or max(len(reached), len(apart)) > MOST
    return IdentifierAnswer(category, title, list(reached.values())[:MOST], list(apart.values())[:MOST], cut)


def _follow_links(reached: dict[int, Reached]) -> None:
    """Add the data sets whose rows belong to rows of those reached; one query a hop."""
    waiting = list(reached)
    while waiting:
        links = Link.objects.filter(gone_at=None, follow=Link.Follow.OWNED, target__in=waiting)
        waiting = []
        for link in links.select_related("source__system", "target").order_by("pk"):
            if link.source_id not in reached and link.source.gone_at is None:
                waiting.append(link.source_id)
                why = f"Its {', '.join(link.source_columns)} belongs to {link.target.name}"
                _add(reached, link.source, why)


def _searchable(data_set: DataSet) -> bool:
    return data_set.kind != VIEW and data_set.system.kind != EXTERNAL


def _add(reached: dict[int, Reached], data_set: DataSet, reason: str) -> None:
    here = reached.setdefault(data_set.pk, Reached(data_set))
    if reason not in here.reasons and len(here.reasons) < 5:
        here.reasons.append(reason)


def systems_of(reached: Iterable[Reached]) -> int:
    """How many systems hold them."""
    return len({one.data_set.system_id for one in reached})
