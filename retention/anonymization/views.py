"""Jobs of anonymization: the list, one of them, a new one, and going on with one that failed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog.connectors.base import ConnectorError
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.anonymization import recovering, requesting
from retention.anonymization.destinations import DestinationError
from retention.anonymization.filters import RunFilter
from retention.anonymization.forms import NewForm, RulesForm
from retention.anonymization.models import Outlet, Run
from retention.anonymization.techniques import registry as techniques
from retention.anonymization.techniques.base import TechniqueError
from retention.tabs import anonymization_tabs

REFUSALS = (TechniqueError, ConnectorError, DestinationError, ImproperlyConfigured)
JOBS = [
    ListColumn("source", "Source", sort=True, link=Run.get_absolute_url, wraps=True),
    ListColumn("state", "State", template="anonymization/_state.html"),
    ListColumn("destination", "Destination", sort=True, wraps=True),
    ListColumn("use", "Use", sort=True),
    ListColumn("record_count", "Rows", sort=True, numeric=True),
    ListColumn("runner", "Runner"),
    ListColumn("asked_by", "Asked by", value="asked_by.display_name"),
    ListColumn("asked_at", "Asked", sort=True),
    ListColumn("digest", "SHA-256 of the output", on_page=False),
]


@allow("anonymization.view")
def jobs(request: StaffRequest) -> HttpResponseBase:
    may = request.user.may("anonymization.run")
    new = reverse("anonymization:new") if may else ""
    return listing(
        request,
        Run.objects.select_related("job", "asked_by"),
        filterset=RunFilter,
        columns=JOBS,
        title="Anonymization",
        template="anonymization/jobs.html",
        context={"tabs": anonymization_tabs("anonymization:jobs"), "new_url": new},
        empty=Empty(
            "No jobs yet",
            "A job makes a copy of a data set that is safe for one use, and keeps a record of how.",
            "Anonymize a data set" if may else "",
            new,
            icon="spy",
        ),
    )


@allow("anonymization.view")
def job(request: StaffRequest, pk: str) -> HttpResponse:
    run = get_object_or_404(Run.objects.select_related("job", "asked_by"), pk=pk)
    labels = dict(techniques.choices())
    rules = [
        {**rule, "label": labels.get(rule["technique"], rule["technique"])} for rule in run.rules["rules"]
    ]
    context = {
        "title": run.source,
        "run": run,
        "rules": rules,
        "facts": _facts(run),
        "may_cancel": request.user.may("jobs.cancel") and run.job and not run.job.finished,
        "may_resume": request.user.may("anonymization.run") and run.resumable,
        "may_recover": request.user.may("vault.detokenize") and bool(recovering.columns(run)),
        "notices": run.notices.select_related("sink"),
    }
    return page(request, "anonymization/job.html", context)


@allow("anonymization.run")
@require_safe
def new(request: StaffRequest) -> HttpResponse:
    """First what and where to, as a GET; the rules depend on it."""
    form = NewForm(request.GET or None)
    if form.is_valid():
        return redirect(f"{reverse('anonymization:review')}?{request.GET.urlencode()}")
    context = {
        "title": "Anonymize a data set",
        "form": form,
        "outlets": Outlet.objects.exists(),
        "may_manage": request.user.may("systems.manage"),
    }
    return page(request, "anonymization/new.html", context, status=422 if form.errors else 200)


@allow("anonymization.run")
def review(request: StaffRequest) -> HttpResponse:
    """The rules of a new job with their reasons, to change and to start."""
    asked = NewForm(request.GET)
    if not asked.is_valid():
        return redirect(f"{reverse('anonymization:new')}?{request.GET.urlencode()}")
    chosen = asked.cleaned_data
    spec = {"system": chosen["data_set"].system_id, "data_set": chosen["data_set"].name}
    drafting: dict[str, Any] = {"use": chosen["use"], "person": chosen["person"], "look": False}
    try:
        made = requesting.draft(spec, **drafting)
    except REFUSALS as refused:
        return _refused(request, str(refused))
    form = RulesForm(
        request.POST or None, columns=[c.name for c in made.columns], rules=made.resolution.rules.rules
    )
    problem = ""
    if request.method == "POST" and form.is_valid():
        how = {"runner": chosen["runner"], "overwrite": chosen["overwrite"]}
        try:
            made = requesting.draft(spec, **drafting, given=form.cleaned_data["rules"])
            requesting.check(made, chosen["destination"], **how)
            return redirect(requesting.start(made, chosen["destination"], by=request.user, **how))
        except REFUSALS as refused:
            problem = str(refused)
    whys = {rule.column: rule.reason for rule in made.resolution.rules.rules}
    whys |= {each.column: f"Nobody decided: {each.why}." for each in made.resolution.undecided}
    context = {
        "title": "Review the rules",
        "made": made,
        "form": form,
        "problem": problem,
        "rows": [(*row, whys.get(row[0], "")) for row in form.rows()],
        "back": _back(request),
    }
    status = 422 if problem or (request.method == "POST" and form.errors) else 200
    return page(request, "anonymization/review.html", context, status=status)


@allow("anonymization.run")
@require_POST
def resume(request: StaffRequest, pk: str) -> HttpResponse:
    run = get_object_or_404(Run, pk=pk)
    try:
        requesting.resume(run)
    except ValueError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "The job goes on from what is staged, or begins again where that is gone.")
    return redirect(run)


def _refused(request: StaffRequest, problem: str) -> HttpResponse:
    context = {
        "title": "Review the rules",
        "problem": problem,
        "back": _back(request),
    }
    return page(request, "anonymization/review.html", context, status=422)


def _back(request: StaffRequest) -> str:
    return f"{reverse('anonymization:new')}?{request.GET.urlencode()}"


def _facts(run: Run) -> list[tuple[str, Any]]:
    return [
        ("Source", run.source),
        ("Destination", run.destination),
        ("Use", run.use),
        ("Contract", run.contract),
        ("Runner", run.runner),
        ("Persons told apart by", run.rules.get("person", "")),
        ("Rows", run.record_count),
        ("Output", run.location),
        ("SHA-256 of the output", run.digest),
        ("Fingerprint of the rules", run.fingerprint),
        ("Asked by", run.asked_by.display_name if run.asked_by else run.operator),
        ("Asked", run.asked_at),
        ("Ended", run.finished_at),
    ]
