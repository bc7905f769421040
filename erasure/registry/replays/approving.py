"""The officer who answers, and the second person who approves, for a replay."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events as erasure_events
from erasure.approving import SamePerson
from erasure.models import Plan, Step
from erasure.registry import events
from erasure.registry.models import Replay, ReplayQuestion
from erasure.registry.replays import jobs
from erasure.requests.states import NotNow
from governance.console.models import Job, User

State = Replay.State
REASON_LENGTH = 250


@transaction.atomic
def answer(question: ReplayQuestion, *, said: str, reason: str, by: User) -> None:
    """Say whether the rows are to be erased; after the last answer the copy is looked at again.

    Raises ValidationError, or NotNow where it has been answered.
    """
    reason = reason.strip()
    if said not in ReplayQuestion.Answer.values:
        raise ValidationError({"answer": f"Answer {' or '.join(ReplayQuestion.Answer.values)}."})
    if not reason or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Give the reason in 1 to {REASON_LENGTH} characters."})
    replay = Replay.objects.select_for_update().get(pk=question.replay_id)
    answered = replay.state == State.ASKING and ReplayQuestion.objects.filter(
        pk=question.pk, answer=""
    ).update(answer=said, reason=reason, answered_by=by, answered_at=timezone.now())
    if not answered:
        raise NotNow("This has been answered, or is no longer asked.")
    record(
        events.REPLAY_ANSWERED,
        replay,
        data_set=str(question.data_set),
        why=question.why,
        rows=question.rows,
        answer=said,
        reason=reason,
    )
    if not replay.questions.filter(answer="").exists():
        jobs.look_again(replay)


@transaction.atomic
def approve(replay: Replay, *, fingerprint: str, by: User) -> Job:
    """Approve the plan with this fingerprint and queue it. Raises SamePerson; NotNow where it is not the one seen."""
    plan = _plan(replay)
    if plan.made_by_id is None or plan.made_by_id == by.pk:
        raise SamePerson(
            "You made this plan, or nobody is named as its maker: somebody else has to approve it."
        )
    if decided_by(replay, by):
        raise SamePerson("You said which rows are to be erased: somebody else has to approve it.")
    approved = Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED, fingerprint=fingerprint).update(
        state=Plan.State.APPROVED, decided_by=by, decided_at=timezone.now()
    )
    plan.refresh_from_db()
    if not approved:
        raise NotNow(_why_not(plan, fingerprint))
    record(erasure_events.PLAN_APPROVED, plan, fingerprint=fingerprint)
    return jobs.carry_out(replay)


def decided_by(replay: Replay, by: User) -> bool:
    """Whether their answer put rows into the plan."""
    return replay.questions.filter(answered_by=by, answer=ReplayQuestion.Answer.ERASE).exists()


@transaction.atomic
def reject(replay: Replay, *, reason: str, by: User) -> None:
    """Put the plan aside: the copy still holds whom it holds. Raises NotNow if the plan is no longer open."""
    plan = _plan(replay)
    rejected = Plan.objects.filter(pk=plan.pk, state__in=[Plan.State.PROPOSED, Plan.State.BLOCKED]).update(
        state=Plan.State.REJECTED, decided_by=by, decided_at=timezone.now(), decision_reason=reason
    )
    plan.refresh_from_db()
    if not rejected:
        raise NotNow(_why_not(plan, plan.fingerprint))
    Step.objects.filter(plan=plan).update(sealed=None)
    Replay.objects.filter(pk=replay.pk).update(state=State.REJECTED, finished_at=timezone.now())
    record(erasure_events.PLAN_REJECTED, plan, fingerprint=plan.fingerprint, reason=reason)


def _plan(replay: Replay) -> Plan:
    if replay.plan is None:
        raise NotNow(f"{replay} has no plan.")
    return replay.plan


def _why_not(plan: Plan, fingerprint: str) -> str:
    if plan.fingerprint != fingerprint:
        return f"{plan} is not the plan you saw: read it again."
    return f"{plan} is {plan.get_state_display().lower()}: there is nothing to decide."
