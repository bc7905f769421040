"""Statistics with noise: what was asked and answered, asking, and the true values for those who may see them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalog.connectors.base import ConnectorError
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.pages import page
from governance.console.permissions import allow
from retention.statistics import asking, budgets, charts, looking
from retention.statistics.filters import ReleaseFilter
from retention.statistics.forms import BatchForm, ChooseBudgetForm, GiveBackForm, LookForm, QueryForm
from retention.statistics.models import Budget, Release
from retention.statistics.pricing import expected_errors, plan
from retention.statistics.showing import facts_of, rows_of
from retention.tabs import anonymization_tabs

COLUMNS = [
    ListColumn("title", "Statistic", sort=True, link=Release.get_absolute_url, wraps=True),
    ListColumn("budget", "Data set", value="budget.name", sort="budget__name", wraps=True),
    ListColumn("state", "State", value="shown_state", template="ui/state.html"),
    ListColumn("cost", "Cost", value="cost"),
    ListColumn(
        "asked_by", "Asked by", value=lambda release: release.asked_by and release.asked_by.display_name
    ),
    ListColumn("asked_at", "Asked", sort=True),
]


@allow("anonymization.view")
def list_releases(request: StaffRequest) -> HttpResponseBase:
    add = reverse("statistics:ask_choose") if request.user.may("statistics.query") else ""
    return listing(
        request,
        Release.objects.select_related("budget", "asked_by", "job"),
        filterset=ReleaseFilter,
        columns=COLUMNS,
        title="Statistics",
        template="statistics/releases.html",
        context={"add_url": add, "tabs": anonymization_tabs("statistics:releases")},
        empty=Empty(
            "No statistics yet",
            "Counts, means and quantiles about people stand here, with noise that hides each of them.",
            "Ask for a statistic" if add else "",
            add,
            icon="chart-bar",
        ),
    )


@allow("statistics.query")
@require_safe
def ask_choose(request: StaffRequest) -> HttpResponse:
    """First the data set, as a GET: what can be asked depends on it."""
    form = ChooseBudgetForm(request.GET or None)
    if form.is_valid():
        return redirect("statistics:ask", form.cleaned_data["budget"].pk)
    context = {
        "title": "Ask for a statistic",
        "form": form,
        "none": not Budget.objects.exclude(data_set=None).exists(),
        "budgets_url": reverse("statistics:budgets"),
    }
    return page(request, "statistics/ask_choose.html", context, status=422 if form.errors else 200)


@allow("statistics.query")
def ask(request: StaffRequest, pk: int) -> HttpResponse:
    """A question: first what it would cost and how good the answer would be, then its release."""
    budget = _budget(pk)
    form = QueryForm(
        request.POST or None,
        columns=asking.columns_of(budget),
        unit=budget.unit,
        initial={"person": budget.person},
    )
    context: dict[str, Any] = {"title": f"Ask about {budget}", "form": form, "budget": budget}
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            query = asking.understand(budget, form.given())
            context["errors"] = expected_errors(plan(query))
            context["stored"] = asking.stored(budget, query)
            if request.POST.get("action") == "release":
                release, _ = asking.ask(budget, query, by=request.user)
                return redirect(release)
        except ValidationError as refusal:
            form.show(refusal.message_dict)
        except budgets.Refused as refused:
            context["refused"], status = str(refused), 409
    context["standing"] = budgets.standing(budget)
    return page(request, "statistics/ask.html", context, status=422 if form.errors else status)


@allow("statistics.query")
def price(request: StaffRequest, pk: int) -> HttpResponse:
    """What a batch of questions costs, before any is asked; then all of them."""
    budget = _budget(pk)
    form = BatchForm(request.POST or None)
    context: dict[str, Any] = {"title": f"Price a batch about {budget}", "form": form, "budget": budget}
    if request.method == "POST" and form.is_valid():
        try:
            questions = [
                _numbered(number, budget, given)
                for number, given in enumerate(form.cleaned_data["questions"], 1)
            ]
            context["bill"] = bill = asking.price(budget, questions)
            if request.POST.get("action") == "release" and bill.suffices:
                for query in questions:
                    asking.ask(budget, query, by=request.user)
                messages.success(request, f"{len(questions)} questions are asked.")
                return redirect("statistics:releases")
        except ValidationError as refusal:
            form.add_error("questions", refusal.messages)
        except budgets.Refused as refused:
            form.add_error(None, str(refused))
    return page(request, "statistics/price.html", context, status=422 if form.errors else 200)


@allow("anonymization.view")
@require_safe
def release(request: StaffRequest, pk: int) -> HttpResponse:
    return _release_page(request, _release(pk))


@allow("anonymization.view")
@require_safe
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """How far it is; once it has ended, the page is loaded again."""
    found = _release(pk)
    if found.state != Release.State.WAITING or found.stopped:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return page(request, "statistics/_progress.html", {"release": found})


@allow("statistics.query")
@require_POST
def again(request: StaffRequest, pk: int) -> HttpResponse:
    found = _release(pk)
    try:
        asking.again(found)
    except asking.NotNow as refusal:
        messages.warning(request, str(refusal))
    return redirect(found)


@allow("budgets.manage")
@require_POST
def give_back(request: StaffRequest, pk: int) -> HttpResponse:
    found, form = _release(pk), GiveBackForm(request.POST)
    if not form.is_valid():
        return _release_page(request, found, give_back_form=form)
    try:
        asking.give_back(found, reason=form.cleaned_data["reason"])
    except asking.NotNow as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{found.cost} is given back.")
    return redirect(found)


@allow("statistics.true_values")
@never_cache
@require_POST
def true_values(request: StaffRequest, pk: int) -> HttpResponse:
    """The true values beside the noisy ones, on this one page and nowhere else."""
    found, form = _release(pk), LookForm(request.POST)
    if not form.is_valid():
        return _release_page(request, found, look_form=form)
    try:
        seen = looking.true_values(found, reason=form.cleaned_data["reason"])
    except (looking.NotNow, ConnectorError) as refusal:
        messages.warning(request, str(refusal))
        return redirect(found)
    return _release_page(request, found, true=seen)


def _numbered(number: int, budget: Budget, given: dict[str, Any]) -> Any:
    """Raises ValidationError that says which question of the batch is meant."""
    try:
        query = asking.understand(budget, given)
        plan(query)
    except ValidationError as refusal:
        words = [
            f"Question {number}, {field}: {' '.join(said)}" for field, said in refusal.message_dict.items()
        ]
        raise ValidationError(words) from None
    return query


def _budget(pk: int) -> Budget:
    return get_object_or_404(Budget.objects.select_related("data_set__system").exclude(data_set=None), pk=pk)


def _release(pk: int) -> Release:
    return get_object_or_404(
        Release.objects.select_related("budget__data_set__system", "asked_by", "job"), pk=pk
    )


def _release_page(request: StaffRequest, found: Release, **more: Any) -> HttpResponse:
    """`more`: a form that was not valid, or the true values."""
    user, stopped = request.user, found.stopped
    done = found.state == Release.State.DONE
    answer = (found.answer or {}).get("rows", [])
    forms = [more.get("look_form"), more.get("give_back_form")]
    context = {
        "title": found.title,
        "release": found,
        "waiting": found.state == Release.State.WAITING and not stopped,
        "stopped": stopped,
        "rows": rows_of(found, more.get("true")),
        "true": more.get("true"),
        "chart": charts.draw(answer) if done else None,
        "facts": facts_of(found),
        "may_ask": user.may("statistics.query") and stopped,
        "may_give_back": user.may("budgets.manage") and stopped and not asking.drew(found),
        "may_look": user.may("statistics.true_values") and done and found.budget.data_set is not None,
        "look_form": more.get("look_form") or LookForm(),
        "give_back_form": more.get("give_back_form") or GiveBackForm(),
    }
    invalid = any(form is not None and form.errors for form in forms)
    return page(request, "statistics/release.html", context, status=422 if invalid else 200)
