"""Transfers: what flows or lies where it may not by itself, and a person's rules and safeguards about that."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.localization import ruling
from catalog.localization.forms import RuleForm, SafeguardForm
from catalog.localization.transfers import misplaced
from catalog.localization.transfers import transfers as all_transfers
from catalog.models import LocalizationRule, Safeguard
from catalog.tabs import catalog_tabs
from governance.console.exporting import csv_response
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

HEADER = (
    "State",
    "From",
    "From region",
    "To",
    "To region",
    "Category",
    "May lie in",
    "Safeguard",
    "Columns",
    "Jobs",
)
PER_PAGE = 50


@allow("catalog.view")
def transfers(request: StaffRequest) -> HttpResponseBase:
    found = all_transfers(timezone.localdate())
    if request.GET.get("format") == "csv":
        return csv_response("Transfers", header=HEADER, rows=map(row_of, found))
    context = {
        "title": "Transfers",
        "tabs": catalog_tabs("transfers"),
        "page_of": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "open": sum(each.state == "no safeguard" for each in found),
        "unknown": sum(each.state == "region unknown" for each in found),
        "misplaced": misplaced(timezone.localdate()),
        "rules": LocalizationRule.objects.select_related("made_by"),
        "safeguards": Safeguard.objects.select_related("system", "made_by"),
        "today": timezone.localdate(),
        "may_manage": request.user.may("transfers.manage"),
    }
    return page(request, "catalog/transfers.html", context)


@allow("transfers.manage")
def rule_add(request: StaffRequest) -> HttpResponse:
    form = RuleForm(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        ruling.allow_regions(**form.cleaned_data, by=request.user)
        messages.success(request, "Saved. The list below follows it from now on.")
        return redirect("catalog:transfers")
    return _form(request, form, "Say where data may lie", submit="Save the rule")


@allow("transfers.manage")
def safeguard_add(request: StaffRequest) -> HttpResponse:
    form = SafeguardForm(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            ruling.put_safeguard(**form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "Recorded. Transfers it covers are no longer open.")
            return redirect("catalog:transfers")
    return _form(request, form, "Record a safeguard", submit="Record")


@allow("transfers.manage")
@require_POST
def rule_remove(request: StaffRequest, pk: int) -> HttpResponse:
    ruling.remove_rule(get_object_or_404(LocalizationRule, pk=pk))
    messages.success(request, "The rule is removed.")
    return redirect("catalog:transfers")


@allow("transfers.manage")
@require_POST
def safeguard_withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    ruling.withdraw_safeguard(get_object_or_404(Safeguard, pk=pk))
    messages.success(request, "Withdrawn. What it covered is open again.")
    return redirect("catalog:transfers")


def row_of(transfer: Any) -> tuple[Any, ...]:
    """A transfer as a line of a file."""
    jobs = sorted({edge.job.name for edge in transfer.edges if edge.job})
    columns = sorted({edge.source_column.name for edge in transfer.edges if edge.source_column})
    return (
        transfer.state,
        str(transfer.source),
        transfer.source.system.region,
        str(transfer.target),
        transfer.target.system.region,
        transfer.category_title,
        ", ".join(transfer.allowed),
        str(transfer.safeguard or ""),
        ", ".join(columns),
        ", ".join(jobs),
    )


def _form(request: StaffRequest, form: Any, title: str, *, submit: str) -> HttpResponse:
    context = {"form": form, "title": title, "submit": submit}
    return page(request, "catalog/transfer_form.html", context, status=422 if form.errors else 200)
