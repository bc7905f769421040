"""What the page of a data set shows of its risk."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.models import DataSet
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.risk.models import Assessment


@allow("anonymization.view")
def data_set_card(request: StaffRequest, pk: int) -> HttpResponse:
    data_set = get_object_or_404(DataSet, pk=pk)
    made = data_set.assessments.filter(state=Assessment.State.DONE).defer("measures", "suggestion").first()
    context = {
        "title": "Risk",
        "url": made.get_absolute_url() if made else reverse("risk:assessments"),
        "figure": made.found_k if made else None,
        "figure_label": "rows in the smallest class (k)",
        "assessment": made,
        "measure_url": reverse("risk:assessment_define", args=[pk])
        if request.user.may("risk.measure")
        else "",
    }
    return page(request, "risk/card.html", context)
