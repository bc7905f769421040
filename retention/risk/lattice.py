"""One table at any node of the lattice: its classes there, who would be suppressed, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from retention.risk.classes import NOTHING, Classes, entries
from retention.risk.collapsing import Combinations
from retention.risk.distances import Distance, scale_of
from retention.risk.grouping import DENSE_SLOTS, combined, group, ranked, sum_of_squares
from retention.risk.levels import Ladder
from retention.risk.targets import Judge, Targets

KEPT_COLUMNS = 1
MOST_CELLS = 20_000_000  # of kept tables, together

Node = tuple[int, ...]


class Metric(StrEnum):
    """What the search makes small.

    `loss`: ARX' Loss, the mean over quasi-identifiers and rows of the share lost (see `Ladder`); a suppressed row
    counts 1. `dm`: the discernibility of Bayardo and Agrawal, "Data Privacy through Optimal k-Anonymization", ICDE
    2005: the sum of the squared sizes of the kept classes, and the size of the table for each suppressed row.
    """

    LOSS = "loss"
    DM = "dm"


@dataclass(frozen=True)
class Visit:
    """What was found at a node. `fewest` rows fail here and at every node below it; `crowd` is the sum over rows of
    the size of their class, at least k: no node above it has a smaller one."""

    node: Node
    suppressed: int
    fewest: int
    loss: float
    dm: int
    crowd: int
    classes: int

    def cost(self, metric: Metric) -> float:
        return self.loss if metric is Metric.LOSS else float(self.dm)


@dataclass(frozen=True)
class Table:
    """Distinct combinations at `node`, with the sensitive values of each where they matter (see `Classes`)."""

    node: Node
    groups: tuple[np.ndarray, ...]
    counts: np.ndarray
    of: np.ndarray
    values: np.ndarray
    entry_counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)


class Lattice:
    """The table through `ladders`. What was merged on the way to one node is kept for the next: tables whose columns
    are raised one after the other, those with many values first, as far as `KEPT_COLUMNS`.
    """

    def __init__(
        self, table: Combinations, ladders: Sequence[Ladder], sensitive: str, targets: Targets
    ) -> None:
        targets.require(sensitive)
        self.ladders = tuple(ladders)
        self.rows = table.rows
        self.targets = targets
        self.reference, ranks = NOTHING, None
        if targets.needs_sensitive:
            column = table.columns.index(sensitive)
            values = table.values[column]
            self.reference = _occurrences(table, column)
            if targets.t is not None and targets.distance is Distance.ORDERED:
                ranks = scale_of(values, self.reference)
        self.judge = Judge(targets, ranks)
        self.level_losses = tuple(_level_losses(table, ladder) for ladder in self.ladders)
        self._lifts: dict[tuple[int, int, int], np.ndarray] = {}
        self._stand_on(self._bottom(table, sensitive))

    @property
    def heights(self) -> Node:
        return tuple(ladder.height for ladder in self.ladders)

    @property
    def floor(self) -> Node:
        return self._floor.node

    def alone(self, places: Sequence[int]) -> Lattice:
        """The same rows seen through a few of the quasi-identifiers."""
        part = object.__new__(Lattice)
        part.__dict__ = dict(self.__dict__)
        part.ladders = tuple(self.ladders[place] for place in places)
        part.level_losses = tuple(self.level_losses[place] for place in places)
        part._lifts = {}
        base = self._floor
        few = [base.groups[place] for place in places]
        part._stand_on(part._merged(base, tuple(base.node[place] for place in places), few))
        return part

    def rebase(self, node: Node) -> None:
        """From now on only nodes at or above `node` are visited."""
        if node != self.floor:
            self._stand_on(self._raised(self._floor, node))

    def fails(self, node: Node) -> tuple[int, int]:
        """How many rows are suppressed at `node`, and how many are there and at every node below it."""
        *_, sizes, failing, fewest = self._judged(node)
        return int(sizes[failing].sum()), fewest

    def visit(self, node: Node, *, limit: int) -> Visit:
        """The classes at `node`, judged, and what they cost: where more than `limit` rows fail, nothing is lost yet
        more than can be told, and `loss` is infinite."""
        base, codes, keys, sizes, failing, fewest = self._judged(node)
        kept = sizes[~failing]
        suppressed = self.rows - int(kept.sum())
        loss = np.inf
        if suppressed <= limit:
            out = np.flatnonzero(failing[keys])
            loss = float(self.generalization_loss(node) + self._lost_besides(base, node, codes, out))
        return Visit(
            node=node,
            suppressed=suppressed,
            fewest=fewest,
            loss=loss,
            dm=sum_of_squares(kept) + suppressed * self.rows,
            crowd=sum_of_squares(np.maximum(sizes, self.targets.k or 1), sizes),
            classes=int(np.count_nonzero(kept)),
        )

    def _judged(self, node: Node) -> tuple[Table, list[np.ndarray], np.ndarray, np.ndarray, np.ndarray, int]:
        """The table it was made from with its groups at `node`, the class of each row of it, and of each class its
        size and whether it fails. A class may be empty: it has size 0 and fails."""
        base = self._near(node)
        codes = [self._lift(place, base, node) for place in range(len(node))]
        keys, slots = combined(codes, self._sizes(node), len(base))
        if slots > max(DENSE_SLOTS, 2 * len(base)) or self.targets.needs_sensitive:
            keys, slots = ranked(keys)
        sizes = np.bincount(keys, weights=base.counts, minlength=slots).astype(np.int64)
        if self.targets.needs_sensitive:
            parts = entries(keys[base.of], base.values, base.entry_counts, slots, len(self.reference))
            failing, fewest = self.judge.judge(Classes(sizes, *parts, self.reference))
        else:
            failing = sizes < (self.targets.k or 1)
            fewest = int(sizes[failing].sum())
        return base, codes, keys, sizes, failing, fewest

    def generalization_loss(self, node: Node) -> float:
        """The loss of the levels alone: below or equal to that with suppression, and growing with every level."""
        return sum(self.level_losses[place][level] for place, level in enumerate(node)) / len(node)

    def _lost_besides(self, base: Table, node: Node, codes: Sequence[np.ndarray], out: np.ndarray) -> float:
        """What suppressing the combinations `out` adds: they count 1 instead of what their levels lose."""
        counts = base.counts[out]
        shares = sum(self.ladders[place].shares[level][codes[place][out]] for place, level in enumerate(node))
        return float((counts * (1 - shares / len(node))).sum()) / self.rows

    def _stand_on(self, table: Table) -> None:
        self._floor = table
        self._kept: dict[Node, Table] = {}
        self._cells = 0
        values = self._sizes(table.node)
        self._order = sorted(range(len(values)), key=lambda place: -values[place])[:KEPT_COLUMNS]

    def _near(self, node: Node) -> Table:
        """A small table at or below `node`: some columns are at its level already, the others at the floor."""
        base, at = self._floor, list(self.floor)
        for place in self._order:
            if at[place] == node[place]:
                continue
            at[place] = node[place]
            target = tuple(at)
            found = self._kept.get(target)
            if found is None:
                if self._cells > MOST_CELLS:
                    return base
                found = self._kept[target] = self._raised(base, target)
                self._cells += len(found) * (len(target) + 1) + 3 * len(found.of)
            base = found
        return base

    def _raised(self, base: Table, node: Node) -> Table:
        return self._merged(base, node, [self._lift(place, base, node) for place in range(len(node))])

    def _lift(self, place: int, base: Table, node: Node) -> np.ndarray:
        start, end = base.node[place], node[place]
        if start == end:
            return base.groups[place]
        if (place, start, end) not in self._lifts:
            self._lifts[place, start, end] = self.ladders[place].lift(start, end)
        return self._lifts[place, start, end][base.groups[place]]

    def _sizes(self, node: Node) -> list[int]:
        return [len(ladder.labels[level]) for ladder, level in zip(self.ladders, node, strict=True)]

    def _bottom(self, table: Combinations, sensitive: str) -> Table:
        columns = [table.columns.index(ladder.column) for ladder in self.ladders]
        groups = [ladder.groups[0][table.codes[c]] for ladder, c in zip(self.ladders, columns, strict=True)]
        values = table.codes[table.columns.index(sensitive)] if self.targets.needs_sensitive else NOTHING
        rows = np.arange(len(values))
        whole = Table(tuple(0 for _ in groups), tuple(groups), table.counts, rows, values, table.counts)
        return self._merged(whole, whole.node, groups)

    def _merged(self, base: Table, node: Node, groups: Sequence[np.ndarray]) -> Table:
        """`base` with its rows at `node`, where they have these `groups`: each combination once."""
        found = group(groups, self._sizes(node), len(base))
        parts = (NOTHING, NOTHING, NOTHING)
        if self.targets.needs_sensitive:
            parts = entries(
                found.of[base.of], base.values, base.entry_counts, len(found), len(self.reference)
            )
        return Table(node, tuple(each[found.first] for each in groups), found.total(base.counts), *parts)


def _level_losses(table: Combinations, ladder: Ladder) -> np.ndarray:
    """The mean share lost at each level of a column."""
    weights = _occurrences(table, table.columns.index(ladder.column)) / table.rows
    return np.array(
        [(weights * share[of]).sum() for of, share in zip(ladder.groups, ladder.shares, strict=True)]
    )


def _occurrences(table: Combinations, column: int) -> np.ndarray:
    return np.bincount(table.codes[column], weights=table.counts, minlength=len(table.values[column])).astype(
        np.int64
    )
