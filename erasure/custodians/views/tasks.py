"""What custodians have to do, and what they say about it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from audit.ledger.recording import record
from erasure.custodians import answering, events, sending
from erasure.custodians.filters import TaskFilter
from erasure.custodians.forms import ConfirmForm, DelayForm, ImpossibleForm, RefuseForm
from erasure.custodians.models import Evidence, Task
from erasure.custodians.seeing import own_tasks, tasks_of
from erasure.custodians.telling import Person, reveal
from erasure.custodians.views.asking import ask, refusals_shown
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow

COLUMNS = [
    ListColumn(
        "request",
        "Task",
        value="request.reference",
        sort="request__pk",
        link=Task.get_absolute_url,
    ),
    ListColumn("whom", "System or recipient", wraps=True),
    ListColumn("to_do", "What to do", wraps=True),
    ListColumn("state", "State", sort=True, template="custodians/_state.html"),
    ListColumn("due_on", "Due", sort=True),
    ListColumn("until", "Delayed until", sort=True),
    ListColumn("answered_at", "Answered", sort=True),
]


def _found(request: StaffRequest, task: UUID, **_: Any) -> Task:
    return get_object_or_404(tasks_of(request.user), public_id=task)


def _own(request: StaffRequest, task: UUID) -> Task:
    return get_object_or_404(own_tasks(request.user), public_id=task)


@allow("tasks.view")
def list_tasks(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        tasks_of(request.user),
        filterset=TaskFilter,
        columns=COLUMNS,
        title="Tasks",
        empty=Empty(
            "No tasks",
            "What the console cannot do itself in a system, its custodian is asked for here.",
            icon="checklist",
        ),
    )


@allow("tasks.view")
def show(request: StaffRequest, task: UUID) -> HttpResponse:
    return _page(request, _found(request, task))


@allow("tasks.confirm")
@require_POST
@never_cache
def identifiers(request: StaffRequest, task: UUID) -> HttpResponse:
    """The page with whom it is about in clear, this once; the ledger says who looked."""
    found = _own(request, task)
    return _page(request, found, person=reveal(found))


@allow("tasks.confirm")
@refusals_shown(_found)
def confirm(request: StaffRequest, task: UUID) -> HttpResponse:
    found = _own(request, task)
    return ask(
        request,
        ConfirmForm(request.POST or None, request.FILES or None),
        lambda state, note, evidence: answering.confirm(
            found, state=state, note=note, files=evidence, way="page", by=request.user
        ),
        back=found,
        title="Confirm the task",
        lead=f"{found.to_do}. Where the console can search itself, it looks again and believes only what it finds.",
        submit="Confirm",
    )


@allow("tasks.confirm")
@refusals_shown(_found)
def refuse(request: StaffRequest, task: UUID) -> HttpResponse:
    found = _own(request, task)
    return ask(
        request,
        RefuseForm(request.POST or None),
        lambda exemption, reason: answering.refuse(
            found, exemption=exemption, reason=reason, way="page", by=request.user
        ),
        back=found,
        title="Refuse the task",
        lead="Only where the law says that this system may keep the data. Officers are told at once and decide.",
        submit="Refuse",
        danger=True,
    )


@allow("tasks.confirm")
@refusals_shown(_found)
def delay(request: StaffRequest, task: UUID) -> HttpResponse:
    found = _own(request, task)
    return ask(
        request,
        DelayForm(request.POST or None),
        lambda until, reason: answering.take_time(
            found, until=until, reason=reason, way="page", by=request.user
        ),
        back=found,
        title="Ask for time",
        lead=f"The person has to be answered by {found.request.due_on:%-d %B %Y}. Officers are told.",
        submit="Ask for time",
    )


@allow("requests.handle")
@require_POST
@refusals_shown(_found)
def send(request: StaffRequest, task: UUID) -> HttpResponse:
    found = _found(request, task)
    sending.send_again(found)
    messages.success(request, "It is sent again within a minute.")
    return redirect(found)


@allow("requests.handle")
@refusals_shown(_found)
def impossible(request: StaffRequest, task: UUID) -> HttpResponse:
    found = _found(request, task)
    return ask(
        request,
        ImpossibleForm(request.POST or None),
        lambda reason: answering.declare_impossible(found, reason=reason, by=request.user),
        back=found,
        title="Declare it impossible",
        lead="Art. 19 GDPR: a recipient is told, unless this proves impossible or involves disproportionate effort.",
        submit="Declare it impossible",
        danger=True,
    )


@allow("tasks.view")
@require_POST
def evidence(request: StaffRequest, task: UUID, evidence: UUID) -> HttpResponse:
    """A download, never a page; the ledger says who took it."""
    found = get_object_or_404(Evidence, task=_found(request, task), public_id=evidence)
    if not found.available:
        raise Http404
    with transaction.atomic():
        record(events.EVIDENCE_READ, found.task, subject=found.task.request.subject, sha256=found.sha256)
    return found.as_download()


def _page(request: StaffRequest, task: Task, *, person: Person | None = None) -> HttpResponse:
    own = task.system is not None and task.system.custodian_id == request.user.pk
    handles = request.user.may("requests.handle")
    custodian = task.system.custodian if task.system else None
    context = {
        "title": task.request.reference,
        "task": task,
        "person": person,
        "may_reveal": own and task.open and person is None,
        "may_answer": own and task.open,
        "may_send": handles and task.open,
        "may_give_up": handles and task.open and task.recipient_id is not None,
        "may_read_request": request.user.may("requests.view"),
        "evidence": task.evidence.select_related("added_by"),
        "deliveries": task.deliveries.all()[:20],
        "facts": [
            ("To", task.whom),
            ("Custodian", custodian and custodian.display_name),
            ("Data sets", task.data_sets),
            ("Asked", task.asked_at),
            ("Reached them", task.told_at),
            ("Due", task.due_on),
            ("Delayed until", task.until),
            ("Answered", task.answered_at),
            ("Answered by", task.answered_by and task.answered_by.display_name),
            ("Exception", task.exemption and task.get_exemption_display()),
            ("Note", task.note),
        ],
    }
    return page(request, "custodians/task.html", context)
