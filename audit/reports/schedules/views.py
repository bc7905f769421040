"""Scheduled reports: which there are, each with what became of it, and setting them up, changing and stopping them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit.reports.base import Report, reports
from audit.reports.models import Delivery, Issue, Schedule
from audit.reports.renderers import renderers
from audit.reports.schedules import delivering, issuing, scheduling
from audit.reports.schedules.forms import ScheduleForm, asked_for
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

LATEST = 20


@allow("reports.view")
def schedules(request: StaffRequest) -> HttpResponse:
    context = {
        "title": "Scheduled reports",
        "schedules": [(each, title_of(each), _last(each)) for each in Schedule.objects.all()],
        "kinds": scheduling.schedulable(request.user.may) if request.user.may("reports.schedule") else [],
    }
    return page(request, "reports/schedules.html", context)


@allow("reports.view")
def schedule(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule.objects.select_related("made_by"), pk=pk)
    may_manage = request.user.may("reports.schedule")
    context = {
        "title": title_of(found),
        "schedule": found,
        "facts": _facts(found, addresses=may_manage),
        "issues": found.issues.defer("body").prefetch_related("deliveries")[:LATEST],
        "may_manage": may_manage,
    }
    return page(request, "reports/schedule.html", context)


@allow("reports.schedule")
def schedule_add(request: StaffRequest, kind: str) -> HttpResponse:
    report = _report(request, kind)
    return _form_page(request, report, Schedule(kind=kind, form="pdf"), reverse("reports:schedules"))


@allow("reports.schedule")
def schedule_change(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule, pk=pk, stopped_at=None)
    return _form_page(request, _report(request, found.kind), found, found.get_absolute_url())


@allow("reports.schedule")
@require_POST
def schedule_stop(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule, pk=pk)
    if scheduling.stop(found):
        messages.success(request, "It will not be made again. What was made before still goes out.")
    return redirect(found)


@allow("reports.schedule")
@require_POST
def issue_again(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Issue, pk=pk)
    if issuing.make_again(found):
        messages.success(request, "It is made within the next minutes.")
    return redirect(found.schedule)


@allow("reports.schedule")
@require_POST
def delivery_again(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Delivery, pk=pk)
    if delivering.send_again(found):
        messages.success(request, "It is sent within the next minute.")
    else:
        messages.warning(request, "It is on its way, has arrived, or is kept no longer.")
    return redirect(found.issue.schedule)


def _last(schedule: Schedule) -> Issue | None:
    return schedule.issues.defer("body").prefetch_related("deliveries").first()


def title_of(schedule: Schedule) -> str:
    cls = reports.classes.get(schedule.kind)
    return cls.title if cls else schedule.kind


def _report(request: StaffRequest, kind: str) -> Report:
    """Raises Http404."""
    for cls in scheduling.schedulable(request.user.may):
        if cls.kind == kind:
            return cls()
    raise Http404


def _form_page(request: StaffRequest, report: Report, described: Schedule, back: str) -> HttpResponse:
    """Two forms on one page: the schedule, and the parameters of its report."""
    posted = request.POST if request.method == "POST" else None
    form = ScheduleForm(posted, instance=described, report=report)
    parameters = report.Parameters(posted, initial=described.parameters)
    if form.is_valid() & parameters.is_valid():  # both, so that both say what is wrong
        kept = form.save(commit=False)
        kept.parameters = asked_for(report, parameters.data)
        keep = scheduling.change if kept.pk else scheduling.add
        return redirect(keep(kept, by=request.user))
    context = {
        "title": f"Schedule: {report.title}",
        "form": form,
        "parameters": parameters,
        "cancel_url": back,
    }
    return page(request, "reports/schedule_form.html", context, status=422 if posted is not None else 200)


def _facts(schedule: Schedule, *, addresses: bool) -> list[tuple[str, Any]]:
    """The addresses are for those alone who may change them."""
    places = list(schedule.recipients) if addresses else [f"{len(schedule.recipients)} by e-mail"]
    return [
        ("Form", renderers.get(schedule.form).label),
        ("Made", schedule.get_rhythm_display()),
        ("Parameters", ", ".join(f"{name}: {value}" for name, value in schedule.parameters.items())),
        ("Only the time since the last one", schedule.window),
        ("Sent to", ", ".join([*places, *(["write-once storage"] if schedule.to_worm else [])])),
        ("Set up by", schedule.made_by.display_name if schedule.made_by else ""),
        ("Next", None if schedule.stopped_at else schedule.next_at),
        ("Stopped", schedule.stopped_at),
    ]
