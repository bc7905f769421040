"""Links between data sets: which rows belong to the same person."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from catalog import linking
from catalog.filters import LinkFilter
from catalog.forms import LinkForm
from catalog.models import DataSet, Link
from catalog.tabs import catalog_tabs
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing, listing_row
from governance.console.pages import page, wants_part
from governance.console.permissions import allow

LINKS = [
    ListColumn(
        "source",
        "Rows of",
        value=lambda link: f"{link.source} ({', '.join(link.source_columns)})",
        sort=("source__system__name", "source__name"),
        link=lambda link: link.source.get_absolute_url(),
        wraps=True,
    ),
    ListColumn(
        "target",
        "Point to rows of",
        value=lambda link: f"{link.target} ({', '.join(link.target_columns)})",
        sort=("target__system__name", "target__name"),
        link=lambda link: link.target.get_absolute_url(),
        wraps=True,
    ),
    ListColumn("origin", "Origin", value="get_origin_display", sort=True),
    ListColumn(
        "follow", "Meaning", value="get_follow_display", sort=True, template="catalog/_link_follow.html"
    ),
    ListColumn("decided_at", "Decided", sort=True),
]


@allow("catalog.view")
def links(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        Link.objects.select_related("source__system", "target__system"),
        filterset=LinkFilter,
        columns=LINKS,
        title="Links",
        template="catalog/links.html",
        context={"may_link": request.user.may("links.manage"), "tabs": catalog_tabs("links")},
        empty=Empty(
            "No links yet",
            "Foreign keys appear here with the first scan; what they do not say, you can declare.",
            icon="link",
        ),
    )


@allow("links.manage")
def link_declare(request: StaffRequest) -> HttpResponse:
    source = request.GET.get("source", "")
    named = DataSet.objects.select_related("system").filter(pk=source).first() if source.isdecimal() else None
    form = LinkForm(request.POST or None, initial={"source": str(named or ""), "follow": Link.Follow.OWNED})
    if request.method == "POST" and form.is_valid():
        try:
            linking.declare(**form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "Declared. The next search follows it as you said.")
            return redirect("catalog:links")
    context = {"form": form, "title": "Declare a link"}
    return page(request, "catalog/link_form.html", context, status=422 if form.errors else 200)


@allow("links.manage")
@require_POST
def link_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Say whether the link is followed, or (`action=remove`) take a declared one away."""
    link = get_object_or_404(Link.objects.select_related("source__system", "target__system"), pk=pk)
    try:
        if request.POST.get("action") == "remove":
            linking.remove(link)
            messages.success(request, "The link is removed.")
            return redirect("catalog:links")
        linking.decide(link, follow=request.POST.get("follow", ""), by=request.user)
    except ValidationError as refusal:
        context = {"reasons": refusal.messages, "back": ""}
        return page(request, "catalog/refused.html", context, status=422)
    if wants_part(request):
        link.refresh_from_db()
        return listing_row(request, link, columns=LINKS)
    messages.success(request, "Saved.")
    return redirect("catalog:links")
