from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.methods.rectify import Rectify
from erasure.models import Step


class AskToCorrect(Method):
    """The console cannot change this store: its custodian corrects the rows there, and reading them shows it."""

    kind = "ask to correct"
    label = "Left to the custodian to correct"
    left = "The console cannot change this store. Its custodian corrects the rows there; then search again."

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation | None:
        return None

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        """Nothing to do: reading back says what the custodian has done."""

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        return Rectify().remaining(connector, step, matches)
