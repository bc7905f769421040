"""What the overview and the page of a data set show of retention."""

from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.models import DataSet
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.policies.models import Due
from retention.policies.resolving import resolve


@allow("retention.view")
def card(request: StaffRequest) -> HttpResponse:
    due = Due.objects.filter(state=Due.State.DUE)
    unsettled = Due.objects.filter(state__in=[Due.State.CONFLICT, Due.State.UNKNOWN])
    context = {
        "title": "Retention",
        "url": f"{reverse('policies:due')}?state=due",
        "figure": due.aggregate(rows=Sum("rows"))["rows"] or 0,
        "figure_label": "rows are due",
        "due": due.select_related("data_set__system", "policy")[:3],
        "unsettled": unsettled.count(),
        "due_url": reverse("policies:due"),
    }
    return page(request, "policies/card.html", context)


@allow("retention.view")
def data_set_card(request: StaffRequest, pk: int) -> HttpResponse:
    data_set = get_object_or_404(DataSet, pk=pk)
    due = Due.objects.filter(data_set=data_set).first()
    context = {
        "title": "Retention",
        "url": reverse("policies:data_set", args=[pk]),
        "figure": due.rows if due else None,
        "figure_label": "rows are older than their policy allows",
        "resolution": resolve(data_set),
    }
    return page(request, "policies/data_set_card.html", context)
