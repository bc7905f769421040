from collections.abc import Sequence
from typing import Any

from catalog.connectors.base import Unsupported
from catalog.models import VIEW, DataSet
from erasure.measures.base import Measure, Outcome, Turn
from erasure.measures.earlier import OWED, changed_earlier
from erasure.models import Step, SubjectRequest
from erasure.recomputing.downstream import derived_from
from erasure.recomputing.models import AnonymousAggregate, Recomputation
from erasure.recomputing.running import approved_for, differing, recompute

UNCHANGED = ("keep", "ask")
UNDECLARED = (
    "Derived data that may still count the person: "
    "declare how it is recomputed, or confirm that it is anonymous."
)
UNAPPROVED = "Derived data that may still count the person: nobody has approved yet how it is recomputed."


class Recompute(Measure):
    """Derived data without persons of their own, computed anew from the rows that are left."""

    kind = "recompute"
    label = "Recompute derived data"
    turn = Turn.LAST  # what is counted may be the rows that identify the person

    def drafts(self, request: SubjectRequest, rows: Sequence[Step]) -> list[Step]:
        changed, owed = _changed(rows), _owed(request)
        return [
            Step(
                method=self.kind,
                data_set=data_set,
                target=str(data_set),
                facts=_facts(data_set, sources) | ({OWED: True} if data_set.pk in owed else {}),
            )
            for data_set, sources in derived_from(changed | set().union(*owed.values()))
        ]

    def execute(self, step: Step) -> Outcome:
        return self._outcome(step, write=True)

    def check(self, step: Step) -> Outcome:
        return self._outcome(step, write=False)

    def _outcome(self, step: Step, *, write: bool) -> Outcome:
        data_set = step.data_set
        assert data_set is not None
        if "anonymous" in step.facts or "warning" in step.facts:
            return Outcome(facts={"recomputed": False})
        declared = approved_for(data_set)
        if "declaration" in step.facts and (declared is None or declared.digest != step.facts["declaration"]):
            return Outcome(
                left=1, problem=f"How {data_set} is recomputed was changed since the plan was approved."
            )
        try:
            if not write:
                wrong, facts = differing(data_set), {}
            else:
                count, wrong = recompute(data_set)
                facts = {"recomputed": True, "rows": count}
        except Unsupported as problem:
            return Outcome(left=1, problem=str(problem))
        if wrong:
            return Outcome(
                wrong, f"{wrong} rows of {data_set} differ from what its sources give.", facts=facts
            )
        return Outcome(facts=facts)


def _changed(rows: Sequence[Step]) -> set[int]:
    return {step.data_set_id for step in rows if step.data_set_id and step.method not in UNCHANGED}


def _owed(request: SubjectRequest) -> dict[int, set[int]]:
    """What earlier plans changed without computing anew what is made of it: {derived data set: changed ones}."""
    earlier = changed_earlier(request)
    if not earlier:
        return {}
    done: dict[int | None, int] = {}
    for step in Step.objects.filter(plan__request=request, method=Recompute.kind, state=Step.State.DONE):
        done[step.data_set_id] = max(step.plan.number, done.get(step.data_set_id, 0))
    owed: dict[int, set[int]] = {}
    for step in earlier:
        for changed in _changed([step]):
            for data_set, _ in derived_from({changed}):
                if done.get(data_set.pk, 0) < step.plan.number:
                    owed.setdefault(data_set.pk, set()).add(changed)
    return owed


def _facts(data_set: DataSet, sources: list[str]) -> dict[str, Any]:
    """What the approver sees of it."""
    facts: dict[str, Any] = {"made of": sources}
    declared = approved_for(data_set)
    if data_set.kind == VIEW:
        return facts | {"how": "the store refreshes the materialized view"}
    if declared is not None:
        return facts | {"how": declared.query or declared.lines, "declaration": declared.digest}
    anonymous = AnonymousAggregate.objects.filter(data_set=data_set).first()
    if anonymous is not None:
        return facts | {"anonymous": f"confirmed: at least {anonymous.smallest_group} persons in each figure"}
    waiting = Recomputation.objects.filter(data_set=data_set).exists()
    return facts | {"warning": UNAPPROVED if waiting else UNDECLARED}
