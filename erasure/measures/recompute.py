from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from catalog.connectors.base import Unsupported
from catalog.models import VIEW, DataSet
from erasure.measures.base import Measure, Outcome, Planned, Turn
from erasure.measures.earlier import OWED, changed_earlier
from erasure.models import Step, SubjectRequest
from erasure.recomputing.downstream import derived_from
from erasure.recomputing.models import AnonymousAggregate, Recomputation
from erasure.recomputing.running import approved_for, differing, recompute

Derived = Callable[[frozenset[int]], list[tuple[DataSet, list[str]]]]
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

    def drafts(self, planned: Sequence[Planned]) -> list[list[Step]]:
        derived = cache(derived_from)  # many persons stand in the same data sets
        facts = cache(_facts)
        owed = _owed([each.request for each in planned], derived)
        return [
            [
                Step(
                    method=self.kind,
                    data_set=data_set,
                    target=str(data_set),
                    facts=facts(data_set)
                    | {"made of": sources}
                    | ({OWED: True} if data_set.pk in owing else {}),
                )
                for data_set, sources in derived(_changed(each.rows).union(*owing.values()))
            ]
            for each in planned
            for owing in [owed.get(each.request.pk, {})]
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


def _changed(rows: Sequence[Step]) -> frozenset[int]:
    return frozenset(step.data_set_id for step in rows if step.data_set_id and step.method not in UNCHANGED)


def _owed(requests: Sequence[SubjectRequest], derived: Derived) -> dict[int | None, dict[int, set[int]]]:
    """By request, what its earlier plans changed without computing anew what is made of it.

    {request: {derived data set: changed ones}}
    """
    earlier = changed_earlier(requests)
    if not earlier:
        return {}
    recomputed = Step.objects.filter(plan__request__in=earlier, method=Recompute.kind, state=Step.State.DONE)
    done: dict[tuple[int | None, int | None], int] = {}  # the last plan of a request that did it
    for step in recomputed.select_related("plan"):
        by = step.plan.request_id, step.data_set_id
        done[by] = max(step.plan.number, done.get(by, 0))
    owed: dict[int | None, dict[int, set[int]]] = {}
    for request, steps in earlier.items():
        for step in steps:
            for changed in _changed([step]):
                for found, _ in derived(frozenset({changed})):
                    if done.get((request, found.pk), 0) < step.plan.number:
                        owed.setdefault(request, {}).setdefault(found.pk, set()).add(changed)
    return owed


def _facts(data_set: DataSet) -> dict[str, Any]:
    """What the approver sees of it."""
    declared = approved_for(data_set)
    if data_set.kind == VIEW:
        return {"how": "the store refreshes the materialized view"}
    if declared is not None:
        return {"how": declared.query or declared.lines, "declaration": declared.digest}
    anonymous = AnonymousAggregate.objects.filter(data_set=data_set).first()
    if anonymous is not None:
        return {"anonymous": f"confirmed: at least {anonymous.smallest_group} persons in each figure"}
    waiting = Recomputation.objects.filter(data_set=data_set).exists()
    return {"warning": UNAPPROVED if waiting else UNDECLARED}
