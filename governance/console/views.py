"""The overview, jobs, and whether the console is healthy."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from governance.console import health, jobs
from governance.console.filters import JobFilter
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.models import Job
from governance.console.overview import cards, checklist
from governance.console.pages import page
from governance.console.permissions import allow, public

JOBS = [
    ListColumn("title", "Job", sort=True, link=Job.get_absolute_url, wraps=True),
    ListColumn("state", "State", sort=True, template="ui/state.html"),
    ListColumn("done", "Done", numeric=True),
    ListColumn("total", "Of", numeric=True),
    ListColumn("started_by", "Started by", value="started_by.display_name"),
    ListColumn("queued_at", "Queued", sort=True),
    ListColumn("finished_at", "Ended", sort=True),
]


@allow("overview.view")
def overview(request: StaffRequest) -> HttpResponse:
    user = request.user
    context = {"title": "Overview", "checklist": checklist(user), "cards": cards(user)}
    return page(request, "console/dashboard.html", context)


@allow("jobs.view")
def list_jobs(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        Job.objects.select_related("started_by"),
        filterset=JobFilter,
        columns=JOBS,
        title="Jobs",
        empty=Empty(
            "No jobs yet", "Scans, searches and erasures run as jobs and are listed here.", icon="player-play"
        ),
    )


@allow("jobs.view")
def job(request: StaffRequest, pk: str) -> HttpResponse:
    shown = get_object_or_404(Job.objects.select_related("started_by"), pk=pk)
    context = {"job": shown, "may_cancel": jobs.may_cancel(request.user, shown)}
    return page(request, "console/job.html", context)


@allow("jobs.view")
@never_cache
def job_progress(request: StaffRequest, pk: str) -> HttpResponse:
    """How far the job is: the part asks for itself again each second, until the job has ended.

    Whoever has watched it to its end sees the page around it anew, with what the job has changed.
    """
    job = get_object_or_404(Job, pk=pk)
    response = page(request, "console/job_progress.html", {"job": job})
    if job.finished and "watching" in request.GET:
        response["HX-Refresh"] = "true"
    return response


@allow("jobs.cancel")
@require_POST
def cancel_job(request: StaffRequest, pk: str) -> HttpResponse:
    target = get_object_or_404(Job, pk=pk)
    if not jobs.may_cancel(request.user, target):
        raise PermissionDenied("Only those who may handle what this job does may stop it.")
    if jobs.cancel(target):
        messages.success(request, "The job stops after the step it is at.")
    else:
        messages.warning(request, "The job had ended already.")
    return redirect(target)


@public
@require_safe
@never_cache
def healthy(request: StaffRequest) -> JsonResponse:
    """200 while database and broker answer, else 503; which of them, and nothing more."""
    parts = {"database": health.database_answers(), "broker": health.broker_answers()}
    return JsonResponse({"healthy": all(parts.values()), **parts}, status=200 if all(parts.values()) else 503)
