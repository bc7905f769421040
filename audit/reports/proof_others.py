"""What others did for an erasure, or were told of it, and what an exception of Art. 17(3) keeps of one person."""

from __future__ import annotations

from collections.abc import Iterable

from audit.reports.base import Section, Value
from erasure.custodians.models import RowExemption, Task
from erasure.models import SubjectRequest


def others_sections(request: SubjectRequest) -> list[Section]:
    tasks = list(
        Task.objects.filter(request=request)
        .select_related("request", "system", "recipient", "answered_by")
        .prefetch_related("evidence")
        .order_by("asked_at", "pk")
    )
    return [
        Section(
            "Exceptions of Art. 17(3) for this person",
            columns=(
                "Data set",
                "Exception",
                "Reason",
                "Columns that keep their values",
                "Made by",
                "Made",
                "Withdrawn",
            ),
            rows=[_exemption(each) for each in _exemptions(request)],
            empty="None.",
        ),
        Section(
            "Carried out by custodians",
            "Where the console can search itself, a search and not the answer closed the step.",
            columns=(
                "System",
                "Data sets",
                "Asked",
                "Answer",
                "Answered",
                "By",
                "Exception",
                "SHA-256 of the evidence",
            ),
            rows=[_task(task) for task in tasks if task.system_id],
            empty="Nobody had to be asked.",
        ),
        Section(
            "Recipients told, Art. 19",
            columns=(
                "Recipient",
                "Data sets",
                "Asked",
                "Answer",
                "Answered",
                "By",
                "Exception",
                "SHA-256 of the evidence",
            ),
            rows=[_task(task) for task in tasks if task.recipient_id],
            empty="None is in the register for the data that were erased.",
        ),
    ]


def untold(request: SubjectRequest, named: Iterable[str]) -> list[str]:
    """Of the recipients that activities name, those who were not told."""
    told = Task.objects.filter(request=request, recipient__isnull=False, told_at__isnull=False)
    answered = Task.objects.filter(request=request, recipient__isnull=False).exclude(state__in=Task.OPEN)
    known = {
        name.casefold()
        for tasks in (told, answered)
        for name in tasks.values_list("recipient__name", flat=True)
    }
    return sorted(name for name in named if name.casefold() not in known)


def _exemptions(request: SubjectRequest) -> Iterable[RowExemption]:
    return RowExemption.objects.filter(request=request).select_related("data_set__system", "made_by")


def _exemption(made: RowExemption) -> tuple[Value, ...]:
    return (
        str(made.data_set),
        made.get_exemption_display(),
        made.reason,
        made.keep_columns,
        made.made_by.display_name if made.made_by else "",
        made.made_at,
        made.withdrawn_at,
    )


def _task(task: Task) -> tuple[Value, ...]:
    return (
        str(task.whom),
        task.data_sets,
        task.asked_at,
        task.get_state_display(),
        task.answered_at,
        task.answered_by.display_name if task.answered_by else task.answered_by_way,
        task.get_exemption_display() if task.exemption else "",
        [each.sha256 for each in task.evidence.all()],
    )
