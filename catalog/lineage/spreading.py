"""The best way by which each label reaches each column: strongest first over compact arrays. Pure, knows no database.

Strengths only shrink along edges, so the first arrival is the best one and a cycle ends by itself. The same edges
and bases give the same arrivals: ties go to the shorter way, then to the older edge.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import pairwise

from catalog.lineage.transforming import FLOOR, Claim, Effect, become, goes_on

MOST = 5  # claims that reach one column; the weaker ones are left out


@dataclass(frozen=True, slots=True)
class Base:
    """What a column is known to be by itself."""

    claim: Claim
    confidence: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A claim that reached a column: from which column, over how many edges, the last one of them `edge`.

    `masked_by` is the last edge on the way that masked it (0: none did); `hinted`: one was indirect.
    """

    claim: Claim
    confidence: float
    origin: int
    steps: int
    edge: int
    masked_by: int
    hinted: bool


@dataclass
class Flows:
    """Edges between columns, added in the order of their sources."""

    starts: dict[int, int] = field(default_factory=dict)
    targets: array = field(default_factory=lambda: array("q"))
    factors: array = field(default_factory=lambda: array("d"))
    edges: array = field(default_factory=lambda: array("q"))
    effects: bytearray = field(default_factory=bytearray)
    last: int = -1

    def add(self, source: int, target: int, *, factor: float, effect: Effect, edge: int) -> None:
        """Raises ValueError where a source comes back after another one."""
        if source != self.last:
            if source in self.starts:
                raise ValueError("Edges are added in the order of their sources.")
            self.starts[source], self.last = len(self.targets), source
        self.targets.append(target)
        self.factors.append(factor)
        self.edges.append(edge)
        self.effects.append(effect)

    def __len__(self) -> int:
        return len(self.targets)

    def spans(self) -> dict[int, range]:
        """Where the edges of each source are."""
        bounds = pairwise([*self.starts.values(), len(self.targets)])
        return {source: range(*bound) for source, bound in zip(self.starts, bounds, strict=True)}


def spread(
    flows: Flows,
    bases: Mapping[int, Sequence[Base]],
    *,
    decided: Collection[int] = frozenset(),
    refused: Collection[tuple[int, str, int]] = frozenset(),
) -> Iterator[tuple[int, Arrival]]:
    """Each column and what reaches it, strongest first.

    A column in `decided` has its label from a person: what arrives is told but goes no further. `refused` holds
    what persons rejected: column, category, column of origin.
    """
    spans, claims, numbers = flows.spans(), list[Claim](), dict[Claim, int]()

    def number(claim: Claim) -> int:
        if claim not in numbers:
            numbers[claim] = len(claims)
            claims.append(claim)
        return numbers[claim]

    waiting = list(_seeds(bases, number))
    heapify(waiting)
    best: dict[tuple[int, int], float] = {}
    arrived: set[tuple[int, int]] = set()
    passed: set[tuple[int, int]] = set()
    counts: dict[int, int] = {}
    while waiting:
        negative, steps, edge, column, no, origin, masked_by, hinted = heappop(waiting)
        state = (column, no)
        if steps:
            if state in arrived or counts.get(column, 0) >= MOST:
                continue
            arrived.add(state)
            counts[column] = counts.get(column, 0) + 1
            yield column, Arrival(claims[no], -negative, origin, steps, edge, masked_by, hinted)
        if state in passed or (steps and column in decided) or not goes_on(claims[no]):
            continue
        passed.add(state)
        for at in spans.get(column, ()):
            target, effect, strength = (
                flows.targets[at],
                Effect(flows.effects[at]),
                -negative * flows.factors[at],
            )
            claim = become(claims[no], effect)
            if claim is None or strength < FLOOR or target in (origin, column):
                continue
            if (target, claim.category, origin) in refused:
                continue
            then = number(claim)
            if strength < best.get((target, then), 0.0):
                continue
            best[target, then] = strength
            via = flows.edges[at]
            masks = via if effect > Effect.HINT else masked_by
            heappush(
                waiting,
                (-strength, steps + 1, via, target, then, origin, masks, hinted or effect is Effect.HINT),
            )


def _seeds(bases: Mapping[int, Sequence[Base]], number: Callable[[Claim], int]) -> Iterable[tuple]:
    for column, known in bases.items():
        for base in known:
            yield -base.confidence, 0, 0, column, number(base.claim), column, 0, False
