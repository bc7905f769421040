from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation
from erasure.methods.base import Method
from erasure.models import Step


class Tombstone(Method):
    """The keys of a compacted topic end; the broker takes the older messages out when it compacts the topic."""

    kind = "tombstone"
    label = "Write tombstones, then wait for compaction"
    alike = True
    settles = True
    left = "The tombstones are written. The broker removes the old messages when it compacts the topic."

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation:
        return Operation(step.data_set.name, matches)

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        connector.delete(step.data_set.name, [match])

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        """Also what only waits to be compacted: `lingering` tells one from the other."""
        return connector.count(step.data_set.name, matches)
