from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.models import Step


class Leave(Method):
    """The rows stay as they are: what is asked for does not concern them, or a hold forbids it."""

    kind = "leave"
    label = "Leave the rows as they are"
    alike = True

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation | None:
        return None

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        """Nothing to do."""

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        return 0
