"""The second person: approves exactly what they saw, or says why not."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.models import Plan, SubjectRequest
from erasure.requests.states import NotNow, move
from governance.console.jobs import enqueue
from governance.console.models import Job, User

State = SubjectRequest.State


class SamePerson(NotNow):
    """Who made a plan may not approve it."""


@transaction.atomic
def approve(plan: Plan, *, fingerprint: str, by: User) -> None:
    """Approve the plan with this fingerprint and queue its execution. Of two who approve at once, one succeeds.

    Raises SamePerson, or NotNow if the plan is not the one seen, or no longer open.
    """
    _require_request(plan)
    _refuse_same_person(plan, by)
    approved = Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED, fingerprint=fingerprint).update(
        state=Plan.State.APPROVED, decided_by=by, decided_at=timezone.now()
    )
    plan.refresh_from_db()
    if not approved:
        if plan.fingerprint != fingerprint:
            raise NotNow(f"{plan} is not the plan you saw: read it again.")
        raise NotNow(f"{plan} is {plan.get_state_display().lower()}: there is nothing to decide.")
    record(events.PLAN_APPROVED, plan, subject=plan.request.subject, fingerprint=fingerprint)
    move(plan.request, State.APPROVED, since=[State.PLANNED], job=execution(plan))


@transaction.atomic
def approve_many(fingerprints: Mapping[int, str], *, by: User) -> tuple[list[Plan], dict[int, str]]:
    """Approve each plan (by primary key) with its fingerprint: those approved, and why the others were refused.

    One that is refused stops no other: it may be taken back, made anew, or the approver's own.
    """
    found = Plan.objects.filter(pk__in=fingerprints, request__isnull=False).select_related("request__job")
    plans = {plan.pk: plan for plan in found.order_by("pk")}
    refused = {pk: "There is no such plan of a request." for pk in fingerprints if pk not in plans}
    approved = []
    for plan in plans.values():
        try:
            approve(plan, fingerprint=fingerprints[plan.pk], by=by)
        except NotNow as reason:
            refused[plan.pk] = str(reason)
        else:
            approved.append(plan)
    return approved, refused


@transaction.atomic
def reject(plan: Plan, *, reason: str, by: User) -> None:
    """Send the plan back. Raises NotNow if it is no longer open."""
    _require_request(plan)
    rejected = Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED).update(
        state=Plan.State.REJECTED, decided_by=by, decided_at=timezone.now(), decision_reason=reason
    )
    plan.refresh_from_db()
    if not rejected:
        raise NotNow(f"{plan} is {plan.get_state_display().lower()}: there is nothing to decide.")
    record(
        events.PLAN_REJECTED, plan, subject=plan.request.subject, fingerprint=plan.fingerprint, reason=reason
    )
    move(plan.request, State.FOUND, since=[State.PLANNED])


@transaction.atomic
def resume(plan: Plan) -> None:
    """Queue again the execution that a system's silence interrupted. Raises NotNow if there is nothing to resume."""
    _require_request(plan)
    if plan.state not in (Plan.State.APPROVED, Plan.State.EXECUTING):
        raise NotNow(f"{plan} is {plan.get_state_display().lower()}: there is nothing to resume.")
    job = plan.request.job
    if job and not job.finished:
        raise NotNow(f"{plan} is being carried out already.")
    state = State.EXECUTING if plan.state == Plan.State.EXECUTING else State.APPROVED
    move(plan.request, state, since=[State.FAILED, State.WAITING, state], problem="", job=execution(plan))


def execution(plan: Plan) -> Job:
    """The job that carries the plan out."""
    return enqueue("erasure.execute", title=f"Carry out {plan}", plan=plan.pk)


def may_decide(plan: Plan, by: User) -> bool:
    """Whether somebody else made the plan."""
    return plan.made_by_id is not None and plan.made_by_id != by.pk


def _require_request(plan: Plan) -> None:
    """Raises NotNow for the plan of an expiry run or a replay, which have approvals of their own."""
    if plan.request_id is None:
        raise NotNow(f"{plan} is of no request: decide it where it was made.")


def _refuse_same_person(plan: Plan, by: User) -> None:
    if plan.made_by_id is None:  # it might be anybody, the one who approves among them
        raise SamePerson(f"Nobody is named as the maker of {plan}: reject it and make it again.")
    if plan.made_by_id == by.pk:
        raise SamePerson("You made this plan: somebody else has to approve it.")
