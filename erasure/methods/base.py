from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from catalog.connectors.base import Connector, Match, Operation
from erasure.models import Step


class Method(ABC):
    """One way to make a person's rows stop being theirs. Idempotent: doing a chunk twice changes nothing."""

    kind: ClassVar[str]
    label: ClassVar[str]
    # What the step waits for while rows are still there, where that is no failure of the store.
    left: ClassVar[str] = ""
    # Whether the store is to make the change final afterwards, and asked what it still holds.
    settles: ClassVar[bool] = False
    # Whether it does the same for every person, so that one call may be about the rows of many.
    alike: ClassVar[bool] = False

    @abstractmethod
    def operation(self, step: Step, matches: Sequence[Match]) -> Operation | None:
        """The change as the store is asked to rehearse it; None where nothing is written."""

    @abstractmethod
    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        """Change one chunk of rows, durably."""

    @abstractmethod
    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        """Read back: how many of the rows still hold the person's data."""

    def written(self, connector: Connector, step: Step, matches: Sequence[Match]) -> list[str]:
        """The columns that hold something to overwrite, asked before the first write; none where whole rows go."""
        return []
