"""Lineage on pages: where to start, the drawing around one data set, and “where is my data?”."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.filters import DataSetFilter
from catalog.lineage import where
from catalog.lineage.declaring import declare, remove
from catalog.lineage.drawing import draw
from catalog.lineage.forms import EdgeForm
from catalog.lineage.graph import neighbourhood
from catalog.lineage.links import DrawingLinks, numbers
from catalog.models import Column, DataSet, Edge, categories
from catalog.tabs import catalog_tabs, data_set_tabs
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.overview import lineage_cards
from governance.console.pages import page
from governance.console.permissions import allow

IN_LINEAGE = [
    ListColumn(
        "name",
        "Data set",
        sort=True,
        link=lambda row: reverse("catalog:data_set_lineage", args=[row.pk]),
        wraps=True,
    ),
    ListColumn("system", "System", value="system.name", sort="system__name", wraps=True),
    ListColumn("region", "Region", value="system.region", sort="system__region"),
    ListColumn("upstream", "Made from", numeric=True),
    ListColumn("downstream", "Goes into", numeric=True),
]
DECLARED_SHOWN = 100


class LineageFilter(DataSetFilter):
    problem = None  # type: ignore[assignment]


@allow("catalog.view")
def lineage(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        _in_lineage(),
        filterset=LineageFilter,
        columns=IN_LINEAGE,
        title="Lineage",
        template="catalog/list.html",
        context={"tabs": catalog_tabs("lineage")},
        empty=Empty(
            "No lineage yet",
            "Jobs report it as OpenLineage events, views tell it themselves, and on each data set it can be declared.",
            "Data sets",
            reverse("catalog:data_sets"),
            icon="git-branch",
        ),
    )


def _in_lineage() -> QuerySet[DataSet]:
    """Data sets that an edge touches, with how many others they are made from and go into."""
    live = Edge.objects.filter(gone_at=None)
    into, out = live.filter(target=OuterRef("pk")), live.filter(source=OuterRef("pk"))

    def others(edges: QuerySet[Edge], near: str, far: str) -> Subquery:
        counted = edges.order_by().values(near).annotate(n=Count(far, distinct=True)).values("n")
        return Subquery(counted, output_field=IntegerField())

    joined = DataSet.objects.filter(Exists(into) | Exists(out)).select_related("system")
    return joined.annotate(
        upstream=others(into, "target", "source"), downstream=others(out, "source", "target")
    )


@allow("catalog.view", POST="links.manage")
def data_set_lineage(request: StaffRequest, pk: int) -> HttpResponse:
    """The drawing around one data set, and its edges as a table. POST declares an edge by hand."""
    found = get_object_or_404(DataSet.objects.select_related("system"), pk=pk)
    form = EdgeForm(request.POST or None, data_set=found)
    if request.method == "POST" and form.is_valid():
        try:
            declare(**form.edge())
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        else:
            messages.success(request, "Declared. What is known of the one column is carried to the other.")
            return redirect("catalog:data_set_lineage", pk=found.pk)
    expand, all_columns = numbers(request.GET.get("expand", "")), request.GET.get("columns") == "all"
    graph = neighbourhood(found, expand=expand, all_columns=all_columns)
    links = DrawingLinks(found.pk, expand, all_columns)
    declared = Edge.objects.filter(
        Q(source=found) | Q(target=found), gone_at=None, origin=Edge.Origin.DECLARED
    )
    related = declared.select_related("source_column", "target_column", "source__system", "target__system")
    context = {
        "data_set": found,
        "title": found.name,
        "tabs": data_set_tabs(found, "data_set_lineage"),
        "graph": graph,
        "drawing": draw(graph, links=links),
        "links": links,
        "declared": related[:DECLARED_SHOWN],
        "form": form,
        "cards": lineage_cards(request.user, found.pk),
        "may_declare": request.user.may("links.manage"),
    }
    status = 422 if form.errors else 200
    return page(request, "catalog/lineage.html", context, partial="drawing", status=status)


@allow("links.manage")
@require_POST
def edge_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a declared edge away."""
    edge = get_object_or_404(Edge.objects.select_related("source__system", "target__system"), pk=pk)
    try:
        remove(edge)
    except ValidationError as refusal:
        return page(request, "catalog/refused.html", {"reasons": refusal.messages, "back": ""}, status=422)
    messages.success(request, "The edge is removed, and with it the labels that it carried.")
    return redirect("catalog:data_set_lineage", pk=edge.source_id)


@allow("catalog.view")
def where_is(request: StaffRequest) -> HttpResponse:
    """For a column (`column`), a category (`category`), or the identifier a person is searched by (`identifier`)."""
    column, category = request.GET.get("column", ""), request.GET.get("category", "")
    identifier = request.GET.get("identifier", "")
    context: dict = {
        "title": "Where is my data?",
        "tabs": catalog_tabs("where_is"),
        "category_choices": categories(),
        "identifier_choices": where.identifiers(),
        "chosen_category": category,
        "chosen_identifier": identifier,
        "may_see_requests": request.user.may("requests.view"),
    }
    try:
        if column:
            found = Column.objects.select_related("data_set__system")
            context["of_column"] = where.of_column(get_object_or_404(found, pk=int(column)))
        elif category:
            context["of_category"] = where.of_category(category)
        elif identifier:
            context["of_identifier"] = where.of_identifier(identifier)
    except (KeyError, ValueError) as unknown:
        raise Http404("There is no such column, category or identifier.") from unknown
    return page(request, "catalog/lineage_where.html", context)
