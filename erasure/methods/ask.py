from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.models import Step


class Ask(Method):
    """The console cannot change this store: its custodian deletes the rows there, and the next search shows it."""

    kind = "ask"
    label = "Left to the custodian"
    alike = True
    left = "The console cannot change this store. Its custodian deletes the rows there; then search again."

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation | None:
        return None

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        """Nothing to do: reading back says what the custodian has done."""

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        return connector.count(step.data_set.name, matches)
