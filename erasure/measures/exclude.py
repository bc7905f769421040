from collections.abc import Sequence

from erasure.measures.base import Measure, Outcome, Turn
from erasure.models import Step, SubjectRequest
from erasure.training.excluding import Holding, exclude, holdings, is_excluded
from erasure.training.models import Version


class Exclude(Measure):
    """Training sets: the person is excluded from the versions that hold them, and models are queued for retraining."""

    kind = "exclude"
    label = "Exclude from training, queue models for retraining"
    turn = Turn.LAST
    erases = True
    alone = True

    def drafts(self, request: SubjectRequest, rows: Sequence[Step]) -> list[Step]:
        return [
            Step(
                target=str(holding.version)[:200],
                rows_before=1,
                facts={"version": holding.version.pk, "hash": holding.hash},
            )
            for holding in holdings(_lookups(request))
            if not is_excluded(holding)
        ]

    def execute(self, step: Step) -> Outcome:
        assert step.plan.request is not None
        models = exclude(step.plan.request, _holding(step))
        return Outcome(left=int(not is_excluded(_holding(step))), facts={"models": models})

    def check(self, step: Step) -> Outcome:
        return Outcome(left=int(not is_excluded(_holding(step))))


def _holding(step: Step) -> Holding:
    return Holding(Version.objects.get(pk=step.facts["version"]), step.facts["hash"])


def _lookups(request: SubjectRequest) -> list[tuple[str, bytes]]:
    verified = request.identifiers.filter(verified=True)
    return [(each.category, bytes(each.lookup)) for each in verified]
