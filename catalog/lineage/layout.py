"""Where boxes stand in a drawing from left to right, and by which points lines pass between them. Pure.

The layers and the order in them come from a layered (Sugiyama) layout; heights and gaps are ours. A line over several
layers passes by a place kept free for it, so that no box hides it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from fast_sugiyama import from_edges

ACROSS, BETWEEN, LANE = 110, 24, 16  # between layers, between boxes, kept for a passing line
PASSES = 4
Pair = tuple[int, int]
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """`places` hold the upper left corner of each box, `ways` the points that a line passes on its way."""

    width: int
    height: int
    places: dict[int, Point]
    ways: dict[Pair, list[Point]]


def lay_out(heights: Mapping[int, int], pairs: Iterable[Pair], *, width: int) -> Layout:
    """Places for boxes of these heights and one width, joined by `pairs`. Cycles are fine.

    Raises ValueError where the boxes are not joined into one piece.
    """
    boxes = sorted(heights)
    number = {box: at for at, box in enumerate(boxes)}
    joined = sorted({(number[one], number[other]) for one, other in pairs if one != other})
    layers, follows = _layers(len(boxes), joined)
    sizes = [heights[boxes[item]] if item < len(boxes) else LANE for item in range(_count(layers))]
    tops = _tops(layers, sizes, follows)
    column = {item: at * (width + ACROSS) for at, layer in enumerate(layers) for item in layer}
    spots = {item: (column[item], top) for item, top in tops.items()}
    ways = {}
    for one, other in joined:
        through = [spots[item] for item in _chain(one, other, follows, len(boxes))]
        ways[boxes[one], boxes[other]] = [(x + width // 2, y + LANE // 2) for x, y in through]
    return Layout(
        width=len(layers) * (width + ACROSS) - ACROSS,
        height=max(y + sizes[item] for item, (_, y) in spots.items()),
        places={boxes[item]: spot for item, spot in spots.items() if item < len(boxes)},
        ways=ways,
    )


Follows = dict[int, list[int]]


def _layers(count: int, joined: Sequence[Pair]) -> tuple[list[list[int]], Follows]:
    """Items by layer, in their order; those from `count` on are places that a long line passes."""
    if not joined:
        if count != 1:
            raise ValueError("Boxes of one drawing are joined.")
        return [[0]], {}
    pieces = from_edges(joined)
    positions = cast(list[tuple[int, tuple[float, float]]], pieces[0][0])
    links = cast(list[Pair], pieces[0][3] or [])
    if len(pieces) != 1 or sum(item < count for item, _ in positions) != count:
        raise ValueError("Boxes of one drawing are joined.")
    dense = {item: item for item in range(count)}
    for item, _ in sorted(positions):
        dense.setdefault(item, len(dense))
    by_depth: dict[float, list[tuple[float, int]]] = {}
    for item, (x, y) in positions:
        by_depth.setdefault(-y, []).append((x, dense[item]))
    follows: Follows = {}
    for one, other in sorted(links):
        follows.setdefault(dense[one], []).append(dense[other])
    return [[item for _, item in sorted(by_depth[depth])] for depth in sorted(by_depth)], follows


def _count(layers: Sequence[Collection[int]]) -> int:
    return sum(len(layer) for layer in layers)


def _tops(layers: Sequence[Sequence[int]], sizes: Sequence[int], follows: Follows) -> dict[int, int]:
    """Upper edges: each layer in its order, every item as high as its highest neighbour or the room there is.

    So a drawing begins at its top, where reading begins, and a wide fan runs down from there.
    """
    near: dict[int, list[int]] = {}
    for one, others in follows.items():
        for other in others:
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
    tops: dict[int, int] = {}
    for turn in range(PASSES):
        for layer in layers if turn % 2 == 0 else reversed(layers):
            edge = 0
            for item in layer:
                beside = [tops[other] for other in near.get(item, ()) if other in tops]
                tops[item] = max(edge, min(beside, default=0))
                edge = tops[item] + sizes[item] + BETWEEN
    return tops


def _chain(one: int, other: int, follows: Follows, boxes: int) -> list[int]:
    """The kept places by which the line between two boxes goes; none where the boxes are neighbours."""
    for first in follows.get(one, ()):
        chain, item = list[int](), first
        while item >= boxes and item in follows:
            chain.append(item)
            item = follows[item][0]
        if item == other:
            return chain
    return []
