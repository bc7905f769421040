"""The second person: approves exactly what they saw, or says why not."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record, record_many
from erasure import events
from erasure.models import Plan, SubjectRequest
from erasure.requests.states import NotNow, move, move_many, not_now
from governance.console.jobs import enqueue_many
from governance.console.models import Job, User

State = SubjectRequest.State
AT_ONCE = 500  # requests written in one statement


class SamePerson(NotNow):
    """Who made a plan may not approve it."""


@transaction.atomic
def approve(plan: Plan, *, fingerprint: str, by: User) -> None:
    """Approve the plan with this fingerprint and queue its execution. Of two who approve at once, one succeeds.

    Raises SamePerson, or NotNow if the plan is not the one seen, or no longer open.
    """
    _require_request(plan)
    _, refused = _approve({plan.pk: fingerprint}, by=by)
    if plan.pk in refused:
        raise refused[plan.pk]
    plan.refresh_from_db()


@transaction.atomic
def approve_many(fingerprints: Mapping[int, str], *, by: User) -> tuple[list[Plan], dict[int, str]]:
    """Approve each plan (by primary key) with its fingerprint: those approved, and why the others were refused.

    One that is refused stops no other: it may be taken back, made anew, or the approver's own.
    """
    approved, refused = _approve(fingerprints, by=by)
    return approved, {pk: str(reason) for pk, reason in refused.items()}


def _approve(fingerprints: Mapping[int, str], *, by: User) -> tuple[list[Plan], dict[int, NotNow]]:
    """In the caller's transaction; the plans are locked first, so that nobody decides about them meanwhile."""
    found = Plan.objects.filter(pk__in=fingerprints, request__isnull=False).select_related("request")
    plans = {plan.pk: plan for plan in found.select_for_update(of=("self",), no_key=True).order_by("pk")}
    refused = {pk: NotNow("There is no such plan of a request.") for pk in fingerprints if pk not in plans}
    for pk, plan in plans.items():
        if reason := _why_not(plan, fingerprints[pk], by):
            refused[pk] = reason
    open_plans = [plan for pk, plan in plans.items() if pk not in refused]
    moved = move_many((plan.request for plan in open_plans), State.APPROVED, since=[State.PLANNED])
    approved = [plan for plan in open_plans if plan.request_id in moved]
    for plan in open_plans:
        if plan.request_id not in moved:
            plan.request.refresh_from_db()
            refused[plan.pk] = not_now(plan.request)
    now = timezone.now()
    for plan in approved:
        plan.state, plan.decided_by, plan.decided_at = Plan.State.APPROVED, by, now
    Plan.objects.filter(pk__in=[plan.pk for plan in approved]).update(
        state=Plan.State.APPROVED, decided_by=by, decided_at=now
    )
    record_many(
        events.PLAN_APPROVED,
        ((plan, plan.request.subject, {"fingerprint": plan.fingerprint}) for plan in approved),
    )
    for plan, job in zip(approved, executions(approved), strict=True):
        plan.request.job = job
    SubjectRequest.objects.bulk_update([plan.request for plan in approved], ["job"], batch_size=AT_ONCE)
    return approved, refused


def _why_not(plan: Plan, fingerprint: str, by: User) -> NotNow | None:
    if plan.made_by_id is None:  # it might be anybody, the one who approves among them
        return SamePerson(f"Nobody is named as the maker of {plan}: reject it and make it again.")
    if plan.made_by_id == by.pk:
        return SamePerson("You made this plan: somebody else has to approve it.")
    if plan.fingerprint != fingerprint:
        return NotNow(f"{plan} is not the plan you saw: read it again.")
    if plan.state != Plan.State.PROPOSED:
        return NotNow(f"{plan} is {plan.get_state_display().lower()}: there is nothing to decide.")
    return None


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
    return executions([plan])[0]


def executions(plans: Iterable[Plan]) -> list[Job]:
    """A job for each plan, that carries it out."""
    return enqueue_many("erasure.execute", [(f"Carry out {plan}", {"plan": plan.pk}) for plan in plans])


def may_decide(plan: Plan, by: User) -> bool:
    """Whether somebody else made the plan."""
    return plan.made_by_id is not None and plan.made_by_id != by.pk


def _require_request(plan: Plan) -> None:
    """Raises NotNow for the plan of an expiry run or a replay, which have approvals of their own."""
    if plan.request_id is None:
        raise NotNow(f"{plan} is of no request: decide it where it was made.")
