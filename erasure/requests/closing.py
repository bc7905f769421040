"""Taking longer than the law allows at first, and saying no: each with a reason that the person is told.

Art. 12(3) GDPR: once, by the regime's own extension, told before the first deadline has passed.
Art. 12(4): who is not given what they ask for is told why, and where to complain.
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.models import Plan, SubjectRequest
from erasure.requests.intake import deadline
from erasure.requests.letters import send_letter
from erasure.requests.starting import hold_still, refuse_while_in_force
from erasure.requests.states import NotNow, move
from governance.console.models import User

State = SubjectRequest.State
REASON_LENGTH = 250


@transaction.atomic
def extend(request: SubjectRequest, *, reason: str) -> None:
    """Move the deadline once, and write to the person why. Raises ValidationError, NotNow."""
    reason = _stated(reason)
    due_on = deadline(request.regime, request.received_at, extended=True)
    extended = (
        SubjectRequest.objects.filter(pk=request.pk, extended=False, due_on__gte=timezone.localdate())
        .exclude(state__in=SubjectRequest.ENDED)
        .update(extended=True, extension_reason=reason, due_on=due_on)
    )
    request.refresh_from_db()
    if not extended:
        raise NotNow(_why_not(request))
    record(events.REQUEST_EXTENDED, request, subject=request.subject, due=due_on.isoformat(), reason=reason)
    transaction.on_commit(lambda: send_letter(request, "extended"))


@transaction.atomic
def reject(request: SubjectRequest, *, reason: str, by: User | None = None, tell: bool = True) -> None:
    """End the request without doing what it asks; with `tell`, write to the person why.

    Plans that nobody has approved go with it. Raises ValidationError, or NotNow while a job is at work, while a
    plan is in force, or if the request has ended.
    """
    reason = _stated(reason)
    request.plans.filter(state__in=[Plan.State.PROPOSED, Plan.State.BLOCKED]).update(
        state=Plan.State.REJECTED,
        decided_by=by,
        decided_at=timezone.now(),
        decision_reason="The request was rejected.",
    )
    hold_still(request)
    refuse_while_in_force(request)
    still_open = [state for state in State if state not in SubjectRequest.ENDED]
    move(
        request,
        State.REJECTED,
        since=still_open,
        outcome=f"rejected: {reason}",
        problem="",
        closed_at=timezone.now(),
    )
    record(events.REQUEST_REJECTED, request, subject=request.subject, reason=reason)
    if tell:
        transaction.on_commit(lambda: send_letter(request, "rejected", reason=reason))


def _stated(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Give the reason in 1 to {REASON_LENGTH} characters."})
    return reason


def _why_not(request: SubjectRequest) -> str:
    if request.ended:
        return f"{request} is {request.get_state_display().lower()}: its clock has stopped."
    if request.extended:
        return f"The deadline of {request} was extended before; the law allows it once."
    return f"The deadline of {request} has passed; an extension has to be told before it does."
