"""Replays: begun, answered, approved by a second person, carried out and looked at again. Counts only."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.registering import connector_form
from erasure.models import Plan
from erasure.registry.models import Replay, ReplayQuestion
from erasure.registry.replays import approving, jobs
from erasure.registry.replays.filters import ReplayFilter
from erasure.registry.replays.forms import (
    AnswerReplayForm,
    ApproveReplayForm,
    RejectReplayForm,
    ReplayForm,
    ReplaySystemForm,
    searchable,
)
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.policies.tabs import retention_tabs

PREFIX = "copy"
COLUMNS = [
    ListColumn("replay", "Replay", value=str, link=Replay.get_absolute_url, wraps=True),
    ListColumn("state", "State", template="ui/state.html", sort=True),
    ListColumn("backup", "Backup", value="backup.name", wraps=True),
    ListColumn("persons", "Persons", sort=True, numeric=True),
    ListColumn("rows", "Rows", sort=True, numeric=True),
    ListColumn("left", "Left", sort=True, numeric=True),
    ListColumn("started_at", "Begun", sort=True),
    ListColumn("finished_at", "Ended", sort=True),
]


@allow("retention.view")
def list_replays(request: StaffRequest) -> HttpResponseBase:
    add = reverse("registry:replay_choose") if request.user.may("backups.manage") else ""
    return listing(
        request,
        Replay.objects.select_related("system", "backup"),
        filterset=ReplayFilter,
        columns=COLUMNS,
        title="Replays",
        template="registry/backups.html",
        context={
            "tabs": retention_tabs(request.user, "registry:replays"),
            "add_url": add,
            "add_label": "Replay a restored copy",
        },
        empty=Empty(
            "No copy was replayed",
            "Before a restored backup goes live, whoever was erased since it was made is erased there again.",
            "Replay a restored copy" if add else "",
            add,
            icon="history",
        ),
    )


@allow("backups.manage")
def choose(request: StaffRequest) -> HttpResponse:
    """First which system it is a copy of, then where it lies."""
    form = ReplaySystemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("registry:replay_add", pk=form.cleaned_data["system"].pk)
    context = {"title": "Replay a restored copy", "form": form}
    return page(request, "registry/replay_choose.html", context, status=422 if form.errors else 200)


@allow("backups.manage")
def add(request: StaffRequest, pk: int) -> HttpResponse:
    system = get_object_or_404(searchable(), pk=pk)
    may_lie_elsewhere = request.user.may("systems.manage")
    form = ReplayForm(request.POST or None, system=system, may_lie_elsewhere=may_lie_elsewhere)
    elsewhere = may_lie_elsewhere and bool(request.POST.get("elsewhere"))
    address = connector_form(
        system.kind, request.POST if elsewhere else None, prefix=PREFIX, initial=system.settings
    )
    secrets = sorted(system.secret_fields) if system.secrets else []
    for name in secrets:
        address.fields[name].required = False
    if request.method == "POST" and form.is_valid() and (not elsewhere or address.is_valid()):
        asked = form.cleaned_data
        at_system = asked["at_system"]
        given = at_system.all_settings() if at_system else address.cleaned_data if elsewhere else None
        try:
            return redirect(jobs.start(system, backup=asked["backup"], settings=given, by=request.user))
        except ValidationError as refusal:
            _spread(refusal, form, address)
    context = {
        "title": f"Replay a copy of {system}",
        "form": form,
        "settings": address if may_lie_elsewhere else None,
        "secrets_set": secrets,
    }
    return page(
        request, "registry/replay_add.html", context, status=422 if form.errors or address.errors else 200
    )


@allow("retention.view")
def replay(request: StaffRequest, pk: int) -> HttpResponse:
    found = _replay(pk)
    return _replay_page(request, found)


@allow("retention.run")
@require_POST
def answer(request: StaffRequest, pk: int, question: int) -> HttpResponse:
    found = _replay(pk)
    asked = get_object_or_404(
        ReplayQuestion.objects.select_related("data_set__system"), pk=question, replay=found
    )
    form = AnswerReplayForm(request.POST, prefix=f"q{asked.pk}")
    if not form.is_valid():
        return _replay_page(request, found, answering=(asked.pk, form), status=422)
    try:
        approving.answer(asked, **form.cleaned_data, by=request.user)
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        return _replay_page(request, found, answering=(asked.pk, form), status=422)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect(found)


@allow("retention.run")
@require_POST
def approve(request: StaffRequest, pk: int) -> HttpResponse:
    found = _replay(pk)
    form = ApproveReplayForm(request.POST, word=found.reference)
    if not form.is_valid():
        return _replay_page(request, found, approving_form=form, status=422)
    try:
        approving.approve(found, fingerprint=form.cleaned_data["fingerprint"], by=request.user)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{found} is approved and will be carried out now.")
    return redirect(found)


@allow("retention.run")
@require_POST
def reject(request: StaffRequest, pk: int) -> HttpResponse:
    found = _replay(pk)
    form = RejectReplayForm(request.POST)
    if not form.is_valid():
        return _replay_page(request, found, rejecting=form, status=422)
    try:
        approving.reject(found, reason=form.cleaned_data["reason"], by=request.user)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect(found)


@allow("backups.manage")
@require_POST
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    """Go on with what a silent copy interrupted, or look again."""
    found = _replay(pk)
    try:
        jobs.resume(found) if found.state == Replay.State.EXECUTING else jobs.look_again(found)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect(found)


def _replay(pk: int) -> Replay:
    related = ("system", "backup", "asked_by", "plan__made_by", "plan__decided_by", "job")
    return get_object_or_404(Replay.objects.select_related(*related), pk=pk)


def _spread(refusal: ValidationError, form: Form, address: Form) -> None:
    """Each message to the field that it is about."""
    by_field = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    for name, said in by_field.items():
        if name in address.fields:
            address.add_error(name, said)
        else:
            form.add_error(name if name in form.fields else None, said)


def _replay_page(
    request: StaffRequest,
    found: Replay,
    *,
    answering: tuple[int, AnswerReplayForm] | None = None,
    approving_form: ApproveReplayForm | None = None,
    rejecting: RejectReplayForm | None = None,
    status: int = 200,
) -> HttpResponse:
    plan, may = found.plan, request.user.may("retention.run")
    at_work = found.job is not None and not found.job.finished
    proposed = plan is not None and plan.state == Plan.State.PROPOSED
    made_it = plan is not None and (
        plan.made_by_id == request.user.pk or approving.decided_by(found, request.user)
    )
    open_now = may and plan is not None and (proposed or plan.state == Plan.State.BLOCKED)
    questions = list(found.questions.select_related("data_set__system", "answered_by"))
    asking = may and found.state == Replay.State.ASKING and not at_work
    again = (Replay.State.FAILED, Replay.State.BLOCKED, Replay.State.EXECUTING)
    form = None
    if open_now and proposed and not made_it and plan:
        form = approving_form or ApproveReplayForm(
            word=found.reference, initial={"fingerprint": plan.fingerprint}
        )
    context: dict[str, Any] = {
        "title": str(found),
        "replay": found,
        "plan": plan,
        "steps": plan.steps.select_related("data_set__system", "hold") if plan else [],
        "questions": [
            (each, _answer_form(each, answering) if asking and not each.answer else None)
            for each in questions
        ],
        "form": form,
        "made_it": open_now and proposed and made_it,
        "rejecting": (rejecting or RejectReplayForm()) if open_now else None,
        "approve_url": reverse("registry:replay_approve", args=[found.pk]),
        "reject_url": reverse("registry:replay_reject", args=[found.pk]),
        "resume_url": reverse("registry:replay_resume", args=[found.pk])
        if request.user.may("backups.manage") and not at_work and found.state in again
        else "",
        "job": found.job if at_work else None,
        "facts": [
            ("System", found.system),
            ("The copy lies", found.where),
            ("Backup", found.backup),
            ("Begun by", found.asked_by and found.asked_by.display_name),
            ("Begun", found.started_at),
            ("Ended", found.finished_at),
            ("Registered persons in it", found.persons),
            ("Rows to change", found.rows),
            ("Left", found.left),
        ],
    }
    return page(request, "registry/replay.html", context, status=status)


def _answer_form(
    question: ReplayQuestion, answering: tuple[int, AnswerReplayForm] | None
) -> AnswerReplayForm:
    if answering and answering[0] == question.pk:
        return answering[1]
    return AnswerReplayForm(prefix=f"q{question.pk}")
