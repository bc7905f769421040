"""What reading SQL yields before it becomes flows: references to stored columns, and how their content was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlglot import exp

IDENTITY, TRANSFORMATION, AGGREGATION = range(3)
SUBTYPES = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
LARGEST = 1_000_000  # steps of resolving, before a statement is called too large


class TooLarge(Exception):
    """A statement whose columns depend on each other in more ways than is worth computing."""


class Via(NamedTuple):
    """What happened to a value on its way. The smaller of two tells more of the value, and wins."""

    masking: bool
    subtype: int

    def after(self, earlier: Via) -> Via:
        """Both in a row."""
        return Via(self.masking or earlier.masking, max(self.subtype, earlier.subtype))


BARE = Via(False, IDENTITY)


class Ref(NamedTuple):
    """A column of a table; no `column`: all of it. No `table`: of one of the `candidates`, nobody can say which."""

    table: str
    column: str | None
    candidates: tuple[str, ...] = ()


Sources = dict[Ref, Via]
Decisions = dict[tuple[Ref, str], None]  # what decides, and how (FILTER, JOIN ...): an ordered set


@dataclass(slots=True)
class Output:
    """One column that a query or table offers, with where its values come from and what decides about them."""

    name: str
    sources: Sources = field(default_factory=dict)
    decided: Decisions = field(default_factory=dict)
    node: exp.Expr | None = None

    def renamed(self, name: str) -> Output:
        return Output(name, self.sources, self.decided, self.node)


@dataclass(slots=True)
class Rows:
    """What a query returns: its columns in order, and after them everything of the tables in `rest`."""

    outputs: list[Output] = field(default_factory=list)
    rest: tuple[str, ...] = ()

    def named(self, names: Iterable[str]) -> Rows:
        """With a list of column names, as in `AS t (a, b)`; one name too many belongs to what is not known."""
        named = list(names)
        outputs = [output.renamed(name) for output, name in zip(self.outputs, named, strict=False)]
        everything: Sources = {Ref(table, None): Via(False, TRANSFORMATION) for table in self.rest}
        outputs += [Output(name, everything) for name in named[len(outputs) :] if self.rest]
        return Rows([*outputs, *self.outputs[len(outputs) :]], () if named else self.rest)

    def tables(self) -> tuple[str, ...]:
        """The stored tables under it."""
        found = dict.fromkeys(self.rest)
        found |= dict.fromkeys(ref.table for output in self.outputs for ref in output.sources if ref.table)
        return tuple(found)


def merge(into: Sources, more: Mapping[Ref, Via], *, via: Via = BARE) -> None:
    """Add `more`, seen through `via`; of two ways from the same column the one that tells more of it counts."""
    for ref, earlier in more.items():
        reached = via.after(earlier)
        known = into.get(ref)
        if known is None or reached < known:
            into[ref] = reached
