"""Runs of expiry: planned from the due list, approved by a second person, carried out and read back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from erasure.expiry import approving, jobs
from erasure.expiry.filters import RunFilter
from erasure.expiry.forms import ApproveRunForm, RejectRunForm
from erasure.expiry.models import Run
from erasure.expiry.planning import METHODS
from erasure.models import Plan
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, chosen, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.policies.filters import DueFilter
from retention.policies.models import Due
from retention.policies.tabs import retention_tabs

COLUMNS = [
    ListColumn("run", "Run", value=str, link=Run.get_absolute_url, wraps=True),
    ListColumn("state", "State", template="ui/state.html", sort="plan__state"),
    ListColumn("rows", "Rows", numeric=True),
    ListColumn("before", "From before", sort=True),
    ListColumn("policy", "Policy", sort="policy__name", wraps=True),
    ListColumn("made_at", "Planned", value="plan.made_at", sort="plan__made_at"),
    ListColumn("finished_at", "Ended", value="plan.finished_at", sort="plan__finished_at"),
]


@allow("retention.view")
def list_runs(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        Run.objects.select_related("plan", "policy", "data_set__system").prefetch_related("plan__steps"),
        filterset=RunFilter,
        columns=COLUMNS,
        title="Runs",
        template="expiry/runs.html",
        context={"tabs": retention_tabs(request.user, "expiry:runs")},
        empty=Empty(
            "No runs",
            "What is due is planned from the due list; the plan, its approval and its outcome stand here.",
            "See what is due",
            reverse("policies:due"),
            icon="hourglass",
        ),
    )


@allow("retention.run")
@require_POST
def plan(request: StaffRequest) -> HttpResponse:
    """Plan the ticked rows of the due list."""
    entries = chosen(request, Due.objects.filter(state=Due.State.DUE), filterset=DueFilter)
    data_sets = list(entries.values_list("data_set_id", flat=True))
    if not data_sets:
        messages.warning(request, "None of these is due: there is nothing to plan.")
        return redirect("policies:due")
    return redirect(jobs.request(data_sets))


@allow("retention.view")
def run(request: StaffRequest, pk: int) -> HttpResponse:
    found = _run(pk)
    form = ApproveRunForm(word=_word(found), initial={"fingerprint": found.plan.fingerprint})
    return _run_page(request, found, form)


@allow("retention.run")
@require_POST
def approve(request: StaffRequest, pk: int) -> HttpResponse:
    found = _run(pk)
    form = ApproveRunForm(request.POST, word=_word(found))
    if not form.is_valid():
        return _run_page(request, found, form, status=422)
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
    found = _run(pk)
    form = RejectRunForm(request.POST)
    if not form.is_valid():
        return _run_page(request, found, None, rejecting=form, status=422)
    try:
        approving.reject(found, reason=form.cleaned_data["reason"], by=request.user)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect(found)


@allow("retention.run")
@require_POST
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    found = _run(pk)
    try:
        jobs.resume(found)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect(found)


def _run(pk: int) -> Run:
    related = ("plan__made_by", "plan__decided_by", "policy", "data_set__system", "job")
    return get_object_or_404(Run.objects.select_related(*related), pk=pk)


def _word(found: Run) -> str:
    """What the second person types: the number of the run."""
    return str(found.plan).partition(",")[0]


def _run_page(
    request: StaffRequest,
    found: Run,
    form: ApproveRunForm | None,
    *,
    rejecting: RejectRunForm | None = None,
    status: int = 200,
) -> HttpResponse:
    plan = found.plan
    open_now = plan.state in (Plan.State.PROPOSED, Plan.State.BLOCKED) and request.user.may("retention.run")
    made_it = plan.made_by_id == request.user.pk
    at_work = found.job is not None and not found.job.finished
    context: dict[str, Any] = {
        "title": str(found),
        "run": found,
        "plan": plan,
        "steps": [(step, METHODS[step.method]) for step in plan.steps.select_related("data_set__system")],
        "form": form if open_now and plan.state == Plan.State.PROPOSED and not made_it else None,
        "made_it": open_now and made_it and plan.state == Plan.State.PROPOSED,
        "rejecting": (rejecting or RejectRunForm()) if open_now else None,
        "approve_url": reverse("expiry:approve", args=[found.pk]),
        "reject_url": reverse("expiry:reject", args=[found.pk]),
        "resume_url": reverse("expiry:resume", args=[found.pk])
        if plan.state in (Plan.State.APPROVED, Plan.State.EXECUTING)
        and not at_work
        and request.user.may("retention.run")
        else "",
        "job": found.job if at_work else None,
    }
    return page(request, "expiry/run.html", context, status=status)
