"""Policies, what each data set is governed by, and what is due."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.models import DataSet
from governance.console.http import StaffRequest
from governance.console.listing import Bulk, Empty, ListColumn, listing
from governance.console.overview import reachable
from governance.console.pages import page
from governance.console.permissions import allow
from retention.policies import jobs, keeping
from retention.policies.filters import DueFilter, PolicyFilter
from retention.policies.forms import PolicyForm, ReasonForm, TermsForm
from retention.policies.models import Due, Policy
from retention.policies.resolving import resolve
from retention.policies.tabs import retention_tabs

COLUMNS = [
    ListColumn("name", "Policy", sort=True, link=Policy.get_absolute_url, wraps=True),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("covers", "Covers", wraps=True),
    ListColumn("bound", "Limit", value=lambda policy: policy.bound.capitalize(), sort=True),
    ListColumn("period", "Period", numeric=True),
    ListColumn("action", "Then", value="get_action_display"),
    ListColumn("standing", "Runs", value=lambda policy: "By themselves" if policy.standing_at else "Asked"),
    ListColumn("reason", "Reason", wraps=True),
]
DUE_COLUMNS = [
    ListColumn(
        "data_set",
        "Data set",
        sort=("data_set__system__name", "data_set__name"),
        link=Due.get_absolute_url,
        wraps=True,
    ),
    ListColumn("state", "State", template="ui/state.html", sort=True),
    ListColumn("rows", "Rows", sort=True, numeric=True),
    ListColumn("before", "From before", sort=True),
    ListColumn("policy", "Policy", sort="policy__name", wraps=True),
    ListColumn("why", "Why", wraps=True),
    ListColumn("counted_at", "Counted", sort=True),
]


@allow("retention.view")
def list_policies(request: StaffRequest) -> HttpResponseBase:
    add = reverse("policies:policy_add") if request.user.may("retention.manage") else ""
    return listing(
        request,
        Policy.objects.select_related("data_set__system"),
        filterset=PolicyFilter,
        columns=COLUMNS,
        title="Retention",
        template="policies/policies.html",
        context={"add_url": add, "tabs": retention_tabs(request.user, "policies:policies")},
        empty=Empty(
            "No policies",
            "How long each kind of data may live stands here, and what becomes of it then.",
            "Add a policy" if add else "",
            add,
            icon="hourglass",
        ),
    )


@allow("retention.manage")
def policy_add(request: StaffRequest) -> HttpResponse:
    form = PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(keeping.add(by=request.user, **form.policy_values()))
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error({"value": "chosen"}.get(field, field), problems)
    context = {"title": "Add a policy", "form": form}
    return page(request, "policies/policy_add.html", context, status=422 if form.errors else 200)


@allow("retention.view")
def policy(request: StaffRequest, pk: int) -> HttpResponse:
    return _policy_page(request, _policy(pk), ReasonForm())


@allow("retention.manage")
@require_POST
def policy_retire(request: StaffRequest, pk: int) -> HttpResponse:
    found = _policy(pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _policy_page(request, found, form)
    try:
        keeping.retire(found, by=request.user, reason=form.cleaned_data["reason"])
    except ValidationError as refusal:
        messages.warning(request, " ".join(refusal.messages))
    return redirect(found)


@allow("retention.run")
@require_POST
def policy_standing(request: StaffRequest, pk: int) -> HttpResponse:
    """Give the standing approval, or take it back."""
    found = _policy(pk)
    try:
        if found.standing_at:
            keeping.ask_each_time(found)
        else:
            keeping.approve_for_good(found, by=request.user)
    except ValidationError as refusal:
        messages.warning(request, " ".join(refusal.messages))
    return redirect(found)


@allow("retention.view")
def list_due(request: StaffRequest) -> HttpResponseBase:
    run = reachable(request.user, "expiry:plan")
    return listing(
        request,
        Due.objects.select_related("data_set__system", "policy"),
        filterset=DueFilter,
        columns=DUE_COLUMNS,
        title="Due",
        template="policies/due.html",
        bulk=Bulk(run, [("plan", "Plan what is due")]) if run else None,
        context={
            "tabs": retention_tabs(request.user, "policies:due"),
            "count_url": reverse("policies:count") if request.user.may("retention.manage") else "",
        },
        empty=Empty(
            "Nothing has been counted",
            "Every night the rows older than their policy allows are counted here.",
            icon="hourglass",
        ),
    )


@allow("retention.manage")
@require_POST
def count(request: StaffRequest) -> HttpResponse:
    return redirect(jobs.request())


@allow("retention.view")
def data_set(request: StaffRequest, pk: int) -> HttpResponse:
    """Which policy decides on one data set and why; a steward says what its age is told by."""
    found = get_object_or_404(DataSet.objects.select_related("system"), pk=pk)
    resolution = resolve(found)
    may_manage = request.user.may("retention.manage")
    form = TermsForm(data_set=found, terms=resolution.terms)
    context = {
        "title": str(found),
        "resolution": resolution,
        "due": Due.objects.filter(data_set=found).first(),
        "form": form if may_manage else None,
        "terms_url": reverse("policies:terms", args=[pk]),
    }
    return page(request, "policies/data_set.html", context)


@allow("retention.manage")
@require_POST
def terms(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(DataSet.objects.select_related("system"), pk=pk, gone_at=None)
    resolution = resolve(found)
    form = TermsForm(request.POST, data_set=found, terms=resolution.terms)
    if form.is_valid():
        try:
            keeping.set_terms(
                found, by=request.user, aggregate=resolution.terms.aggregate, **form.cleaned_data
            )
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error(field, problems)
        else:
            return redirect("policies:data_set", pk)
    context = {
        "title": str(found),
        "resolution": resolution,
        "form": form,
        "terms_url": reverse("policies:terms", args=[pk]),
    }
    return page(request, "policies/data_set.html", context, status=422)


def _policy(pk: int) -> Policy:
    return get_object_or_404(
        Policy.objects.select_related("data_set__system", "made_by", "standing_by", "retired_by"), pk=pk
    )


def _policy_page(request: StaffRequest, found: Policy, form: ReasonForm) -> HttpResponse:
    in_force = found.retired_at is None
    context = {
        "title": found.name,
        "policy": found,
        "form": form if in_force and request.user.may("retention.manage") else None,
        "retire_url": reverse("policies:policy_retire", args=[found.pk]),
        "standing_url": reverse("policies:policy_standing", args=[found.pk])
        if in_force and found.bound == Policy.Bound.AT_MOST and request.user.may("retention.run")
        else "",
        "facts": [
            ("Covers", found.covers),
            ("Limit", f"{found.bound} {found.period}"),
            ("Then", found.get_action_display() if found.bound == Policy.Bound.AT_MOST else ""),
            ("Reason", found.reason),
            ("Made by", found.made_by and found.made_by.display_name),
            ("Made", found.made_at),
            ("Approved for all runs by", found.standing_by and found.standing_by.display_name),
            ("Approved for all runs", found.standing_at),
            ("Retired", found.retired_at),
            ("Retired by", found.retired_by and found.retired_by.display_name),
        ],
    }
    return page(request, "policies/policy.html", context, status=422 if form.errors else 200)
