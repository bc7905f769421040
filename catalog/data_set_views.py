"""Data sets, and what changed in them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from catalog.assigning import assign
from catalog.filters import ChangeFilter, DataSetFilter
from catalog.forms import ActivitiesForm
from catalog.models import Change, DataSet, Link
from catalog.system_pages import DATA_SETS, counted
from catalog.tabs import catalog_tabs, data_set_tabs
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.overview import data_set_cards
from governance.console.pages import page
from governance.console.permissions import allow

ALL_DATA_SETS = [
    DATA_SETS[0],
    ListColumn(
        "system",
        "System",
        value="system.name",
        sort="system__name",
        link=lambda row: row.system.get_absolute_url(),
        wraps=True,
    ),
    *DATA_SETS[1:],
]
CHANGES = [
    ListColumn("seen_at", "Seen", sort=True),
    ListColumn("system", "System", value="data_set.system.name", sort="data_set__system__name", wraps=True),
    ListColumn(
        "data_set",
        "Data set",
        value="data_set.name",
        sort="data_set__name",
        link=lambda row: row.data_set.get_absolute_url(),
        wraps=True,
    ),
    ListColumn("column_name", "Column", sort=True, wraps=True),
    ListColumn("sort", "Change", value="get_sort_display", sort=True),
    ListColumn("detail", "Detail", wraps=True),
]


@allow("catalog.view")
def data_sets(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        counted(DataSet.objects.all()),
        filterset=DataSetFilter,
        columns=ALL_DATA_SETS,
        title="Data sets",
        template="catalog/list.html",
        context={"tabs": catalog_tabs("data_sets")},
        empty=Empty(
            "No data sets yet",
            "Connect and scan a system first.",
            "Systems",
            reverse("catalog:systems"),
            icon="table",
        ),
    )


@allow("catalog.view", POST="activities.manage")
def data_set(request: StaffRequest, pk: int) -> HttpResponse:
    """One data set: its columns, its links, and the activities that use it (POST sets them)."""
    found = get_object_or_404(DataSet.objects.select_related("system"), pk=pk)
    form = ActivitiesForm(request.POST or None, initial={"activities": found.activities.all()})
    if request.method == "POST":
        form = ActivitiesForm(request.POST)
        if form.is_valid():
            if assign(found, activities=form.cleaned_data["activities"]):
                messages.success(request, "Saved: the record of processing shows this data set there.")
            return redirect(found)
    links = Link.objects.select_related("source__system", "target__system").filter(gone_at=None)
    context = {
        "data_set": found,
        "title": found.name,
        "tabs": data_set_tabs(found, "data_set"),
        "columns": found.columns.filter(gone_at=None).order_by("position"),
        "links_out": links.filter(source=found),
        "links_in": links.filter(target=found),
        "changes": found.changes.all()[:20],
        "form": form,
        "cards": data_set_cards(request.user, found.pk),
        "may_assign": request.user.may("activities.manage"),
        "may_link": request.user.may("links.manage"),
    }
    return page(request, "catalog/data_set.html", context, status=422 if form.errors else 200)


@allow("catalog.view")
def changes(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        Change.objects.select_related("data_set__system"),
        filterset=ChangeFilter,
        columns=CHANGES,
        title="Changes",
        template="catalog/list.html",
        context={"tabs": catalog_tabs("changes")},
        empty=Empty(
            "Nothing has drifted",
            "What a later scan finds added, gone or changed stands here.",
            icon="git-compare",
        ),
    )
