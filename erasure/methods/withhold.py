from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.models import Step
from erasure.registry.models import Registration


class Withhold(Method):
    """Nothing in the store says that a row is restricted: whoever uses the rows asks the registry."""

    kind = "withhold"
    label = "Through the registry only"

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation | None:
        return None

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        """Nothing to do: the registry knows since the plan has started."""

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        """All rows, as long as the registry does not say what it should."""
        assert step.hit is not None
        request = step.hit.request
        registered = Registration.objects.filter(
            request=request.reference, effect=Registration.Effect.RESTRICTED, lifted_at=None
        ).exists()
        return 0 if registered is not bool(step.facts.get("lifting")) else step.hit.rows
