from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.models import Step


class Keep(Method):
    """The rows stay as they are: a hold or other rows need them, and no field of theirs is personal."""

    kind = "keep"
    label = "Keep the rows: nothing in them is personal"
    alike = True

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation | None:
        return None

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        """Nothing to do."""

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        return 0
