"""What an erasure needs beside the rows themselves: keys shredded, aggregates recomputed, recipients told.

A measure is one class in one file. It drafts its steps when a plan is made, so that they are approved with the rest,
and the engine carries them out and asks again for as long as they wait.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from erasure.models import Step, SubjectRequest


@dataclass(frozen=True, slots=True)
class Planned:
    """A request whose plan is being made, with the drafted steps on rows."""

    request: SubjectRequest
    rows: Sequence[Step]


class Turn(StrEnum):
    """When its steps have their turn."""

    FIRST = "first"  # before any row is changed: what must not lose the race (the registry)
    AFTER_ROWS = "after rows"  # once the other rows are gone, before the rows that identify the person
    LAST = "last"  # when all rows are gone, those that identify the person too


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step stands after it was carried out or looked at again.

    `left` > 0 with `waits_for` means it waits (until `until`, if known), without it that it failed. `facts` are
    names and counts for the proof, merged into the step's; nothing personal.
    """

    left: int = 0
    problem: str = ""
    waits_for: str = ""
    until: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Measure(ABC):
    """One kind of measure. Idempotent: carried out twice, it changes nothing the second time."""

    kind: ClassVar[str]
    label: ClassVar[str]
    turn: ClassVar[Turn]
    erases: ClassVar[bool] = False  # only for rights whose plans erase
    alone: ClassVar[bool] = (
        False  # whether its steps are reason enough for a plan where no row is left to change
    )

    @abstractmethod
    def drafts(self, planned: Sequence[Planned]) -> list[list[Step]]:
        """For each request the unsaved steps that its plan needs of the measure; often none.

        Many may be planned at once: ask what has to be asked for all of them together, not one by one. Sets `target`
        (what it acts on, in words), `rows_before` where something can be counted, `data_set` where there is one and
        `facts`; the engine sets the rest. Raises ConnectorError if a system does not answer.
        """

    @abstractmethod
    def execute(self, step: Step) -> Outcome:
        """Carry the step out, durably, and say what was read back. Raises ConnectorError."""

    @abstractmethod
    def check(self, step: Step) -> Outcome:
        """Read back only: for a waiting step, and for the verification days later. Raises ConnectorError."""
