"""Taking longer than the law allows at first, and saying no: each with a reason that the person is told.

Art. 12(3) GDPR: once, by the regime's own extension, told before the first deadline has passed.
Art. 12(4): who is not given what they ask for is told why, and where to complain.
"""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.models import Plan, SubjectRequest
from erasure.requests.letters import send_letter
from erasure.requests.regimes import regimes
from erasure.requests.starting import hold_still, refuse_while_in_force
from erasure.requests.states import NotNow, move
from erasure.requests.stating import REASON_LENGTH, stated
from erasure.requests.timing import due_on, may_extend
from governance.console.models import User

State = SubjectRequest.State
__all__ = ["REASON_LENGTH", "extend", "reject", "why_not_extended"]


@transaction.atomic
def extend(request: SubjectRequest, *, reason: str) -> None:
    """Move the deadline once, and write to the person why. Raises ValidationError, NotNow."""
    reason = stated(reason)
    locked = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if why := why_not_extended(locked):
        raise NotNow(why)
    locked.extended, locked.extension_reason = True, reason
    locked.due_on = due_on(locked)
    locked.save(update_fields=["extended", "extension_reason", "due_on"])
    request.refresh_from_db()
    due = request.due_on.isoformat()
    record(events.REQUEST_EXTENDED, request, subject=request.subject, due=due, reason=reason)
    send_letter(request, "extended", reason=reason)


@transaction.atomic
def reject(request: SubjectRequest, *, reason: str, by: User | None = None, tell: bool = True) -> None:
    """End the request without doing what it asks; with `tell`, write to the person why.

    Plans that nobody has approved go with it. Raises ValidationError, or NotNow while a job is at work, while a
    plan is in force, or if the request has ended.
    """
    reason = stated(reason)
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
        paused_at=None,
        closed_at=timezone.now(),
    )
    record(events.REQUEST_REJECTED, request, subject=request.subject, reason=reason)
    if tell:
        send_letter(request, "rejected", reason=reason)


def why_not_extended(request: SubjectRequest) -> str:
    """Why its deadline cannot be moved now; empty if it can."""
    if request.ended:
        return f"{request} is {request.get_state_display().lower()}: its clock has stopped."
    if request.extended:
        return f"The deadline of {request} was extended before; the law allows it once."
    if not may_extend(request):
        title = regimes()[request.regime].title if request.regime in regimes() else request.regime
        return f"{title} gives no longer time for this: {request} stays due on {request.due_on:%-d %B %Y}."
    if request.due_on < timezone.localdate() and not request.clock_stands:
        return f"The deadline of {request} has passed; an extension has to be told before it does."
    return ""
