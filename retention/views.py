"""Legal holds: which are in force, why, and for how long."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import DataSet
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention import holds
from retention.filters import HoldFilter
from retention.forms import ChooseDataSetForm, HoldForm, ReleaseForm
from retention.models import Hold
from retention.policies.tabs import retention_tabs

COLUMNS = [
    ListColumn(
        "data_set",
        "Data set",
        sort=("data_set__system__name", "data_set__name"),
        link=Hold.get_absolute_url,
        wraps=True,
    ),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("exemption", "Exemption", value="get_exemption_display", sort=True, wraps=True),
    ListColumn("reason", "Reason", wraps=True),
    ListColumn("until", "Until", sort=True),
    ListColumn("placed_at", "Placed", sort=True),
]


@allow("holds.view")
def list_holds(request: StaffRequest) -> HttpResponseBase:
    add = reverse("retention:hold_add") if request.user.may("holds.manage") else ""
    return listing(
        request,
        Hold.objects.select_related("data_set__system"),
        filterset=HoldFilter,
        columns=COLUMNS,
        title="Holds",
        template="retention/holds.html",
        context={"add_url": add, "tabs": retention_tabs(request.user, "retention:holds")},
        empty=Empty(
            "No legal holds",
            "Rows that a law or a claim forbids to erase are held here, with what of them must stay.",
            "Place a hold" if add else "",
            add,
            icon="lock",
        ),
    )


@allow("holds.view")
def hold(request: StaffRequest, pk: int) -> HttpResponse:
    return _hold_page(request, _hold(pk), form=ReleaseForm())


@allow("holds.manage")
@require_safe
def hold_add(request: StaffRequest) -> HttpResponse:
    """First the data set, as a GET: what can be kept depends on it."""
    form = ChooseDataSetForm(request.GET or None)
    if form.is_valid():
        return redirect("retention:hold_place", form.cleaned_data["data_set"].pk)
    context = {"title": "Place a hold", "form": form}
    return page(request, "retention/hold_add.html", context, status=422 if form.errors else 200)


@allow("holds.manage")
def hold_place(request: StaffRequest, pk: int) -> HttpResponse:
    data_set = get_object_or_404(DataSet.objects.select_related("system"), pk=pk, gone_at=None)
    form = HoldForm(request.POST or None, data_set=data_set)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(holds.place(data_set, **form.cleaned_data, placed_by=request.user))
        except ValidationError as refusal:
            _show(form, refusal)
    context = {"title": f"Hold {data_set}", "form": form, "data_set": data_set}
    return page(request, "retention/hold_place.html", context, status=422 if form.errors else 200)


@allow("holds.manage")
def hold_release(request: StaffRequest, pk: int) -> HttpResponse:
    found = _hold(pk)
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            holds.release(found, reason=form.cleaned_data["reason"], released_by=request.user)
        except ValidationError as refusal:
            messages.warning(request, " ".join(refusal.messages))
        else:
            messages.success(request, f"{found} is released: its rows can be erased.")
        return redirect(found)
    return _hold_page(request, found, form=form)


@allow("holds.view")
def card(request: StaffRequest) -> HttpResponse:
    active = Hold.objects.active()
    context = {
        "title": "Holds",
        "url": f"{reverse('retention:holds')}?state=active",
        "figure": active.count(),
        "figure_label": "in force",
        "ending": active.order_by(F("until").asc(nulls_last=True), "pk").select_related("data_set__system")[
            :3
        ],
    }
    return page(request, "retention/card.html", context)


@allow("holds.view")
def data_set_card(request: StaffRequest, pk: int) -> HttpResponse:
    """On the page of a data set: whether its rows are held."""
    data_set = get_object_or_404(DataSet, pk=pk)
    held = Hold.objects.active().filter(data_set=data_set)
    context = {
        "title": "Legal hold",
        "url": reverse("retention:holds"),
        "figure": held.count(),
        "figure_label": "in force",
        "ending": held.select_related("data_set__system"),
    }
    return page(request, "retention/card.html", context)


def _hold(pk: int) -> Hold:
    return get_object_or_404(
        Hold.objects.select_related("data_set__system", "placed_by", "released_by"), pk=pk
    )


def _hold_page(request: StaffRequest, found: Hold, *, form: ReleaseForm) -> HttpResponse:
    context = {
        "title": str(found),
        "hold": found,
        "form": form,
        "may_release": found.released_at is None and request.user.may("holds.manage"),
        "release_url": reverse("retention:hold_release", args=[found.pk]),
        "facts": [
            ("Exemption", found.get_exemption_display()),
            ("Reason", found.reason),
            ("Columns that keep their values", found.keep_columns),
            ("Until", found.until),
            ("Placed", found.placed_at),
            ("Placed by", found.placed_by and found.placed_by.display_name),
            ("Released", found.released_at),
            ("Released by", found.released_by and found.released_by.display_name),
        ],
    }
    return page(request, "retention/hold.html", context, status=422 if form.errors else 200)


def _show(form: HoldForm, refusal: ValidationError) -> None:
    """Put the refusal beside the fields it names, and what names no field of the form above all of them."""
    for field, problems in refusal.message_dict.items():
        form.add_error(field if field in form.fields else None, problems)
