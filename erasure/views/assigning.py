"""Who answers for which request, for one and for many; what goes first; and what is a duplicate."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from erasure.filters import RequestFilter
from erasure.forms import AssignForm, DuplicateForm
from erasure.models import SubjectRequest
from erasure.requests import acknowledging, assigning, grouping
from erasure.requests.states import NotNow
from erasure.views import approving_many
from erasure.views.handling import ask, refusals_shown
from governance.console.http import StaffRequest
from governance.console.listing import chosen
from governance.console.permissions import allow


@allow("requests.handle")
@refusals_shown
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    return ask(
        request,
        found,
        AssignForm(request.POST or None, initial={"officer": request.user}),
        lambda officer: assigning.assign(found, to=officer),
        title="Hand over" if found.assigned_to else "Assign",
        lead="The officer answers for the request from now on. Everybody else may still work on it.",
        submit="Hand over" if found.assigned_to else "Assign",
    )


@allow("requests.handle")
@require_POST
@refusals_shown
def expedite(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    assigning.expedite(found, first=not found.expedited)
    return redirect(found)


@allow("requests.handle")
@refusals_shown
def duplicate(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SubjectRequest, pk=pk)
    others = grouping.same_person(found).filter(kind=found.kind)
    return ask(
        request,
        found,
        DuplicateForm(request.POST or None, others=others),
        lambda other: grouping.close_as_duplicate(found, of=other, by=request.user),
        title="Close as a duplicate",
        lead=f"{found} ends, and the other request answers for both. The person is told which one goes on.",
        submit="Close as a duplicate",
        danger=True,
    )


@allow("requests.handle")
@require_POST
def requests_bulk(request: StaffRequest) -> HttpResponse:
    """What the list's bar does with the ticked requests."""
    requests = chosen(request, SubjectRequest.objects.order_by("pk"), filterset=RequestFilter)
    if request.POST.get("action") == "approve":
        return approving_many.ask(request, requests)
    if request.POST.get("action") == "acknowledge":
        _acknowledge(request, requests)
    else:
        _assign(request, requests)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if safe else "erasure:requests")


def _assign(request: StaffRequest, requests) -> None:
    form = AssignForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose an officer who handles requests. Nothing was done.")
        return
    given, ended = assigning.assign_all(requests, to=form.cleaned_data["officer"])
    left = f" {ended} had ended." if ended else ""
    messages.success(request, f"{given} given to {form.cleaned_data['officer'].display_name}.{left}")


def _acknowledge(request: StaffRequest, requests) -> None:
    told = 0
    for found in requests:
        try:
            acknowledging.acknowledge(found)
        except (NotNow, ValidationError):
            continue
        told += 1
    messages.success(request, f"{told} acknowledged.")
