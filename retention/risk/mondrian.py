"""Local recoding: the rows are divided into boxes, each with its own ranges, so that less is lost than by raising whole
columns.

Mondrian (LeFevre, DeWitt, Ramakrishnan, "Mondrian Multidimensional K-Anonymity", ICDE 2006): a box is cut at the
median of the column in which it is widest, and the halves again, as long as both meet the targets. All boxes of a round
are cut together. `strict` leaves rows with equal values together; relaxed divides them where the median falls among
them, so boxes may overlap and become smaller.

Greedy, and so not optimal: no optimum of local recoding can be searched for (it is NP-hard, same paper).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retention.risk.axes import Axis
from retention.risk.classes import NOTHING, Classes, classes_of, entries, require_roles
from retention.risk.collapsing import Combinations, RiskProblem
from retention.risk.distances import Distance, scale_of
from retention.risk.grouping import sum_of_squares
from retention.risk.targets import Judge, Targets


class Unreachable(RiskProblem):
    """Not even one box of all rows meets the targets."""


@dataclass(frozen=True)
class Boxes:
    """Entry e, a combination of the table, has `counts[e]` of its rows in box `of[e]`; where boxes may overlap a
    combination has several entries, in a row. `lows` and `highs` are places on the axes, by box and column.
    `loss` is as for whole columns (see `Ladder`), of the ranges as they are written.
    """

    axes: tuple[Axis, ...]
    combination: np.ndarray
    of: np.ndarray
    counts: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    loss: float
    discernibility: int
    rounds: int
    seconds: float

    def __len__(self) -> int:
        return len(self.lows)

    def labels(self, place: int) -> list[str | None]:
        """What is written for column `place` in each box."""
        axis = self.axes[place]
        return [
            axis.label(int(low), int(high))
            for low, high in zip(self.lows[:, place], self.highs[:, place], strict=True)
        ]


def divide(
    table: Combinations,
    axes: Sequence[Axis],
    targets: Targets,
    *,
    sensitive: str = "",
    strict: bool = True,
) -> Boxes:
    """Boxes that all meet the targets. Raises Unreachable where not even the whole table as one box does."""
    quasi = [axis.column for axis in axes]
    require_roles(quasi, sensitive)
    targets.require(sensitive)
    if not table.rows:
        raise RiskProblem("There are no rows, so there is nothing to generalize.")
    cutter = _Cutter(table, axes, targets, sensitive, strict=strict)
    cutter.require_one_box()
    while cutter.cut():
        pass
    return cutter.boxes()


class _Cutter:
    """`box[e]` is the box of entry e, `values[:, e]` its place on each axis."""

    def __init__(
        self, table: Combinations, axes: Sequence[Axis], targets: Targets, sensitive: str, *, strict: bool
    ) -> None:
        self.table = table
        self.axes = tuple(axes)
        self.targets = targets
        self.strict = strict
        self.rounds = 0
        self.started = time.perf_counter()
        self.values = np.stack(
            [axis.places[table.codes[table.columns.index(axis.column)]] for axis in axes]
        ).astype(np.int64)
        self.counts = table.counts.astype(np.int64)
        self.combination = np.arange(len(table))
        self.box = np.zeros(len(table), np.int64)
        self.sensitive, self.reference, ranks = NOTHING, NOTHING, None
        if targets.needs_sensitive:
            column = table.columns.index(sensitive)
            self.sensitive = table.codes[column].astype(np.int64)
            self.reference = classes_of(table, [axis.column for axis in axes], sensitive).reference
            if targets.t is not None and targets.distance is Distance.ORDERED:
                ranks = scale_of(table.values[column], self.reference)
        self.judge = Judge(targets, ranks)
        # Which columns a box cannot be cut in; what is true of a box whose turn is over.
        self.stuck = np.zeros((1, len(axes)), bool)

    def require_one_box(self) -> None:
        failing = self._failing(self.box, 1)
        if failing[0]:
            raise Unreachable(
                "No division meets the targets: all rows as one box do not.", "Ask for less, or add rows."
            )

    def _failing(self, box: np.ndarray, boxes: int, chosen: np.ndarray | None = None) -> np.ndarray:
        """Which boxes fail, judged by the `chosen` entries."""
        counts = self.counts if chosen is None else self.counts[chosen]
        sizes = np.bincount(box, weights=counts, minlength=boxes).astype(np.int64)
        if not self.targets.needs_sensitive:
            return sizes < (self.targets.k or 1)
        values = self.sensitive[self.combination if chosen is None else self.combination[chosen]]
        parts = entries(box, values, counts, boxes, len(self.reference))
        return self.judge.judge(Classes(sizes, *parts, self.reference))[0]

    def cut(self) -> bool:
        """One round: each box that can be cut, once. False when none could even try."""
        boxes = len(self.stuck)
        order = np.argsort(self.box, kind="stable")
        self._reorder(order)
        starts = np.searchsorted(self.box, np.arange(boxes))
        low = np.minimum.reduceat(self.values, starts, axis=1)
        high = np.maximum.reduceat(self.values, starts, axis=1)
        widths = np.stack([axis.width(low[p], high[p]) for p, axis in enumerate(self.axes)], axis=1)
        widths[self.stuck] = 0
        column = widths.argmax(axis=1)
        active = widths.max(axis=1) > 0
        if not active.any():
            return False
        self.rounds += 1
        chosen = np.flatnonzero(active[self.box])
        cut = self._cuts(chosen, column, low, high)
        self.stuck[np.flatnonzero(active & ~cut), column[active & ~cut]] = True
        return True

    def _cuts(self, chosen: np.ndarray, column: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Cut the boxes of the `chosen` entries in their column; which boxes were cut."""
        boxes = len(column)
        box = self.box[chosen]
        values = self.values[column[box], chosen]
        span = int(self.values.max()) + 1
        order = np.argsort(box * span + values, kind="stable")
        chosen, box, values = chosen[order], box[order], values[order]
        counts = self.counts[chosen]
        running = np.cumsum(counts)
        total = np.bincount(box, weights=counts, minlength=boxes).astype(np.int64)
        start = np.cumsum(total) - total
        left = running - start[box]  # rows of the box up to and with this entry
        least = max(self.targets.k or 1, 1)
        if self.strict:
            end = np.append((box[1:] != box[:-1]) | (values[1:] != values[:-1]), True)
            end &= (left >= least) & (total[box] - left >= least)
            end = end & self._between_groups(column[box], values, low, high, box)
            candidates = np.flatnonzero(end)
            best = _nearest(box[candidates], np.abs(2 * left[candidates] - total[box[candidates]]), boxes)
            at = np.where(best >= 0, left[candidates][best] if len(candidates) else 0, -1)
            possible = best >= 0
        else:
            at = total // 2
            possible = (at >= least) & (total - at >= least)
        below = left <= at[box]
        split = (
            np.flatnonzero(possible[box] & ~below & (left - counts < at[box])) if not self.strict else NOTHING
        )
        side = box + np.where(below, 0, boxes)
        if self.targets.needs_sensitive:
            possible &= self._both_hold(chosen, side, box, split, left, at, boxes)
        self._apply(chosen, box, below, possible, split, left, at, boxes)
        return possible

    def _between_groups(
        self, column: np.ndarray, values: np.ndarray, low: np.ndarray, high: np.ndarray, box: np.ndarray
    ) -> np.ndarray:
        """Where an axis has groups, it is cut between the children of the smallest that holds the whole box."""
        allowed = np.ones(len(values), bool)
        for place, axis in enumerate(self.axes):
            if axis.ends is not None:
                here = np.flatnonzero(column == place)
                level = axis.joint_level(low[place][box[here]], high[place][box[here]])
                allowed[here] = axis.ends[level - 1, values[here]]
        return allowed

    def _both_hold(
        self,
        chosen: np.ndarray,
        side: np.ndarray,
        box: np.ndarray,
        split: np.ndarray,
        left: np.ndarray,
        at: np.ndarray,
        boxes: int,
    ) -> np.ndarray:
        """Which boxes would have two halves that meet the targets."""
        counts = self.counts[chosen].copy()
        more = left[split] - at[box[split]]  # rows of a divided entry that go above
        counts[split] = more
        sides = np.concatenate([side, box[split]])
        weights = np.concatenate([counts, self.counts[chosen[split]] - more])
        values = self.sensitive[self.combination[np.concatenate([chosen, chosen[split]])]]
        sizes = np.bincount(sides, weights=weights, minlength=2 * boxes).astype(np.int64)
        parts = entries(sides, values, weights, 2 * boxes, len(self.reference))
        failing = self.judge.judge(Classes(np.maximum(sizes, 1), *parts, self.reference))[0]
        return ~failing[:boxes] & ~failing[boxes:]

    def _apply(
        self,
        chosen: np.ndarray,
        box: np.ndarray,
        below: np.ndarray,
        possible: np.ndarray,
        split: np.ndarray,
        left: np.ndarray,
        at: np.ndarray,
        boxes: int,
    ) -> None:
        """The upper halves become new boxes, numbered after the others."""
        number = np.full(boxes, -1, np.int64)
        number[possible] = boxes + np.arange(int(possible.sum()))
        moved = possible[box] & ~below
        split = split[possible[box[split]]]
        stays, more = chosen[split], left[split] - at[box[split]]
        self.box[chosen[moved]] = number[box[moved]]
        if len(split):
            self.values = np.concatenate([self.values, self.values[:, stays]], axis=1)
            self.combination = np.concatenate([self.combination, self.combination[stays]])
            self.counts = np.concatenate([self.counts, self.counts[stays] - more])
            self.counts[stays] = more
            self.box = np.concatenate([self.box, box[split]])
        self.stuck = np.concatenate([self.stuck, np.zeros((int(possible.sum()), len(self.axes)), bool)])
        self.stuck[:boxes][possible] = False

    def _reorder(self, order: np.ndarray) -> None:
        self.box, self.counts = self.box[order], self.counts[order]
        self.values, self.combination = self.values[:, order], self.combination[order]

    def boxes(self) -> Boxes:
        many = len(self.stuck)
        self._reorder(np.argsort(self.box, kind="stable"))
        starts = np.searchsorted(self.box, np.arange(many))
        low = np.minimum.reduceat(self.values, starts, axis=1)
        high = np.maximum.reduceat(self.values, starts, axis=1)
        sizes = np.bincount(self.box, weights=self.counts, minlength=many)
        lost = sum(axis.lost(low[p], high[p]) for p, axis in enumerate(self.axes)) / len(self.axes)
        order = np.lexsort((self.box, self.combination))
        return Boxes(
            axes=self.axes,
            combination=self.combination[order],
            of=self.box[order],
            counts=self.counts[order],
            lows=low.T.copy(),
            highs=high.T.copy(),
            loss=float((sizes * lost).sum() / self.table.rows),
            discernibility=sum_of_squares(sizes.astype(np.int64)),
            rounds=self.rounds,
            seconds=time.perf_counter() - self.started,
        )


def _nearest(box: np.ndarray, distance: np.ndarray, boxes: int) -> np.ndarray:
    """For each box the candidate with the smallest distance, the first of equals; -1 where it has none."""
    best = np.full(boxes, -1, np.int64)
    order = np.lexsort((distance, box))
    first = np.append(True, box[order][1:] != box[order][:-1]) if len(order) else np.zeros(0, bool)
    best[box[order][first]] = order[first]
    return best
