from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.models import Step


class Delete(Method):
    """The rows go whole."""

    kind = "delete"
    label = "Delete the rows"
    alike = True
    settles = True

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation:
        return Operation(step.data_set.name, matches)

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        connector.delete(step.data_set.name, [match])

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        return connector.count(step.data_set.name, matches)
