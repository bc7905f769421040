"""How the step of a task stands, for the engine."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any, Literal

from django.utils import timezone

from erasure.custodians.answering import evidence_digests
from erasure.custodians.models import Task
from erasure.measures.base import Outcome
from erasure.models import SubjectRequest


def answered(
    requests: Iterable[SubjectRequest], *, by: Literal["recipient", "system"]
) -> set[tuple[int, int]]:
    """(request, recipient or system) of the tasks that are not open any more."""
    tasks = Task.objects.filter(request__in=list(requests), **{f"{by}__isnull": False})
    return set(tasks.exclude(state__in=Task.OPEN).values_list("request", by))


def outcome_of(task: Task) -> Outcome:
    """Waiting while it is open; afterwards what was said, with the digests of the evidence: nothing personal."""
    if task.open:
        # Until when, only they can say.
        until = timezone.make_aware(datetime.combine(task.until, time.max)) if task.until else None
        return Outcome(
            left=1,
            waits_for=task.waits_for,
            until=until,
            facts={"task": str(task.public_id)},
        )
    facts: dict[str, Any] = {
        "task": str(task.public_id),
        "answer": task.state,
        "answered_at": task.answered_at.isoformat() if task.answered_at else "",
        "way": task.answered_by_way,
        "evidence": evidence_digests(task),
    }
    if task.exemption:
        facts["exemption"] = task.exemption
    return Outcome(facts=facts)
