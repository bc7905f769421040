"""A graph of data sets as shapes of an SVG: boxes with a row per column, curves from row to row. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.lineage.graph import Box, Graph, Line
from catalog.lineage.layout import ACROSS, Point, lay_out
from catalog.lineage.links import DrawingLinks
from catalog.models import Column, DataSet

WIDTH, HEAD, ROW, FOOT, MARGIN = 230, 44, 24, 26, 16
LETTERS = 27  # in the head of a box
LETTERS_ROW = 30  # in a row, less what its badge takes


@dataclass(frozen=True, slots=True)
class RowShape:
    """One column in its box. `said` is read aloud for the link."""

    column: Column
    name: str
    badge: str
    said: str
    y: int
    text_y: int


@dataclass(frozen=True, slots=True)
class More:
    """Neighbours that are not drawn, and the address that opens them."""

    count: int
    way: str
    shown: str
    url: str


@dataclass(frozen=True, slots=True)
class BoxShape:
    """A data set at its place. `more_y` is 0 where all its neighbours are drawn."""

    box: Box
    name: str
    system: str
    x: int
    y: int
    height: int
    rows: list[RowShape]
    folded_y: int
    more: list[More]
    more_y: int
    center: bool

    @property
    def right(self) -> int:
        return self.x + WIDTH


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its path, where its word stands, and what it says."""

    line: Line
    source: Column | DataSet
    target: Column | DataSet
    path: str
    said: str
    word_x: int
    word_y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    boxes: list[BoxShape]
    curves: list[Curve]


def draw(graph: Graph, *, links: DrawingLinks) -> Drawing:
    """The shapes of the graph, from left to right along the flow."""
    heights = {pk: _height(box) for pk, box in graph.boxes.items()}
    layout = lay_out(heights, {(line.source, line.target) for line in graph.lines}, width=WIDTH)
    shapes = {
        pk: _shape(graph.boxes[pk], x + MARGIN, y + MARGIN, links=links, center=pk == graph.center.pk)
        for pk, (x, y) in layout.places.items()
    }
    ports = {row.column.pk: row.y + ROW // 2 for shape in shapes.values() for row in shape.rows}
    curves = []
    for line in graph.lines:
        through = [(x + MARGIN, y + MARGIN) for x, y in layout.ways.get((line.source, line.target), [])]
        curves.append(_curve(line, shapes, ports, through))
    return Drawing(layout.width + 2 * MARGIN, layout.height + 2 * MARGIN, list(shapes.values()), curves)


def _height(box: Box) -> int:
    more = box.more_upstream or box.more_downstream
    return HEAD + (len(box.columns) + bool(box.folded)) * ROW + (FOOT if more else 6 if box.columns else 0)


def _shape(box: Box, x: int, y: int, *, links: DrawingLinks, center: bool) -> BoxShape:
    rows = list(_rows(box, y + HEAD))
    counts = ((box.more_upstream, "upstream"), (box.more_downstream, "downstream"))
    url = links.opening(box.data_set.pk)
    # Two counts share one line: there is no room for the word between them.
    filler = "" if all(count for count, _ in counts) else "more "
    more = [More(count, way, f"+{count} {filler}{way}", url) for count, way in counts if count]
    return BoxShape(
        box=box,
        name=_cut(box.data_set.name, LETTERS),
        system=_cut(box.data_set.system.name, LETTERS),
        x=x,
        y=y,
        height=_height(box),
        rows=rows,
        folded_y=y + HEAD + len(rows) * ROW,
        more=more,
        more_y=y + _height(box) - FOOT if more else 0,
        center=center,
    )


def _rows(box: Box, y: int) -> Iterator[RowShape]:
    for number, column in enumerate(box.columns):
        badge = _BADGES.get(column.sensitivity, "Contains" if column.contains else "")
        said = f"{column}, {column.get_sensitivity_display() or _inside(column)}"
        top = y + number * ROW
        yield RowShape(column, _cut(column.name, LETTERS_ROW - len(badge)), badge, said, top, top + 16)


_BADGES = {
    "direct": "Direct",
    "quasi": "Quasi",
    "sensitive": "Sensitive",
    "pseudonymous": "Pseudonymous",
    "none": "Not personal",
}


def _inside(column: Column) -> str:
    inside = ", ".join(column.contained_titles)
    return f"contains {inside}" if inside else "nothing said yet"


def _cut(text: str, most: int) -> str:
    """A long name keeps its beginning and its end, which tell it from its like."""
    return text if len(text) <= most else f"{text[: most - 11]}…{text[-10:]}"


def _curve(line: Line, shapes: dict[int, BoxShape], ports: dict[int, int], through: list[Point]) -> Curve:
    source, target = shapes[line.source], shapes[line.target]
    forward = source.x < target.x or source is target
    start = (source.right if forward else source.x, _port(line.source_column, source, ports))
    end = (target.x if forward else target.right, _port(line.target_column, target, ports))
    across = WIDTH if forward else -WIDTH
    path, here, first = f"M{start[0]} {start[1]}", start, end
    for x, y in through:
        before = (x - across // 2, y)
        path += f"{_bend(here, before)}H{x + across // 2}"
        first = before if here is start else first
        here = (x + across // 2, y)
    path += _loop(here, end) if source is target else _bend(here, end)
    ends = _end(source, line.source_column), _end(target, line.target_column)
    word_x, word_y = (start[0] + first[0]) // 2, (start[1] + first[1]) // 2 + 4
    return Curve(line, *ends, path, _said(line, *ends), word_x, word_y)


def _port(column: int | None, shape: BoxShape, ports: dict[int, int]) -> int:
    return ports.get(column or 0, shape.y + HEAD // 2)


def _loop(start: Point, end: Point) -> str:
    """From the right side of a box round to its left: within one data set."""
    out = ACROSS // 3
    return f"C{start[0] + out} {start[1]} {end[0] - out} {end[1]} {end[0]} {end[1]}"


def _bend(start: Point, end: Point) -> str:
    half = (end[0] - start[0]) // 2
    return f"C{start[0] + half} {start[1]} {end[0] - half} {end[1]} {end[0]} {end[1]}"


def _end(shape: BoxShape, column: int | None) -> Column | DataSet:
    """What the line ends at: a column in sight, or the data set as a whole."""
    return next((row.column for row in shape.rows if row.column.pk == column), shape.box.data_set)


def _said(line: Line, source: Column | DataSet, target: Column | DataSet) -> str:
    nature = f"{line.how}{', masked' if line.masking else ''}"
    return f"{source} → {target} ({nature}; {line.by})"
