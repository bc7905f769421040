"""The part of the lineage that a drawing shows: a data set, its neighbours, and those of the ones opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Count, F, QuerySet

from catalog.models import Column, DataSet, Edge

BOXES = 300  # data sets in one drawing
ROWS = 24  # columns in one box
ROWS_OF_ALL = 100
EDGES = 20_000  # edges read for one drawing
PAIRS = 20_000


@dataclass
class Box:
    """A data set with those of its columns that the drawing needs; `more_…` counts neighbours not drawn."""

    data_set: DataSet
    opened: bool
    columns: list[Column] = field(default_factory=list)
    folded: int = 0
    more_upstream: int = 0
    more_downstream: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """Edges of the same ends and nature, as one. Without columns it joins the data sets as a whole."""

    source: int
    source_column: int | None
    target: int
    target_column: int | None
    indirect: bool
    masking: bool
    how: str
    by: str
    edges: int = 1


@dataclass
class Graph:
    """What to draw. `cut`: there are more neighbours or edges than one drawing takes."""

    center: DataSet
    boxes: dict[int, Box]
    lines: list[Line]
    cut: bool


def neighbourhood(center: DataSet, *, expand: Collection[int] = (), all_columns: bool = False) -> Graph:
    """`center` with its neighbours, and the neighbours of those in `expand` that are in sight.

    Only columns that hold personal data and what they are joined with are shown as rows, unless `all_columns`.
    """
    shown, opened, cut = _in_sight(center.pk, set(expand))
    found = DataSet.objects.select_related("system").in_bulk(shown)
    boxes = {pk: Box(found[pk], opened=pk in opened) for pk in shown if pk in found}
    for box_pk, more in _hidden(boxes, near="target", far="source").items():
        boxes[box_pk].more_upstream = more
    for box_pk, more in _hidden(boxes, near="source", far="target").items():
        boxes[box_pk].more_downstream = more
    edges = list(_edges_between(boxes)[: EDGES + 1])
    columns = Column.objects.in_bulk({pk for edge in edges for pk in (edge[1], edge[3]) if pk})
    shown_columns = _rows(boxes, edges, columns, all_columns=all_columns)
    lines = _lines(edges[:EDGES], shown_columns)
    joined = _joined(center.pk, lines)
    kept = {pk: box for pk, box in boxes.items() if pk in joined}
    return Graph(
        center,
        kept,
        [line for line in lines if line.source in joined],
        cut or len(edges) > EDGES,
    )


def is_telling(column: Column) -> bool:
    """Whether the column holds personal data as far as anybody has said, or its decision is questioned."""
    return column.questioned or bool(column.contains) or column.sensitivity not in ("", "none")


def _in_sight(center: int, expand: set[int]) -> tuple[list[int], set[int], bool]:
    """The data sets to draw, nearest first; which of them are opened; whether some had to be left out."""
    shown, opened, waiting = [center], set[int](), [center]
    while waiting:
        opened |= set(waiting)
        seen = set(shown)
        neighbours = [pk for pk in _neighbours(waiting) if pk not in seen]
        shown += neighbours[: BOXES - len(shown)]
        if len(shown) >= BOXES:
            return shown, opened, True
        waiting = [pk for pk in shown if pk in expand and pk not in opened]
    return shown, opened, False


def _neighbours(data_sets: Collection[int]) -> list[int]:
    """Data sets one edge away; the oldest edges first, so that a full drawing keeps what it showed."""
    live = Edge.objects.filter(gone_at=None).exclude(source=F("target")).order_by("pk")
    out = live.filter(source__in=data_sets).values_list("target", flat=True)[:PAIRS]
    into = live.filter(target__in=data_sets).values_list("source", flat=True)[:PAIRS]
    return list(dict.fromkeys([*into, *out]))


def _joined(center: int, lines: Iterable[Line]) -> set[int]:
    """What hangs together with the center by the lines that were read."""
    near: dict[int, set[int]] = {}
    for line in lines:
        near.setdefault(line.source, set()).add(line.target)
        near.setdefault(line.target, set()).add(line.source)
    joined, waiting = {center}, {center}
    while waiting:
        waiting = {other for pk in waiting for other in near.get(pk, ())} - joined
        joined |= waiting
    return joined


def _hidden(boxes: Collection[int], *, near: str, far: str) -> dict[int, int]:
    live = Edge.objects.filter(gone_at=None, **{f"{near}__in": list(boxes)})
    beyond = live.exclude(**{f"{far}__in": list(boxes)}).order_by()
    return dict(beyond.values(near).annotate(more=Count(far, distinct=True)).values_list(near, "more"))


EdgeRow = tuple[int, int | None, int, int | None, str, str, bool, str, str | None]


def _edges_between(boxes: Collection[int]) -> QuerySet[Edge, EdgeRow]:
    return (
        Edge.objects.filter(gone_at=None, source__in=list(boxes), target__in=list(boxes))
        .order_by("pk")
        .values_list(
            "source_id",
            "source_column_id",
            "target_id",
            "target_column_id",
            "kind",
            "subtype",
            "masking",
            "origin",
            "job__name",
        )
    )


def _rows(
    boxes: dict[int, Box], edges: Iterable[EdgeRow], columns: dict[int, Column], *, all_columns: bool
) -> set[int]:
    """Fill the boxes with the columns to show; all of them by key."""
    wanted: set[int] = set()
    for _, source, _, target, *_ in edges:
        ends = [columns[pk] for pk in (source, target) if pk in columns]
        if all_columns or any(is_telling(column) for column in ends):
            wanted |= {column.pk for column in ends}
    if all_columns:
        every = Column.objects.filter(data_set__in=list(boxes), gone_at=None)
        columns = {**columns, **{column.pk: column for column in every.order_by("position")[:EDGES]}}
        wanted |= columns.keys()
    most = ROWS_OF_ALL if all_columns else ROWS
    wanted = {pk for pk in wanted if columns[pk].data_set_id in boxes}
    for pk in sorted(wanted, key=lambda pk: (not is_telling(columns[pk]), columns[pk].position, pk)):
        box = boxes[columns[pk].data_set_id]
        if len(box.columns) < most:
            columns[pk].data_set = box.data_set  # their names cost no query then
            box.columns.append(columns[pk])
        else:
            box.folded += 1
    for box in boxes.values():
        box.columns.sort(key=lambda column: (column.position, column.pk))
    return {column.pk for box in boxes.values() for column in box.columns}


def _lines(edges: Iterable[EdgeRow], shown: set[int]) -> list[Line]:
    """One line for edges of the same ends and nature. A column that is folded away leaves its data set as the end."""
    counts: Counter[tuple] = Counter()
    words: dict[tuple, tuple[str, str]] = {}
    for source, from_column, target, to_column, kind, subtype, masking, origin, job in edges:
        ends = (source, from_column if from_column in shown else None, target)
        key = (*ends, to_column if to_column in shown else None, kind == Edge.Kind.INDIRECT, masking)
        if source == target and (key[1] is None or key[3] is None):
            continue  # within one data set, nothing of it in sight
        counts[key] += 1
        words.setdefault(key, (subtype.lower().replace("_", " ") or kind, job or Edge.Origin(origin).label))
    return [Line(*(*key, *words[key], count)) for key, count in counts.items()]
