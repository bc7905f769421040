"""What an officer does with the clock of a request, and with one that had ended."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from erasure.forms import AppealForm, ReasonForm, TellingReasonForm
from erasure.models import SubjectRequest
from erasure.requests import acknowledging, pausing, reopening
from erasure.requests.regimes import regimes
from erasure.views.handling import ask, refusals_shown
from governance.console.http import StaffRequest
from governance.console.permissions import allow


@allow("requests.handle")
@require_POST
@refusals_shown
def acknowledge(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    acknowledging.acknowledge(found)
    messages.success(request, "A letter tells the person that their request is here.")
    return redirect(found)


@allow("requests.handle")
@refusals_shown
def pause(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    law = regimes().get(found.regime)
    return ask(
        request,
        found,
        TellingReasonForm(request.POST or None),
        lambda reason: pausing.pause(found, reason=reason),
        title="Pause the clock",
        lead=f"{law.title if law else found.regime} lets the clock stand {law.pause or 'for nothing' if law else ''}. "
        "Say what you need to know: the person is asked at once, and the deadline moves by the days until you resume.",
        submit="Pause the clock",
    )


@allow("requests.handle")
@require_POST
@refusals_shown
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    pausing.resume(found)
    messages.success(request, f"The clock goes on. The answer is due by {found.due_on:%-d %B %Y}.")
    return redirect(found)


@allow("requests.handle")
@refusals_shown
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        ReasonForm(request.POST or None),
        lambda reason: reopening.reopen(found, reason=reason),
        title="Reopen the request",
        lead="The person is searched for again, and the whole time of the law begins today. The person is told.",
        submit="Reopen the request",
    )


@allow("requests.handle")
@require_POST
@refusals_shown
def appeal(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    reopening.appeal(found)
    messages.success(request, f"The appeal must be decided by {found.due_on:%-d %B %Y}.")
    return redirect(found)


@allow("requests.handle")
@refusals_shown
def appeal_decide(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        AppealForm(request.POST or None),
        lambda decision, reason: reopening.decide_appeal(
            found, grant=decision == SubjectRequest.Appeal.GRANTED, reason=reason
        ),
        title="Decide the appeal",
        lead="Granted, the request goes on; refused, it ends. Either way the person gets the decision and its reasons.",
        submit="Decide the appeal",
    )
