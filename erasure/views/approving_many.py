"""Many plans on one page: what each would do, and the second person's decision on all of them."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from erasure import approving
from erasure.forms import ApproveManyForm
from erasure.measures import registry as measures
from erasure.methods import registry as methods
from erasure.models import Plan, Step, SubjectRequest
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow

AT_ONCE = 1_000  # plans on one page
SAID = 5  # refusals that are told one by one


@dataclass(frozen=True, slots=True)
class Outline:
    """A plan in one line: `does` says how many rows each method concerns; `kept` data sets a legal hold keeps."""

    plan: Plan
    does: list[tuple[str, int]]
    rows: int
    kept: list[str]


def ask(request: StaffRequest, requests: Iterable[SubjectRequest]) -> HttpResponse:
    """The plans of these requests that await approval, and the form that approves them. Raises PermissionDenied."""
    if not request.user.may("plans.approve"):
        raise PermissionDenied("Only officers who may approve plans do this.")
    waiting = Plan.objects.filter(
        state=Plan.State.PROPOSED, request__state=SubjectRequest.State.PLANNED, request__in=requests
    )
    plans = list(
        waiting.select_related("request", "made_by").order_by("request__due_on", "pk")[: AT_ONCE + 1]
    )
    theirs = [plan for plan in plans if approving.may_decide(plan, request.user)]
    if not theirs:
        own = " Those that you made, somebody else has to approve." if plans else ""
        messages.error(request, f"No plan of these requests awaits your approval.{own}")
        return redirect("erasure:requests")
    return _page(request, theirs[:AT_ONCE], None, left=len(plans) - len(theirs[:AT_ONCE]))


@allow("plans.approve")
@require_POST
def approve(request: StaffRequest) -> HttpResponse:
    """Approve the plans that were on the page, each by its fingerprint; one that is refused stops no other."""
    form = ApproveManyForm(request.POST, word=word(_number(request)))
    if not form.is_valid():
        given = form.cleaned_data.get("fingerprints", {})
        plans = Plan.objects.filter(pk__in=given, state=Plan.State.PROPOSED, request__isnull=False)
        seen = [
            plan
            for plan in plans.select_related("request", "made_by").order_by("request__due_on", "pk")[:AT_ONCE]
            if plan.fingerprint == given[plan.pk]
        ]
        return _page(request, seen, form, status=422)
    approved, refused = approving.approve_many(form.cleaned_data["fingerprints"], by=request.user)
    if approved:
        messages.success(request, f"{word(len(approved))} approved: they will be carried out now.")
    for reason in list(refused.values())[:SAID]:
        messages.error(request, reason)
    if len(refused) > SAID:
        messages.error(request, f"{len(refused) - SAID} more were refused: see their pages.")
    return redirect("erasure:requests")


def word(number: int) -> str:
    """What is typed to approve so many plans."""
    return f"{number} plan" if number == 1 else f"{number} plans"


def _number(request: StaffRequest) -> int:
    try:
        given = json.loads(request.POST.get("fingerprints", ""))
    except ValueError:
        return 0
    return len(given) if isinstance(given, dict) else 0


def _page(
    request: StaffRequest,
    plans: list[Plan],
    form: ApproveManyForm | None,
    *,
    left: int = 0,
    status: int = 200,
) -> HttpResponse:
    if form is None:
        fingerprints = {str(plan.pk): plan.fingerprint for plan in plans}
        form = ApproveManyForm(word=word(len(plans)), initial={"fingerprints": fingerprints})
    outlines = _outlines(plans)
    context = {
        "title": "Approve plans",
        "outlines": outlines,
        "rows": sum(outline.rows for outline in outlines),
        "left": left,
        "form": form,
        "action": reverse("erasure:plans_approve"),
        "submit": "Approve and carry out",
        "cancel_url": reverse("erasure:requests"),
    }
    return page(request, "erasure/plans_approve.html", context, status=status)


def _outlines(plans: list[Plan]) -> list[Outline]:
    steps: dict[int, list[Step]] = {plan.pk: [] for plan in plans}
    for step in Step.objects.filter(plan__in=steps).select_related("data_set__system").order_by("position"):
        steps[step.plan_id].append(step)
    return [_outline(plan, steps[plan.pk]) for plan in plans]


def _outline(plan: Plan, steps: list[Step]) -> Outline:
    rows: Counter[str] = Counter()
    for step in steps:
        kind = measures.classes.get(step.method) or methods.get(step.method)
        rows[kind.label] += step.rows_before
    kept = [str(step.data_set) for step in steps if step.hold_id]
    return Outline(plan, list(rows.items()), sum(step.rows_before for step in steps), kept)
