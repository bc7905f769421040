"""From edges to boxes, rows and curves: folding, hidden neighbours, cycles, bounds."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from catalog.lineage import graph as graphs
from catalog.lineage.drawing import HEAD, ROW, WIDTH, draw
from catalog.lineage.graph import Graph, neighbourhood
from catalog.lineage.layout import ACROSS, BETWEEN, lay_out
from catalog.lineage.links import DrawingLinks, numbers
from tests.catalog.lineage.conftest import Estate


def names(graph: Graph) -> list[str]:
    return sorted(str(box.data_set) for box in graph.boxes.values())


def drawn(graph: Graph):  # type: ignore[no-untyped-def]
    return draw(graph, links=DrawingLinks(graph.center.pk, [], False))


def test_boxes_of_a_chain_stand_from_left_to_right():
    layout = lay_out({7: 100, 3: 50, 5: 80}, [(7, 3), (3, 5), (7, 5)], width=200)
    assert {box: x for box, (x, _) in layout.places.items()} == {7: 0, 3: 200 + ACROSS, 5: 2 * (200 + ACROSS)}
    assert layout.width == 3 * 200 + 2 * ACROSS
    ((x, y),) = layout.ways[7, 5]  # passes the layer of 3, but not behind it
    assert x == 200 + ACROSS + 100
    top = layout.places[3][1]
    assert not top <= y <= top + 50


@pytest.mark.parametrize(
    "pairs", [[(1, 2), (2, 1)], [(1, 2), (2, 3), (3, 1)], [(1, 2), (2, 3), (3, 4), (4, 1), (2, 4)]]
)
def test_cycles_are_laid_out(pairs: list):
    boxes = {box for pair in pairs for box in pair}
    layout = lay_out(dict.fromkeys(boxes, 60), pairs, width=100)
    assert layout.places.keys() == boxes
    assert len(set(layout.places.values())) == len(boxes)
    assert layout == lay_out(dict.fromkeys(boxes, 60), reversed(pairs), width=100)


def test_boxes_of_one_layer_do_not_overlap():
    heights = {box: 40 + 7 * (box % 5) for box in range(1, 41)}
    layout = lay_out({0: 60, **heights}, [(0, box) for box in heights], width=100)
    layer = sorted((y, heights[box]) for box, (x, y) in layout.places.items() if box)
    assert min(below - (y + height) for (y, height), (below, _) in pairwise(layer)) == BETWEEN
    assert min(y for _, y in layout.places.values()) == 0


def test_a_box_alone_and_boxes_apart():
    assert lay_out({4: 60}, [], width=100).places == {4: (0, 0)}
    for pairs in ([], [(1, 2), (3, 4)], [(1, 2)]):
        with pytest.raises(ValueError, match="are joined"):
            lay_out(dict.fromkeys((1, 2, 3, 4), 60), pairs, width=100)


def test_one_hop_is_drawn_and_what_lies_beyond_is_counted(estate: Estate):
    estate.flow("s.a.x", "s.b.x")
    estate.flow("s.b.x", "s.c.x")
    estate.flow("s.c.x", "s.d.x")
    estate.flow("s.c.x", "s.e.x")
    estate.flow("s.z.x", "s.a.x")
    center = estate("s.b.x").data_set
    graph = neighbourhood(center)
    assert names(graph) == ["s / a", "s / b", "s / c"]
    beyond = {str(b.data_set): (b.more_upstream, b.more_downstream, b.opened) for b in graph.boxes.values()}
    assert beyond == {"s / a": (1, 0, False), "s / b": (0, 0, True), "s / c": (0, 2, False)}
    opened = neighbourhood(center, expand=[estate("s.c.x").data_set_id, 999_999])
    assert names(opened) == ["s / a", "s / b", "s / c", "s / d", "s / e"]


def test_rows_are_folded_to_personal_columns(estate: Estate):
    estate.suggest("s.a.email", "contact.email")
    estate.flow("s.a.email", "s.b.hash", "TRANSFORMATION", masking=True)
    estate.flow("s.a.total", "s.b.total")
    estate("s.b.other")
    center = estate("s.a.email").data_set
    graph = neighbourhood(center)
    rows = {str(box.data_set): [column.name for column in box.columns] for box in graph.boxes.values()}
    assert rows == {"s / a": ["email"], "s / b": ["hash"]}
    lines = sorted((line.source_column is None, line.masking, line.how, line.by) for line in graph.lines)
    assert lines == [(False, True, "transformation", "nightly"), (True, False, "identity", "nightly")]
    every = neighbourhood(center, all_columns=True)
    assert {str(b.data_set): len(b.columns) for b in every.boxes.values()} == {"s / a": 2, "s / b": 3}


def test_like_edges_of_many_jobs_are_one_line(estate: Estate):
    estate.suggest("s.a.email", "contact.email")
    for job in ("hourly", "nightly", "weekly"):
        estate.flow("s.a.email", "s.b.email", job=job)
    (line,) = neighbourhood(estate("s.a.email").data_set).lines
    assert (line.edges, line.by) == (3, "hourly")


def test_a_drawing_is_bounded(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Callable
):
    for number in range(12):
        estate.suggest(f"s.a.c{number:02}", "contact.email")
        estate.flow(f"s.a.c{number:02}", f"s.t{number:02}.x")
    monkeypatch.setattr(graphs, "BOXES", 5)
    monkeypatch.setattr(graphs, "ROWS", 3)
    center = estate("s.a.c00").data_set
    with django_assert_max_num_queries(8):
        graph = neighbourhood(center)
    box = graph.boxes[center.pk]
    assert (len(graph.boxes), graph.cut, box.more_downstream) == (5, True, 8)
    assert (len(box.columns), box.folded) == (3, 1)


def test_curves_start_and_end_at_their_rows(estate: Estate):
    estate.suggest("s.a.email", "contact.email")
    estate.flow("s.a.email", "s.b.email")
    drawing = drawn(neighbourhood(estate("s.a.email").data_set))
    (curve,) = drawing.curves
    left, right = sorted(drawing.boxes, key=lambda shape: shape.x)
    assert curve.path.startswith(f"M{left.x + WIDTH} {left.y + HEAD + ROW // 2}C")
    assert curve.path.endswith(f" {right.x} {right.y + HEAD + ROW // 2}")
    assert curve.said == "s / a / email → s / b / email (identity; nightly)"
    assert right.rows[0].said == "s / b / email, nothing said yet"
    assert left.rows[0].badge == "Direct"


def test_a_cycle_and_a_flow_within_one_data_set_are_drawn(estate: Estate):
    for path in ("s.a.x", "s.b.x"):
        estate.suggest(path, "contact.email")
    estate.flow("s.a.x", "s.b.x")
    estate.flow("s.b.x", "s.a.x")
    estate.flow("s.a.x", "s.a.y")
    drawing = drawn(neighbourhood(estate("s.a.x").data_set))
    assert len(drawing.curves) == 3
    for curve in drawing.curves:
        points = [int(number) for number in re.findall(r"-?\d+", curve.path)]
        assert len(points) == 8
        assert max(points[::2]) <= drawing.width + ACROSS


def test_an_unknown_or_lone_data_set_is_one_box(estate: Estate):
    center = estate("s.a.x").data_set
    drawing = drawn(neighbourhood(center))
    assert ([shape.name for shape in drawing.boxes], drawing.curves) == (["a"], [])


def test_long_names_keep_both_ends(estate: Estate):
    estate.flow("s.a.x", "s.warehouse_export_of_all_customers_2024_partitioned.x")
    drawing = drawn(neighbourhood(estate("s.a.x").data_set))
    assert "warehouse_export…artitioned" in {shape.name for shape in drawing.boxes}


def test_the_address_holds_what_is_opened():
    links = DrawingLinks(5, [7], False)
    assert links.opening(9) == "/data-sets/5/lineage/?expand=7,9"
    assert links.closing(7) == "/data-sets/5/lineage/"
    assert links.other_columns == "/data-sets/5/lineage/?expand=7&columns=all"
    assert numbers("3, 4,x,,3,-1,99999999999999999999999") == [3, 4]
