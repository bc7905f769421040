from collections.abc import Mapping, Sequence
from typing import Any

from catalog.models import System
from erasure.custodians.answering import close_as_seen
from erasure.custodians.asking import LEFT_TO_THEM, ask_custodian
from erasure.custodians.models import Task
from erasure.custodians.standing import answered, outcome_of
from erasure.estate import beyond_reach
from erasure.measures.base import Measure, Outcome, Planned, Turn
from erasure.models import Step


class AskCustodian(Measure):
    """Systems that the console cannot change, or not even search: their custodian does it, and says so.

    Where the console can search, the word of the custodian closes nothing: the step on the rows waits until a search
    finds none.
    """

    kind = "ask_custodian"
    label = "Ask the custodian"
    turn = Turn.FIRST  # people take days: they are asked while the console does its own part
    alone = True

    def drafts(self, planned: Sequence[Planned]) -> list[list[Step]]:
        unseen = {system: _personal_data_sets(system) for system in beyond_reach()}
        done = answered((each.request for each in planned), by="system") if unseen else set()
        return [
            _steps(
                each.rows,
                {
                    system: names
                    for system, names in unseen.items()
                    if (each.request.pk, system.pk) not in done
                },
            )
            for each in planned
        ]

    def execute(self, step: Step) -> Outcome:
        system = System.objects.get(pk=step.facts["system"])
        return outcome_of(ask_custodian(step, system, data_sets=step.facts["data_sets"]))

    def check(self, step: Step) -> Outcome:
        task = Task.objects.select_related("request", "system", "recipient").get(step=step)
        if task.open and _seen_gone(step):
            close_as_seen(task)
        return outcome_of(task)


def _steps(rows: Sequence[Step], unseen: Mapping[System, list[str]]) -> list[Step]:
    """A step for each system in which rows are left to the custodian, and for each that no search looks into."""
    left_to_them: dict[System, list[str]] = {}
    counts: dict[int, int] = {}
    for step in rows:
        if step.method in LEFT_TO_THEM and step.data_set:
            left_to_them.setdefault(step.data_set.system, []).append(step.data_set.name)
            counts[step.data_set.system_id] = counts.get(step.data_set.system_id, 0) + step.rows_before
    return [
        Step(
            target=f"{system}: {_who(system)}"[:200],
            rows_before=0,  # those that were found are counted by the steps on them
            facts={"system": system.pk, "data_sets": names, "found": counts.get(system.pk, 0)},
        )
        for system, names in sorted({**unseen, **left_to_them}.items(), key=lambda pair: pair[0].name)
    ]


def _seen_gone(step: Step) -> bool:
    """Whether the task is about rows that the console can search, and finds no more."""
    states = _row_steps(step).values_list("state", flat=True)
    return bool(states) and all(state == Step.State.DONE for state in states)


def _row_steps(step: Step) -> Any:
    return step.plan.steps.filter(method__in=LEFT_TO_THEM, data_set__system=step.facts["system"])


def _personal_data_sets(system: System) -> list[str]:
    return list(system.data_sets.filter(gone_at=None).order_by("name").values_list("name", flat=True))


def _who(system: System) -> str:
    if hasattr(system, "webhook"):
        return "their system is asked by webhook"
    return "its custodian is asked" if system.custodian_id else "it has no custodian yet, officers are told"
