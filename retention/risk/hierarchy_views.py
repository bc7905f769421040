"""Imported hierarchies: what they hold, and whether they cover a column."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.connectors.base import ConnectorError
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from governance.console.templatetags.ui import masked
from retention.risk import importing
from retention.risk.filters import HierarchyFilter
from retention.risk.forms import CoverageForm, HierarchyForm
from retention.risk.models import Hierarchy
from retention.tabs import anonymization_tabs

PREVIEWED = 20  # lines
MOST_MISSED = 100  # values

COLUMNS = [
    ListColumn("name", "Name", sort=True, link=Hierarchy.get_absolute_url, wraps=True),
    ListColumn("values", "Values", sort=True, numeric=True),
    ListColumn("height", "Levels above", sort=True, numeric=True),
    ListColumn("owner", "Imported by", value="owner.display_name"),
    ListColumn("imported_at", "Imported", sort=True),
]


@allow("anonymization.view")
def list_hierarchies(request: StaffRequest) -> HttpResponseBase:
    add = reverse("risk:hierarchy_add") if request.user.may("risk.measure") else ""
    return listing(
        request,
        Hierarchy.objects.select_related("owner").defer("text"),
        filterset=HierarchyFilter,
        columns=COLUMNS,
        title="Hierarchies",
        template="risk/hierarchies.html",
        context={"add_url": add, "tabs": anonymization_tabs("risk:assessments")},
        empty=Empty(
            "No hierarchies",
            "What the values of a column become, level by level, stands here: from a place to its country to nothing.",
            "Import a hierarchy" if add else "",
            add,
            icon="hierarchy-2",
        ),
    )


@allow("risk.measure")
def hierarchy_add(request: StaffRequest) -> HttpResponse:
    form = HierarchyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = importing.import_hierarchy(
                form.cleaned_data["name"], form.cleaned_data["text"], owner=request.user
            )
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error(field, problems)
        else:
            messages.success(request, f"{made} is imported. Check below whether it covers its column.")
            return redirect(made)
    context = {"title": "Import a hierarchy", "form": form}
    return page(request, "risk/hierarchy_add.html", context, status=422 if form.errors else 200)


@allow("anonymization.view")
def hierarchy(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Hierarchy.objects.select_related("owner"), pk=pk)
    form = CoverageForm(request.GET or None, name=request.GET.get("named", found.name))
    may_measure = request.user.may("risk.measure")
    context: dict[str, Any] = {
        "title": str(found),
        "hierarchy": found,
        "form": form,
        "may_measure": may_measure,
        "facts": [
            ("Values", found.values),
            ("Levels above them", found.height),
            ("Imported by", found.owner and found.owner.display_name),
            ("Imported", found.imported_at),
        ],
    }
    if request.user.may("values.view"):
        context["preview"] = list(islice(zip(*found.read().levels, strict=True), PREVIEWED))
    if may_measure and "column" in request.GET and form.is_valid():
        context |= _coverage(request, found, form)
    return page(request, "risk/hierarchy.html", context, status=422 if form.errors else 200)


def _coverage(request: StaffRequest, found: Hierarchy, form: CoverageForm) -> dict[str, Any]:
    """How much of a column it knows; the values it misses for whom may see values, masked or plain."""
    column = form.cleaned_data["column"]
    try:
        missing, rows = importing.missing_in(found, column)
    except ConnectorError as problem:
        return {"problem": str(problem)}
    shown = missing[:MOST_MISSED] if request.user.may("values.view") else []
    plain = request.user.may("values.plain")
    importing.record_look(found, column, missing=len(missing), shown=len(shown), masked=not plain)
    if not plain:
        shown = [masked(value) for value in shown]
    return {"checked": column, "missing": len(missing), "sampled": rows, "missed_values": shown}


@allow("risk.measure")
@require_POST
def hierarchy_remove(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Hierarchy, pk=pk)
    importing.remove(found)
    messages.success(request, f"{found} is removed. Assessments made with it stay.")
    return redirect("risk:hierarchies")
