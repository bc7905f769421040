"""What was found, done to the rows: batches go in, generalized batches come out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import pyarrow as pa

from retention.risk.classes import NOTHING, Classes, entries
from retention.risk.collapsing import Combinations, Dictionary, RiskProblem
from retention.risk.distances import Distance, scale_of
from retention.risk.finding import Finder
from retention.risk.grouping import group
from retention.risk.lattice import Node
from retention.risk.levels import HIDDEN, Ladder
from retention.risk.mondrian import Boxes
from retention.risk.targets import Judge, Targets


class Suppression(StrEnum):
    """What becomes of rows that miss a target: they are left out, or keep what is no quasi-identifier."""

    DROP = "drop"
    STAR = "star"


class Recoding(ABC):
    """For one pass over the rows of the table it was made for. `table` holds quasi-identifiers and, last, perhaps
    the sensitive column."""

    def __init__(self, table: Combinations, columns: Sequence[str], *, suppression: Suppression) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.suppression = suppression
        self.suppressed = 0
        places = [table.columns.index(name) for name in table.columns]
        self._dictionaries = [
            Dictionary({value: code for code, value in enumerate(table.values[place])}) for place in places
        ]
        self._finder = Finder(table.codes, table.sizes())

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The generalized batch. Raises RiskProblem for a row that was not in the table: the source has changed."""
        codes = [
            dictionary.encode(batch.column(name), grow=False)
            for name, dictionary in zip(self.table.columns, self._dictionaries, strict=True)
        ]
        found = self._finder.find(codes)
        if (found < 0).any():
            raise RiskProblem(
                "The rows changed while they were read.", "Start again when nobody writes them."
            )
        kept, labels = self.recode(found)
        self.suppressed += len(batch) - int(kept.sum())
        keep = pa.array(kept)
        for name, label in zip(self.columns, labels, strict=True):
            if self.suppression is Suppression.STAR:
                words = batch.column(name) if label is None else label
                label = pa.array(np.where(kept, as_objects(words), HIDDEN), pa.string())
            if label is not None:
                place = batch.schema.get_field_index(name)
                batch = batch.set_column(place, pa.field(name, pa.string()), label)
        return batch if self.suppression is Suppression.STAR else batch.filter(keep)

    @abstractmethod
    def recode(self, found: np.ndarray) -> tuple[np.ndarray, list[pa.Array | None]]:
        """Which rows, given as places in the table, are kept, and the texts of each column; None: as it is."""


def as_objects(values: pa.Array) -> np.ndarray:
    return np.array(values.cast(pa.string()).to_pylist(), object)


class Leveled(Recoding):
    """Whole columns at the levels of `node`."""

    def __init__(
        self,
        table: Combinations,
        ladders: Sequence[Ladder],
        node: Node,
        targets: Targets,
        *,
        sensitive: str = "",
        suppression: Suppression = Suppression.DROP,
    ) -> None:
        super().__init__(table, [ladder.column for ladder in ladders], suppression=suppression)
        require_levels(ladders, node)
        self.failing = failing_at(table, ladders, node, targets, sensitive)
        self._words = []
        for ladder, level in zip(ladders, node, strict=True):
            groups = ladder.groups[level][table.codes[table.columns.index(ladder.column)]]
            self._words.append(
                pa.array(ladder.labels[level], pa.string()).take(pa.array(groups)) if level else None
            )

    def recode(self, found: np.ndarray) -> tuple[np.ndarray, list[pa.Array | None]]:
        places = pa.array(found)
        return ~self.failing[found], [None if words is None else words.take(places) for words in self._words]


class Boxed(Recoding):
    """Each row as its box says; where boxes overlap, equal rows are dealt out in the order in which they come."""

    def __init__(self, table: Combinations, boxes: Boxes) -> None:
        super().__init__(table, [axis.column for axis in boxes.axes], suppression=Suppression.DROP)
        self._boxes = boxes
        self._start = np.searchsorted(boxes.combination, np.arange(len(table) + 1))
        self._until = np.cumsum(boxes.counts)  # of all entries, so of each combination after its start
        self._before = self._until - boxes.counts
        self._dealt = np.zeros(len(table), np.int64)
        self._words = [pa.array(boxes.labels(place), pa.string()) for place in range(len(boxes.axes))]

    def recode(self, found: np.ndarray) -> tuple[np.ndarray, list[pa.Array | None]]:
        order = np.argsort(found, kind="stable")
        same = found[order]
        first = np.searchsorted(same, same)  # where the run of equal rows begins
        turn = np.empty(len(found), np.int64)
        turn[order] = np.arange(len(found)) - first + self._dealt[same]
        np.add.at(self._dealt, found, 1)
        entry = np.searchsorted(self._until, self._before[self._start[found]] + turn, side="right")
        box = pa.array(self._boxes.of[entry])
        return np.ones(len(found), bool), [words.take(box) for words in self._words]


def failing_at(
    table: Combinations, ladders: Sequence[Ladder], node: Node, targets: Targets, sensitive: str = ""
) -> np.ndarray:
    """Which combinations are in a class that misses a target when columns are at the levels of `node`."""
    groups = [
        ladder.groups[level][table.codes[table.columns.index(ladder.column)]]
        for ladder, level in zip(ladders, node, strict=True)
    ]
    sizes = [len(ladder.labels[level]) for ladder, level in zip(ladders, node, strict=True)]
    found = group(groups, sizes, len(table))
    parts, reference, ranks = (NOTHING, NOTHING, NOTHING), NOTHING, None
    if targets.needs_sensitive:
        targets.require(sensitive)
        column = table.columns.index(sensitive)
        values = table.values[column]
        parts = entries(found.of, table.codes[column], table.counts, len(found), len(values))
        reference = np.bincount(parts[1], weights=parts[2], minlength=len(values)).astype(np.int64)
        if targets.t is not None and targets.distance is Distance.ORDERED:
            ranks = scale_of(values, reference)
    classes = Classes(found.total(table.counts), *parts, reference)
    return Judge(targets, ranks).judge(classes)[0][found.of]


def require_levels(ladders: Sequence[Ladder], node: Node) -> None:
    """Raises RiskProblem for a level that a hierarchy does not have."""
    for ladder, level in zip(ladders, node, strict=True):
        if not 0 <= level <= ladder.height:
            raise RiskProblem(
                f"The hierarchy for {ladder.column} has the levels 0 to {ladder.height}, and no {level}."
            )


def masks_everything(ladders: Sequence[Ladder], node: Node, *, rows: int, suppressed: int) -> str:
    """What of a generalization leaves nothing to use, as a sentence; else nothing."""
    if rows and suppressed == rows:
        return "Every row would be suppressed."
    if all(level == ladder.height and ladder.top_hides for ladder, level in zip(ladders, node, strict=True)):
        return "Every quasi-identifier would be hidden in every row."
    return ""
