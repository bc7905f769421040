from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.models import Step


class Outlive(Method):
    """Nothing can be taken out of the store, which removes what is old by itself: the plan waits for that day."""

    kind = "outlive"
    label = "Wait for the store's own retention"
    alike = True
    settles = True
    left = "The store removes the rest when its retention is over."

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation:
        """Rehearsed although nothing is written: a store that keeps rows for ever says so before the approval."""
        return Operation(step.data_set.name, matches)

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        """Nothing to do."""

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        return connector.count(step.data_set.name, matches)
