"""What the overview and the page of a data set show of anonymization."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.models import DataSet
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.anonymization.models import Run

SHOWN = 3


@allow("anonymization.view")
def card(request: StaffRequest) -> HttpResponse:
    """The latest jobs, and how many copies were delivered."""
    return _card(request, Run.objects.all(), title="Anonymization")


@allow("anonymization.view")
def data_set_card(request: StaffRequest, pk: int) -> HttpResponse:
    """The copies that were made of one data set."""
    data_set = get_object_or_404(DataSet, pk=pk)
    spec = {"system": data_set.system_id, "data_set": data_set.name}
    return _card(request, Run.objects.filter(source_spec=spec), title="Anonymized copies", named="use")


def _card(request: StaffRequest, runs: QuerySet[Run], *, title: str, named: str = "source") -> HttpResponse:
    """`named` is what each job is called by."""
    context = {
        "title": title,
        "url": reverse("anonymization:jobs"),
        "figure": runs.filter(outcome=Run.Outcome.DELIVERED).count(),
        "figure_label": "delivered",
        "named": named,
        "runs": runs.select_related("job")[:SHOWN],
    }
    return page(request, "anonymization/card.html", context)
