from collections.abc import Sequence

from catalog.connectors.base import Connector, Match, Operation, Replacement
from erasure.correcting import Fix, carrying, unseal
from erasure.keysets import KeySet
from erasure.methods.base import Method
from erasure.models import Step


class Rectify(Method):
    """In one column, what is wrong becomes what is right (Art. 16); rows that hold something else stay as they are."""

    kind = "rectify"
    label = "Correct what is wrong"
    settles = True

    def operation(self, step: Step, matches: Sequence[Match]) -> Operation:
        fix, keys = _sealed(step)
        return Operation(step.data_set.name, keys.matches, _replacements(fix))

    def execute(self, connector: Connector, step: Step, match: Match) -> None:
        fix, _ = _sealed(step)
        wrong = carrying(connector, step.data_set, [match], fix)
        if wrong.matches:
            connector.overwrite(step.data_set.name, wrong.matches, _replacements(fix))

    def remaining(self, connector: Connector, step: Step, matches: Sequence[Match]) -> int:
        fix, _ = _sealed(step)
        wrong = carrying(connector, step.data_set, matches, fix)
        return connector.count(step.data_set.name, wrong.matches) if wrong.matches else 0

    def written(self, connector: Connector, step: Step, matches: Sequence[Match]) -> list[str]:
        fix, _ = _sealed(step)
        return [fix.column]


def _sealed(step: Step) -> tuple[Fix, KeySet]:
    assert step.sealed is not None
    assert step.hit is not None
    return unseal(step.sealed, step.hit.request)


def _replacements(fix: Fix) -> dict[str, Replacement]:
    return {fix.column: Replacement(fix.value)}
