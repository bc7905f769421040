from collections.abc import Iterable, Sequence

from erasure.measures.base import Measure, Outcome, Planned, Turn
from erasure.models import Identifier, Step, SubjectRequest
from erasure.training.excluding import Holding, exclude, excluded, holdings
from erasure.training.models import Version


class Exclude(Measure):
    """Training sets: the person is excluded from the versions that hold them, and models are queued for retraining."""

    kind = "exclude"
    label = "Exclude from training, queue models for retraining"
    turn = Turn.LAST
    erases = True
    alone = True

    def drafts(self, planned: Sequence[Planned]) -> list[list[Step]]:
        known = _lookups(each.request for each in planned)
        held = holdings([known[each.request.pk] for each in planned])
        done = excluded({holding for person in held for holding in person})
        return [
            [
                Step(
                    target=str(holding.version)[:200],
                    rows_before=1,
                    facts={"version": holding.version.pk, "hash": holding.hash},
                )
                for holding in person
                if holding not in done
            ]
            for person in held
        ]

    def execute(self, step: Step) -> Outcome:
        assert step.plan.request is not None
        models = exclude(step.plan.request, _holding(step))
        return Outcome(left=_left(step), facts={"models": models})

    def check(self, step: Step) -> Outcome:
        return Outcome(left=_left(step))


def _left(step: Step) -> int:
    return int(not excluded([_holding(step)]))


def _holding(step: Step) -> Holding:
    return Holding(Version.objects.get(pk=step.facts["version"]), step.facts["hash"])


def _lookups(requests: Iterable[SubjectRequest]) -> dict[int, list[tuple[str, bytes]]]:
    """By request what is verified of the person."""
    found: dict[int, list[tuple[str, bytes]]] = {request.pk: [] for request in requests}
    for each in Identifier.objects.filter(request__in=found, verified=True):
        found[each.request_id].append((each.category, bytes(each.lookup)))
    return found
