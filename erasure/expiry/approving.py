"""The second person, for what a policy asks for."""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.approving import SamePerson
from erasure.expiry.jobs import start
from erasure.expiry.models import Run
from erasure.models import Plan
from erasure.requests.states import NotNow
from governance.console.models import Job, User


@transaction.atomic
def approve(run: Run, *, fingerprint: str, by: User) -> Job:
    """Approve the plan with this fingerprint and queue it. Raises SamePerson; NotNow where it is not the one seen."""
    plan = run.plan
    if plan.made_by_id is None:  # it might be anybody, the one who approves among them
        raise SamePerson(f"Nobody is named as the maker of {plan}: plan it again from the due list.")
    if plan.made_by_id == by.pk:
        raise SamePerson("You planned this run: somebody else has to approve it.")
    approved = Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED, fingerprint=fingerprint).update(
        state=Plan.State.APPROVED, decided_by=by, decided_at=timezone.now()
    )
    plan.refresh_from_db()
    if not approved:
        raise NotNow(_why_not(plan, fingerprint))
    record(events.PLAN_APPROVED, plan, fingerprint=fingerprint)
    return start(run)


@transaction.atomic
def reject(run: Run, *, reason: str, by: User) -> None:
    """Put the plan aside; what is due stays due. Raises NotNow if it is no longer open."""
    plan = run.plan
    rejected = Plan.objects.filter(pk=plan.pk, state__in=[Plan.State.PROPOSED, Plan.State.BLOCKED]).update(
        state=Plan.State.REJECTED, decided_by=by, decided_at=timezone.now(), decision_reason=reason
    )
    plan.refresh_from_db()
    if not rejected:
        raise NotNow(_why_not(plan, plan.fingerprint))
    record(events.PLAN_REJECTED, plan, fingerprint=plan.fingerprint, reason=reason)


def _why_not(plan: Plan, fingerprint: str) -> str:
    if plan.fingerprint != fingerprint:
        return f"{plan} is not the plan you saw: read it again."
    return f"{plan} is {plan.get_state_display().lower()}: there is nothing to decide."
