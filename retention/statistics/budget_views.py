"""Budgets: how much may be learnt, what was charged and by whom, and shares for training runs."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog.models import EXTERNAL, DataSet
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.models import User
from governance.console.pages import page
from governance.console.permissions import allow
from retention.statistics import allotments, budgets, units
from retention.statistics.filters import BudgetFilter, ChargeFilter
from retention.statistics.forms import AllotmentForm, BudgetForm, ChooseDataSetForm
from retention.statistics.models import Allotment, Budget, Charge
from retention.tabs import anonymization_tabs


@allow("anonymization.view")
def list_budgets(request: StaffRequest) -> HttpResponseBase:
    add = reverse("statistics:budget_choose") if request.user.may("budgets.manage") else ""
    standings = budgets.standings()
    return listing(
        request,
        Budget.objects.all(),
        filterset=BudgetFilter,
        columns=[
            ListColumn("name", "Data set", sort=True, link=Budget.get_absolute_url, wraps=True),
            ListColumn("limit", "Budget", value="limit_words"),
            ListColumn("left", "Left", value=lambda budget: standings[budget.pk].left_words),
            ListColumn("period", "Period", value="get_period_display", sort=True),
            ListColumn("renews", "Renews", value=lambda budget: standings[budget.pk].renews),
            ListColumn("accounting", "Accounting", value="accounting"),
        ],
        title="Budgets",
        template="statistics/budgets.html",
        context={"add_url": add, "tabs": anonymization_tabs("statistics:budgets")},
        empty=Empty(
            "No budgets yet",
            "How much statistics may tell of any one person stands here, for each data set, with what is left.",
            "Set a budget" if add else "",
            add,
            icon="wallet",
        ),
    )


@allow("budgets.manage")
@require_safe
def budget_choose(request: StaffRequest) -> HttpResponse:
    form = ChooseDataSetForm(request.GET or None)
    if form.is_valid():
        return redirect("statistics:budget_set", form.cleaned_data["data_set"].pk)
    context = {"title": "Set a budget", "form": form}
    return page(request, "statistics/budget_choose.html", context, status=422 if form.errors else 200)


@allow("budgets.manage")
def budget_set(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the budget of a data set, or change it."""
    data_set = get_object_or_404(
        DataSet.objects.select_related("system").exclude(system__kind=EXTERNAL), pk=pk, gone_at=None
    )
    found = Budget.objects.filter(data_set=data_set).first()
    form = BudgetForm(request.POST or None, initial=_terms_of(found) if found else None)
    if request.method == "POST" and form.is_valid():
        terms = dict(form.cleaned_data)
        try:
            saved = budgets.set_budget(
                data_set, accounting_by=terms.pop("accounting"), by=request.user, **terms
            )
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error(field if field in form.fields else None, problems)
        else:
            messages.success(request, f"The budget is {saved.limit_words}.")
            return redirect(saved)
    title = f"{'Change' if found else 'Set'} the budget of {data_set}"
    context = {"title": title, "form": form, "budget": found}
    return page(request, "statistics/budget_set.html", context, status=422 if form.errors else 200)


@allow("anonymization.view")
def budget(request: StaffRequest, pk: int) -> HttpResponseBase:
    """One budget: what is left, its shares, and its ledger as a list."""
    found = get_object_or_404(Budget.objects.select_related("data_set", "set_by"), pk=pk)
    user, now = request.user, budgets.standing(found)
    charges = Charge.objects.filter(budget=found).select_related("release", "allotment")
    return listing(
        request,
        charges,
        filterset=ChargeFilter,
        columns=_charge_columns(charges),
        title=str(found),
        template="statistics/budget.html",
        context={
            "budget": found,
            "standing": now,
            "spent_percent": min(100, 100 * now.spent // now.limit),
            "allotments": found.allotments.all(),
            "may_manage": user.may("budgets.manage") and found.data_set is not None,
            "may_ask": user.may("statistics.query") and found.data_set is not None,
            "facts": [
                ("Limit", found.limit_words),
                ("Period", found.get_period_display()),
                ("Renews", now.renews),
                ("Accounting", found.get_accounting_display()),
                ("Protects each", found.person or "person that whoever asks names"),
                ("Set", found.set_at),
                ("Set by", found.set_by and found.set_by.display_name),
            ],
        },
        empty=Empty(
            "Nothing was charged yet", "Each charge stands here for ever, with who made it and for what."
        ),
    )


@allow("budgets.manage")
def allot(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Budget, pk=pk)
    form = AllotmentForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(allotments.allot(found, **form.cleaned_data, by=request.user))
        except ValidationError as refusal:
            for field, problems in refusal.message_dict.items():
                form.add_error(field if field in form.fields else None, problems)
        except budgets.Refused as refused:
            form.add_error("amount", str(refused))
            status = 409
    context = {
        "title": f"Share out the budget of {found}",
        "form": form,
        "budget": found,
        "standing": budgets.standing(found),
    }
    if form.errors and status == 200:
        status = 422
    return page(request, "statistics/allot.html", context, status=status)


@allow("anonymization.view")
@require_safe
def allotment(request: StaffRequest, pk: int) -> HttpResponse:
    found = _allotment(pk)
    spent = allotments.spent(found)
    context = {
        "title": f"Training run {found}",
        "allotment": found,
        "draws": found.draws.order_by("-pk")[:200],
        "spent_percent": min(100, 100 * spent // found.amount),
        "spent": f"ε {units.of_nano(spent)}",
        "may_close": request.user.may("budgets.manage") and found.closed_at is None,
        "facts": [
            ("Budget", found.budget.name),
            ("Share", found.amount_words),
            ("Accountant", found.get_accountant_display()),
            ("Made", found.made_at),
            ("Made by", found.made_by and found.made_by.display_name),
            ("Closed", found.closed_at),
        ],
    }
    return page(request, "statistics/allotment.html", context)


@allow("budgets.manage")
@require_POST
def allotment_close(request: StaffRequest, pk: int) -> HttpResponse:
    found = _allotment(pk)
    try:
        back = allotments.close(found)
    except allotments.Closed as refusal:
        messages.warning(request, str(refusal))
    else:
        told = "its charge is given back." if back else "it drew, so its charge stays."
        messages.success(request, f"{found} is closed; {told}")
    return redirect(found)


def _allotment(pk: int) -> Allotment:
    return get_object_or_404(Allotment.objects.select_related("budget", "made_by"), pk=pk)


def _terms_of(found: Budget) -> dict[str, Any]:
    return {
        "unit": found.unit,
        "limit": units.of_nano(found.limit),
        "delta": units.of_pico(found.delta),
        "period": found.period,
        "accounting": found.accounting,
        "person": found.person,
    }


def _charge_columns(charges: QuerySet[Charge]) -> list[ListColumn]:
    """The ledger keeps who acted by their number alone; their names are looked up once for all."""
    ids = [
        actor for actor in charges.order_by().values_list("actor", flat=True).distinct() if len(actor) == 36
    ]
    names = {str(user.public_id): user.display_name for user in User.objects.filter(public_id__in=ids)}
    return [
        ListColumn("made_at", "When", sort=True),
        ListColumn("kind", "Line", value="get_kind_display", sort=True),
        ListColumn("amount", "Amount", value="amount_words", numeric=True),
        ListColumn("what", "For", link=_subject_url, wraps=True),
        ListColumn("actor", "Who", value=lambda charge: names.get(charge.actor, charge.actor)),
        ListColumn("reason", "Reason", wraps=True),
    ]


def _subject_url(charge: Charge) -> str | None:
    subject = charge.release or charge.allotment
    return subject.get_absolute_url() if subject else None
