"""The catalog itself: every column, its verdict and the evidence for it, and review of many at once."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from catalog.connectors.base import ConnectorError
from catalog.filters import ColumnFilter, in_catalog_order
from catalog.models import Column, Label, Link, categories, sensitivities
from catalog.reviewing import decide
from catalog.seeing import Reason, look
from catalog.tabs import catalog_tabs
from governance.console.http import StaffRequest
from governance.console.listing import Bulk, Empty, ListColumn, chosen, listing, listing_row
from governance.console.pages import page, wants_part
from governance.console.permissions import allow

COLUMNS = [
    ListColumn("name", "Column", sort=True, link=Column.get_absolute_url, wraps=True),
    ListColumn(
        "data_set",
        "Data set",
        value="data_set.name",
        sort=("data_set__name", "position"),
        link=lambda row: row.data_set.get_absolute_url(),
        wraps=True,
    ),
    ListColumn(
        "category",
        "Category",
        value="get_category_display",
        sort=True,
        template="catalog/_category.html",
        wraps=True,
    ),
    ListColumn("sensitivity", "Sensitivity", sort=True, template="catalog/_sensitivity.html"),
    ListColumn("confidence", "Confidence", value="confidence_percent", sort=True, numeric=True),
    ListColumn(
        "state",
        "State",
        value="review_state",
        sort=("state", "questioned"),
        template="catalog/_review_state.html",
    ),
    ListColumn("system", "System", value="data_set.system.name", sort="data_set__system__name", wraps=True),
    ListColumn("data_type", "Type", sort=True, on_page=False),
]
ACTIONS = [
    ("confirm", "Accept suggestion"),
    ("none", "Not personal"),
    ("reject", "Reject"),
    ("reopen", "Reopen"),
]
KEYS = {"confirm": "a", "none": "n", "reject": "r", "reopen": "o"}
SAID = {
    "confirm": "confirmed",
    "classify": "classified",
    "none": "marked as not personal",
    "reject": "back to the next suggestion",
    "reopen": "opened again",
}


@allow("catalog.view")
def columns(request: StaffRequest) -> HttpResponseBase:
    may_review = request.user.may("catalog.review")
    return listing(
        request,
        in_catalog_order(Column.objects.select_related("data_set__system")),
        filterset=ColumnFilter,
        columns=COLUMNS,
        title="Columns",
        template="catalog/list.html",
        context={**review_choices(request), "tabs": catalog_tabs("columns")},
        bulk=_bulk() if may_review else None,
        empty=Empty(
            "No columns yet",
            "Connect and scan a system: every column it has is listed here with what it seems to hold.",
            "Systems",
            reverse("catalog:systems"),
            icon="columns-3",
        ),
    )


@allow("catalog.view")
def column(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Column.objects.select_related("data_set__system", "reviewed_by"), pk=pk)
    labels = list(found.labels.select_related("made_by"))
    out = found.data_set.links_out.filter(source_columns__contains=[found.name])
    into = found.data_set.links_in.filter(target_columns__contains=[found.name])
    context = {
        "column": found,
        "title": found.name,
        "suggested": sorted(
            (label for label in labels if label.state == Label.State.SUGGESTED),
            key=lambda label: (label.contained, -label.confidence),
        ),
        "labels": labels,
        "links": Link.objects.filter(pk__in=out.union(into).values("pk")).select_related(
            "source__system", "target__system"
        ),
        "actions": ACTIONS,
        "nested": found.nested.filter(gone_at=None).order_by("name"),
        "may_see_values": request.user.may("values.view") and found.data_set.system.connectable,
        **review_choices(request),
    }
    return page(request, "catalog/column.html", context)


@allow("values.view")
@require_POST
def values(request: StaffRequest, pk: int) -> HttpResponse:
    """A look at sample values; plain ones for a stated reason and for few roles only."""
    found = get_object_or_404(Column.objects.select_related("data_set__system", "nested_in"), pk=pk)
    reason = request.POST.get("reason", "")
    plain = bool(reason) and request.user.may("values.plain")
    context = {"column": found, "title": f"Values of {found.name}", "reasons": Reason.choices}
    context["may_see_plain"] = request.user.may("values.plain")
    if reason and (not plain or reason not in Reason.values):
        context["problem"] = "Plain values are for privacy officers, for one of the reasons of the list."
        return page(request, "catalog/values.html", context, status=403 if not plain else 422)
    try:
        context["seen"] = look(found, masked=not plain, reason=reason)
    except ConnectorError as problem:
        context["problem"] = str(problem)
        return page(request, "catalog/values.html", context, status=502)
    return page(request, "catalog/values.html", context)


@allow("catalog.review")
@require_POST
def review(request: StaffRequest) -> HttpResponse:
    """One decision on the chosen columns. With `row`, the answer to htmx is the row of the one that changed."""
    action = request.POST.get("action", "")
    decision = "classify" if action == "none" else action
    category = "none" if action == "none" else request.POST.get("category", "")
    sensitivity = "" if action == "none" else request.POST.get("sensitivity", "")
    rows = chosen(request, Column.objects.all(), filterset=ColumnFilter)
    try:
        changed = decide(rows, decision, category=category, sensitivity=sensitivity, by=request.user)
    except ValidationError as refusal:
        return page(
            request, "catalog/refused.html", {"reasons": refusal.messages, "back": _back(request)}, status=422
        )
    if request.POST.get("row") and wants_part(request):
        one = get_object_or_404(rows.select_related("data_set__system")[:1])
        return listing_row(request, one, columns=COLUMNS, bulk=_bulk())
    _say(request, action, len(changed))
    return redirect(_back(request))


def review_choices(request: StaffRequest) -> dict:
    """What the controls of a review need."""
    return {
        "may_review": request.user.may("catalog.review"),
        "category_choices": categories(),
        "sensitivity_choices": sensitivities(),
    }


def _bulk() -> Bulk:
    return Bulk(reverse("catalog:review"), ACTIONS, template="catalog/_review_controls.html", keys=KEYS)


def _back(request: StaffRequest) -> str:
    target = request.POST.get("next", "")
    mine = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if mine else reverse("catalog:columns")


def _say(request: StaffRequest, action: str, count: int) -> None:
    if count:
        messages.success(request, f"{count} {'column' if count == 1 else 'columns'} {SAID[action]}.")
    else:
        messages.info(
            request, "No column changed: tick the ones you mean. One without a suggestion cannot be accepted."
        )
