"""How derived data sets are recomputed: declared, approved by a second person, run, or confirmed as anonymous."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.models import VIEW, DataSet
from erasure.recomputing import declaring, jobs
from erasure.recomputing.filters import RecomputationFilter
from erasure.recomputing.forms import ApproveRecomputationForm, ConfirmAnonymousForm, DeclareForm, written
from erasure.recomputing.models import AnonymousAggregate, Recomputation
from erasure.requests.states import NotNow
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow

COLUMNS = [
    ListColumn("data_set", "Data set", value=str, link=Recomputation.get_absolute_url, wraps=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("source", "Made of", wraps=True),
    ListColumn("ran_at", "Last run", sort=True),
    ListColumn("rows", "Rows", sort=True, numeric=True),
    ListColumn("problem", "Problem", wraps=True),
]


@allow("catalog.view")
def list_recomputations(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        Recomputation.objects.select_related("data_set__system", "source__system"),
        filterset=RecomputationFilter,
        columns=COLUMNS,
        title="Recomputations",
        template="ui/list_page.html",
        context={},
        empty=Empty(
            "No recomputations",
            "How figures are computed anew once a person is erased from what they were made of: declared on the page "
            "of each data set's lineage.",
            "Lineage",
            reverse("catalog:lineage"),
            icon="sum",
        ),
    )


@allow("catalog.view")
def data_set(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _data_set(pk))


@allow("systems.manage")
@require_POST
def declare(request: StaffRequest, pk: int) -> HttpResponse:
    found = _data_set(pk)
    form = DeclareForm(request.POST, data_set=found)
    if form.is_valid():
        try:
            declared = declaring.declare(found, **form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        else:
            messages.success(request, "Declared. It is run once somebody else has approved it.")
            return redirect(declared)
    return _page(request, found, declaring_form=form, status=422)


@allow("catalog.review")
@require_POST
def approve(request: StaffRequest, pk: int) -> HttpResponse:
    declared = _declared(pk)
    form = ApproveRecomputationForm(request.POST)
    if not form.is_valid():
        return _page(request, declared.data_set, status=422)
    try:
        declaring.approve(declared, digest=form.cleaned_data["digest"], by=request.user)
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Approved: an erasure upstream computes it anew from now on.")
    return redirect(declared)


@allow("systems.manage")
@require_POST
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    declared = _declared(pk)
    declaring.remove(declared)
    messages.success(request, "Removed: nobody has said any more how it is recomputed.")
    return redirect(declared)


@allow("systems.manage")
@require_POST
def run(request: StaffRequest, pk: int) -> HttpResponse:
    declared = _declared(pk)
    try:
        return redirect(jobs.request(declared))
    except NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect(declared)


@allow("catalog.review")
@require_POST
def confirm_anonymous(request: StaffRequest, pk: int) -> HttpResponse:
    found = _data_set(pk)
    form = ConfirmAnonymousForm(request.POST)
    if form.is_valid():
        try:
            declaring.confirm_anonymous(found, **form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        else:
            messages.success(request, "Confirmed: an erasure upstream leaves it as it is.")
            return redirect("recomputing:data_set", pk=pk)
    return _page(request, found, confirming=form, status=422)


@allow("catalog.review")
@require_POST
def withdraw_anonymous(request: StaffRequest, pk: int) -> HttpResponse:
    declaring.withdraw_anonymous(get_object_or_404(AnonymousAggregate, data_set=pk))
    messages.success(request, "Withdrawn: it may count persons again.")
    return redirect("recomputing:data_set", pk=pk)


@allow("catalog.view")
def card(request: StaffRequest, pk: int) -> HttpResponse:
    """Beside the lineage of one data set."""
    context = {
        "title": "Recomputation",
        "url": reverse("recomputing:data_set", args=[pk]),
        "declared": Recomputation.objects.filter(data_set=pk).first(),
        "anonymous": AnonymousAggregate.objects.filter(data_set=pk).first(),
    }
    return render(request, "recomputing/card.html", context)


def _data_set(pk: int) -> DataSet:
    return get_object_or_404(DataSet.objects.select_related("system"), pk=pk)


def _declared(pk: int) -> Recomputation:
    related = ("data_set__system", "source__system", "made_by", "approved_by", "job")
    return get_object_or_404(Recomputation.objects.select_related(*related), data_set=pk)


def _page(
    request: StaffRequest,
    found: DataSet,
    *,
    declaring_form: DeclareForm | None = None,
    confirming: ConfirmAnonymousForm | None = None,
    status: int = 200,
) -> HttpResponse:
    declared = Recomputation.objects.filter(data_set=found).select_related(
        "source__system", "made_by", "approved_by", "job"
    )
    known = declared.first()
    anonymous = AnonymousAggregate.objects.filter(data_set=found).select_related("confirmed_by").first()
    try:
        declaring.require_derived(found)
        refusal = ""
    except ValidationError as why:
        refusal = why.messages[0]
    may_review, may_declare = request.user.may("catalog.review"), request.user.may("systems.manage")
    context: dict[str, Any] = {
        "title": f"Recomputing {found.name}",
        "data_set": found,
        "is_view": found.kind == VIEW,
        "refusal": refusal,
        "declared": known,
        "facts": _facts(known) if known else [],
        "anonymous": anonymous,
        "may_approve": may_review
        and known is not None
        and not known.approved_at
        and known.made_by_id != request.user.pk,
        "may_run": may_declare and known is not None and known.approved_at,
        "may_remove": may_declare and known is not None,
        "may_withdraw": may_review and anonymous is not None,
        "approving": ApproveRecomputationForm(initial={"digest": known.digest}) if known else None,
    }
    if may_declare and not refusal:
        context["form"] = declaring_form or DeclareForm(data_set=found, initial=written(known))
    if may_review and not refusal and anonymous is None:
        context["confirming"] = confirming or ConfirmAnonymousForm()
    return page(request, "recomputing/data_set.html", context, status=status)


def _facts(known: Recomputation) -> list[tuple[str, Any]]:
    return [
        ("Made of", known.source),
        ("Declared by", known.made_by and known.made_by.display_name),
        ("Declared", known.made_at),
        ("Approved by", known.approved_by and known.approved_by.display_name),
        ("Last run", known.ran_at),
        ("Rows then", known.rows),
    ]
