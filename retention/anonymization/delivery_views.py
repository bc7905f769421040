"""Where jobs may deliver to, who is told when one has ended, and which of them processed a person."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.anonymization import allowing
from retention.anonymization.forms import OutletForm, PersonForm, SinkForm
from retention.anonymization.models import Outlet, Sink
from retention.anonymization.touching import runs_of


@allow("anonymization.view")
def delivery(request: StaffRequest) -> HttpResponse:
    return _page(request)


@allow("systems.manage")
@require_POST
def outlet_add(request: StaffRequest) -> HttpResponse:
    form = OutletForm(request.POST)
    if not form.is_valid():
        return _page(request, outlet_form=form)
    allowing.open_outlet(**form.cleaned_data, by=request.user)
    return redirect("anonymization:delivery")


@allow("systems.manage")
@require_POST
def outlet_remove(request: StaffRequest, pk: int) -> HttpResponse:
    allowing.close_outlet(get_object_or_404(Outlet, pk=pk))
    messages.success(request, "Jobs may not deliver there any more; what is there stays.")
    return redirect("anonymization:delivery")


@allow("systems.manage")
@require_POST
def sink_add(request: StaffRequest) -> HttpResponse:
    form = SinkForm(request.POST)
    if not form.is_valid():
        return _page(request, sink_form=form)
    allowing.add_sink(**form.cleaned_data)
    return redirect("anonymization:delivery")


@allow("systems.manage")
@require_POST
def sink_remove(request: StaffRequest, pk: int) -> HttpResponse:
    allowing.remove_sink(get_object_or_404(Sink, pk=pk))
    messages.success(request, "It is told nothing any more.")
    return redirect("anonymization:delivery")


@allow("anonymization.view", POST="requests.handle")
def person(request: StaffRequest) -> HttpResponse:
    """The identifier is posted: it stands in no address and in no history. The question is recorded."""
    form = PersonForm(request.POST or None)
    found = runs_of(form.cleaned_data["identifier"]) if request.method == "POST" and form.is_valid() else None
    context = {
        "title": "Jobs that processed a person",
        "form": form,
        "found": found,
        "may_ask": request.user.may("requests.handle"),
    }
    return page(request, "anonymization/person.html", context, status=422 if form.errors else 200)


def _page(
    request: StaffRequest, *, outlet_form: OutletForm | None = None, sink_form: SinkForm | None = None
) -> HttpResponse:
    wrong = outlet_form is not None or sink_form is not None
    context = {
        "title": "Delivery",
        "outlets": Outlet.objects.select_related("system", "allowed_by"),
        "sinks": Sink.objects.select_related("system"),
        "outlet_form": outlet_form or OutletForm(),
        "sink_form": sink_form or SinkForm(),
        "may_manage": request.user.may("systems.manage"),
    }
    return page(request, "anonymization/delivery.html", context, status=422 if wrong else 200)
