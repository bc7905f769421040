"""The best generalization of whole columns: the node of the lattice with the least loss that meets the targets.

Full-domain generalization with suppression: every quasi-identifier gets one level of its hierarchy, rows of classes
that miss a target are suppressed, up to a limit. It is a branch and bound, and its answer is the optimum:

- What fails in a table seen through a few of its columns fails in the whole table (LeFevre, DeWitt, Ramakrishnan,
  "Incognito", SIGMOD 2005). So one, two and three columns at a time are looked at first, on very small tables.
- A node visited bounds others: below it as many rows fail at least, above it classes are as large at least.
- The loss of generalization alone, without suppression, is a lower bound that needs no visit.

The next node is taken from the middle of those left, by their lower bounds: if it meets the targets, dearer ones fall
away, and if it does not, those below it. The search ends when none is left. `t` is not monotone where rows are
suppressed, as a good class can be spoilt by merging; its bound comes from the convexity of the distance, see
`Judge.judge`, so the same pruning stays sound.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations as subsets
from math import inf, prod

import numpy as np

from retention.risk.collapsing import Combinations, RiskProblem
from retention.risk.lattice import Lattice, Metric, Node, Visit
from retention.risk.levels import Ladder
from retention.risk.targets import Targets

MOST_NODES = 4_000_000  # of a lattice that is searched whole: some arrays of this length are held
MANY_NODES = 20_000  # if more are left after looking at pairs of columns, three at a time are worth it
MIDDLE = {Metric.LOSS: 0.6, Metric.DM: 0.3}  # tried: the fewest visits
ACROSS = (0.9, 0.75, 0.6, 0.45, 0.3)
ROUNDING = 1e-12  # losses are sums of rounded shares


@dataclass(frozen=True)
class Found:
    """The answer. `best` is None where no node meets the targets. `bound`: no node costs less. `visited` nodes of
    `nodes` were looked at, and `looks` tables of one to three columns. `limit` is how many rows might be suppressed."""

    best: Visit | None
    optimal: bool
    bound: float
    nodes: int
    visited: int
    looks: int
    limit: int
    metric: Metric
    seconds: float


def rows_of(limit: float, rows: int) -> int:
    """How many rows may be suppressed. The share is taken as it is written: .29 of 100 rows are 29."""
    if not 0 <= limit <= 1:
        raise RiskProblem(f"A suppression limit of {limit:g} is none.", "Say a share from 0 to 1.")
    return int(Fraction(Decimal(str(limit))) * rows)


def search(
    table: Combinations,
    ladders: Sequence[Ladder],
    targets: Targets,
    *,
    sensitive: str = "",
    limit: float = 0.0,
    metric: Metric = Metric.LOSS,
    seconds: float | None = None,
    most_nodes: int = MOST_NODES,
) -> Found:
    """The node with the least cost. With `seconds`, or for a lattice of more than `most_nodes` nodes, the best that
    was found until then, and `optimal` says so. Raises RiskProblem for an empty table and for wrong targets."""
    if not table.rows:
        raise RiskProblem("There are no rows, so there is nothing to generalize.")
    lattice = Lattice(table, ladders, sensitive, targets)
    return Search(lattice, rows_of(limit, table.rows), metric, seconds=seconds, most_nodes=most_nodes).run()


class Search:
    """Levels are counted from `floor`: `_low` has, for each node left, how many rows fail there at least, and `_high`
    the least that its classes cost in the discernibility metric."""

    def __init__(
        self,
        lattice: Lattice,
        limit: int,
        metric: Metric,
        *,
        seconds: float | None = None,
        most_nodes: int = MOST_NODES,
    ) -> None:
        self.lattice = lattice
        self.limit = limit
        self.metric = metric
        self.most_nodes = most_nodes
        self.started = time.perf_counter()
        self.until = inf if seconds is None else self.started + seconds
        self.best: Visit | None = None
        self.visited = self.looks = 0
        self.nodes = prod(height + 1 for height in lattice.heights)

    def run(self) -> Found:
        floor = self._floor()
        if floor is None:
            return self._found(inf)
        self.floor = floor
        self.lattice.rebase(floor)
        self.shape = tuple(
            height - start + 1 for height, start in zip(self.lattice.heights, floor, strict=True)
        )
        if prod(self.shape) > self.most_nodes:
            return self._found(self._descend())
        self._low = np.zeros(self.shape, np.int64)
        self._high = np.zeros(self.shape if self.metric is Metric.DM else 0)
        self._done = np.zeros(self._low.size, bool)
        self._look(2)
        if np.count_nonzero(self._low <= self.limit) > MANY_NODES:
            self._look(3)
        bound = self._sweep()
        self._settle()
        return self._found(bound)

    def _floor(self) -> Node | None:
        """In each column the lowest level that does not fail by itself. None where a column fails at every level."""
        floor = []
        for place, height in enumerate(self.lattice.heights):
            alone = self.lattice.alone([place])
            failing = (
                level for level in range(height, -1, -1) if self._fails(alone, (level,))[1] > self.limit
            )
            floor.append(next(failing, -1) + 1)
            if floor[-1] > height:
                return None
        return tuple(floor)

    def _look(self, size: int) -> None:
        """Strike out what already fails in `size` of the columns."""
        for places in subsets(range(len(self.shape)), size):
            if time.perf_counter() > self.until:
                return
            self._look_at(places)

    def _look_at(self, places: Sequence[int]) -> None:
        """By bisection: what fails takes along all below it, and what does not fail all above it."""
        others_at_top = tuple(slice(None) if place in places else -1 for place in range(len(self.shape)))
        low = self._low[others_at_top]  # a view: what is struck out on the way shows
        settled = np.zeros(low.shape, bool)
        alone: Lattice | None = None
        while len(left := np.flatnonzero((low <= self.limit) & ~settled)):
            steps = np.array(np.unravel_index(left, low.shape))
            middle = np.argsort(steps.sum(axis=0), kind="stable")[len(left) // 2]
            at = tuple(int(step) for step in steps[:, middle])
            alone = alone or self.lattice.alone(places)
            node = tuple(step + self.floor[place] for step, place in zip(at, places, strict=True))
            suppressed, fewest = self._fails(alone, node)
            if suppressed <= self.limit:
                settled[tuple(slice(step, None) for step in at)] = True
            settled[at] = True
            below: list[slice] = [slice(None)] * len(self.shape)
            for place, step in zip(places, at, strict=True):
                below[place] = slice(0, step + 1)
            _raise(self._low[tuple(below)], fewest)

    def _fails(self, alone: Lattice, node: Node) -> tuple[int, int]:
        self.looks += 1
        return alone.fails(node)

    def _sweep(self) -> float:
        """Visit what is left until nothing is; the lower bound of what was left when time was up."""
        low, high = self._low.ravel(), self._high.ravel()
        free, surely = self._free_of_suppression()
        left = np.flatnonzero(low <= self.limit)
        while len(left):
            bounds = self._bounds(left, low, high, free, surely)
            if self.best:
                better = bounds < self.best.cost(self.metric) - ROUNDING
                left, bounds = left[better], bounds[better]
            if not len(left):
                break
            if time.perf_counter() > self.until:
                return float(bounds.min())
            self._visit_some(left, bounds)
            left = left[(low[left] <= self.limit) & ~self._done[left]]
        return inf

    def _visit_some(self, left: np.ndarray, bounds: np.ndarray) -> None:
        """The node in the middle; of very many, a few from all over, as to look through them takes its time too."""
        shares = ACROSS if len(left) > MANY_NODES else (MIDDLE[self.metric],)
        places = sorted({int(share * (len(left) - 1)) for share in shares}, reverse=True)
        for node in left[np.argpartition(bounds, places)[places]]:
            if self._low.flat[node] > self.limit:
                continue
            self._done[node] = True
            at = tuple(int(step) for step in np.unravel_index(node, self.shape))
            found = self._visit(tuple(step + start for step, start in zip(at, self.floor, strict=True)))
            _raise(self._low[tuple(slice(0, step + 1) for step in at)], found.fewest)
            if self.metric is Metric.DM:
                _raise(self._high[tuple(slice(step, None) for step in at)], found.crowd)

    def _bounds(
        self, left: np.ndarray, low: np.ndarray, high: np.ndarray, free: np.ndarray, surely: np.ndarray
    ) -> np.ndarray:
        """No less than this is the cost of each node that is left.

        Loss: that of the levels, and each row that fails loses at least what no level takes. Discernibility: rows
        are in classes at least as large as below, and each that fails costs the whole table; where only k is asked,
        those are rows of classes that counted k so far.
        """
        rows, failing = self.lattice.rows, low[left]
        if self.metric is Metric.LOSS:
            return free[left] + failing / rows * surely[left]
        least = min(self.lattice.targets.k or 1, rows)
        if not self.lattice.targets.needs_sensitive:
            return high[left] + failing * float(rows - least)
        return np.maximum(high[left], failing * float(rows) + (rows - failing) * float(least))

    def _free_of_suppression(self) -> tuple[np.ndarray, np.ndarray]:
        """For each node the loss of its levels, and the share that suppression adds to any row at least."""
        columns = len(self.shape)
        free, most = np.zeros(self.shape), np.zeros(self.shape)
        for place, (ladder, losses) in enumerate(
            zip(self.lattice.ladders, self.lattice.level_losses, strict=True)
        ):
            across = tuple(-1 if each == place else 1 for each in range(columns))
            shares = np.array([share.max() for share in ladder.shares])
            free += (losses[self.floor[place] :] / columns).reshape(across)
            most += (shares[self.floor[place] :] / columns).reshape(across)
        return free.ravel(), 1 - most.ravel()

    def _descend(self) -> float:
        """For a lattice too large: from the top, always to the best of the nodes one level below. A lower bound."""
        here = self._visit(self.lattice.heights)
        while time.perf_counter() < self.until:
            below = [
                (*here.node[:place], level - 1, *here.node[place + 1 :])
                for place, level in enumerate(here.node)
                if level > self.floor[place]
            ]
            found = min(map(self._visit, below), key=self._cost, default=here)
            if self._cost(found) >= self._cost(here):
                break
            here = found
        if self.metric is Metric.LOSS:
            return self.lattice.generalization_loss(self.floor)
        return float(self._visit(self.floor).crowd)

    def _settle(self) -> None:
        """Of nodes that cost the same the lower: a level that changes no class tells less for nothing."""
        place = 0
        while self.best and place < len(self.floor):
            node = self.best.node
            if node[place] > self.floor[place]:
                found = self._visit((*node[:place], node[place] - 1, *node[place + 1 :]))
                if self._cost(found) <= self._cost(self.best) + ROUNDING:
                    self.best = found
                    continue
            place += 1

    def _visit(self, node: Node) -> Visit:
        self.visited += 1
        found = self.lattice.visit(node, limit=self.limit)
        if self._cost(found) < (self.best.cost(self.metric) if self.best else inf):
            self.best = found
        return found

    def _cost(self, visit: Visit) -> float:
        return visit.cost(self.metric) if visit.suppressed <= self.limit else inf

    def _found(self, bound: float) -> Found:
        """`bound` is that of nodes never visited, infinite if there are none."""
        least = self.best.cost(self.metric) if self.best else inf
        return Found(
            best=self.best,
            optimal=bound >= least - ROUNDING,
            bound=min(bound, least),
            nodes=self.nodes,
            visited=self.visited,
            looks=self.looks,
            limit=self.limit,
            metric=self.metric,
            seconds=time.perf_counter() - self.started,
        )


def _raise(part: np.ndarray, least: float) -> None:
    if least:
        np.maximum(part, least, out=part)
