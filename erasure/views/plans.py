"""The page of one plan: every step as it would be done, and the second person's decision."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from erasure import approving
from erasure.forms import ApproveForm, ReasonForm
from erasure.measures import registry as measures
from erasure.methods import registry as methods
from erasure.models import Plan, Step, SubjectRequest
from erasure.views.handling import ask, refusals_shown
from governance.console.http import StaffRequest
from governance.console.pages import page
from governance.console.permissions import allow


@dataclass(frozen=True, slots=True)
class ShownStep:
    step: Step
    method: str
    fields: list[tuple[str, list[str]]]  # what becomes of them, and which columns those are


@allow("requests.view")
def show(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    plan = _plan(pk, number)
    form = ApproveForm(word=plan.request.reference, initial={"fingerprint": plan.fingerprint})
    return plan_page(request, plan, form)


@allow("plans.approve")
@require_POST
@refusals_shown
def approve(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    plan = _plan(pk, number)
    form = ApproveForm(request.POST, word=plan.request.reference)
    if not form.is_valid():
        return plan_page(request, plan, form, status=422)
    approving.approve(plan, fingerprint=form.cleaned_data["fingerprint"], by=request.user)
    messages.success(request, f"{plan} is approved and will be carried out now.")
    return redirect(plan.request)


@allow("plans.approve")
@refusals_shown
def reject(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    plan = _plan(pk, number)
    return ask(
        request,
        plan.request,
        ReasonForm(request.POST or None),
        lambda reason: approving.reject(plan, reason=reason, by=request.user),
        title=f"Reject plan {plan.number}",
        lead="The plan goes back to be made again. Nothing has been changed in any system.",
        submit="Reject the plan",
        below=plan,
    )


@allow("requests.handle")
@require_POST
@refusals_shown
def resume(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    plan = _plan(pk, number)
    approving.resume(plan)
    return redirect(plan.request)


def plan_page(request: StaffRequest, plan: Plan, form: ApproveForm, *, status: int = 200) -> HttpResponse:
    """With the decision below it for whoever may take it; for the others, why they may not."""
    steps = list(plan.steps.select_related("data_set__system", "hold", "hit"))
    open_now = plan.state == Plan.State.PROPOSED and plan.request.state == SubjectRequest.State.PLANNED
    may_approve = open_now and request.user.may("plans.approve")
    made_it = plan.made_by_id == request.user.pk
    context = {
        "title": f"Plan {plan.number}",
        "plan": plan,
        "asked": plan.request,
        "steps": [_shown(step) for step in steps],
        "rows": sum(step.rows_before for step in steps),
        "held": [step for step in steps if step.hold],
        "may_reject": may_approve,
        "made_it": may_approve and made_it,
        "form": form,
        "action": reverse("erasure:plan_approve", args=[plan.request_id, plan.number]),
        "submit": "Approve and carry out",
        "cancel_url": plan.request.get_absolute_url(),
    }
    decides = may_approve and not made_it
    return page(
        request, "erasure/plan_decide.html" if decides else "erasure/plan.html", context, status=status
    )


def _plan(pk: int, number: int) -> Plan:
    plans = Plan.objects.select_related("request", "made_by", "decided_by")
    return get_object_or_404(plans, request=pk, number=number)


def _shown(step: Step) -> ShownStep:
    fields: dict[str, list[str]] = {}
    for name, stored in sorted(step.replacements.items()):
        fields.setdefault(f"becomes {_words(stored)}", []).append(name)
    for entry in step.kept:
        fields.setdefault(f"stays, {entry['why']}", []).append(entry["column"])
    kind = measures.classes.get(step.method) or methods.get(step.method)
    return ShownStep(step, kind.label, list(fields.items()))


def _words(stored: dict) -> str:
    if stored["value"] is None:
        return "nothing (null)"
    if stored["unique"]:
        return f"“{stored['value']}” and a random ending, different in each row"
    return f"“{stored['value']}”" if stored["value"] != "" else "an empty text"
