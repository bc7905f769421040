from collections.abc import Sequence

import pyarrow.compute as pc

from catalog.connectors.base import Connector, Match, Operation, Replacement
from erasure.methods.base import Method
from erasure.models import Step
from erasure.replacing import carries, load


class Anonymize(Method):
    """The rows stay, because a law or other rows need them; their personal fields are overwritten."""

    kind = "anonymize"
    label = "Overwrite personal fields"
    alike = True
    settles = True

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation:
        return Operation(step.data_set.name, matches, self._replacements(step))

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        connector.overwrite(step.data_set.name, [match], self._replacements(step))

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        replacements = self._replacements(step)
        rows = connector.find(step.data_set.name, matches, list(replacements))
        done = None
        for name, replacement in replacements.items():
            held = carries(rows.column(name), replacement)
            done = held if done is None else pc.and_(done, held)
        return rows.num_rows - (pc.sum(done).as_py() or 0)

    def written(self, connector: Connector, step: Step, matches: Sequence[Match]) -> list[str]:
        replacements = self._replacements(step)
        rows = connector.find(step.data_set.name, matches, list(replacements))
        return sorted(
            name
            for name, replacement in replacements.items()
            if pc.any(pc.invert(carries(rows.column(name), replacement))).as_py()
        )

    def _replacements(self, step: Step) -> dict[str, Replacement]:
        if not step.replacements:
            raise ValueError("A step that overwrites nothing is no anonymization: its method is `keep`.")
        return {name: load(stored) for name, stored in step.replacements.items()}
