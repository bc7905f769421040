"""Excepting what was found of one person from erasure, Art. 17(3)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from erasure.custodians import exempting
from erasure.custodians.forms import ExemptForm
from erasure.custodians.models import RowExemption
from erasure.custodians.views.asking import ask, refusals_shown
from erasure.forms import ReasonForm
from erasure.models import Hit, SubjectRequest
from governance.console.http import StaffRequest
from governance.console.permissions import allow


def _request(request: StaffRequest, pk: int, **_: Any) -> SubjectRequest:
    return get_object_or_404(SubjectRequest, pk=pk)


@allow("requests.handle")
@refusals_shown(_request)
def exempt(request: StaffRequest, pk: int, data_set: int) -> HttpResponse:
    hits = Hit.objects.select_related("data_set__system", "request")
    hit = get_object_or_404(hits, request=pk, data_set=data_set, rows__gt=0)

    def verb(**given: Any) -> None:
        exempting.exempt(hit.request, hit.data_set, **given, by=request.user)
        messages.success(request, f"{hit.data_set} is excepted. Make a new plan.")

    return ask(
        request,
        ExemptForm(request.POST or None, data_set=hit.data_set),
        verb,
        back=hit.request,
        title=f"Except {hit.data_set}",
        lead=f"{hit.rows:,} rows of this person stay. For everybody's rows of a data set, place a legal hold instead. "
        "A plan that awaits approval is made again.",
        submit="Except these rows",
        danger=True,
    )


@allow("requests.handle")
@refusals_shown(_request)
def withdraw(request: StaffRequest, pk: int, exemption: int) -> HttpResponse:
    made = get_object_or_404(
        RowExemption.objects.select_related("request", "data_set__system"), pk=exemption, request=pk
    )
    return ask(
        request,
        ReasonForm(request.POST or None),
        lambda reason: exempting.withdraw(made, reason=reason),
        back=made.request,
        title=f"Withdraw the exception for {made.data_set}",
        lead="The next plan erases these rows like any other.",
        submit="Withdraw the exception",
    )
