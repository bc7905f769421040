"""What the page of a data set shows of its privacy budget."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.models import DataSet
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow
from retention.statistics import budgets
from retention.statistics.models import Budget


@allow("anonymization.view")
def data_set_card(request: StaffRequest, pk: int) -> HttpResponse:
    budget = Budget.objects.filter(data_set=get_object_or_404(DataSet, pk=pk)).first()
    may_set = request.user.may("budgets.manage") and budget is None
    context = {
        "title": "Privacy budget",
        "url": budget.get_absolute_url() if budget else reverse("statistics:budgets"),
        "budget": budget,
        "standing": budgets.standing(budget) if budget else None,
        "set_url": reverse("statistics:budget_set", args=[pk]) if may_set else "",
        "ask_url": reverse("statistics:ask", args=[pk])
        if budget and request.user.may("statistics.query")
        else "",
    }
    return page(request, "statistics/card.html", context)
