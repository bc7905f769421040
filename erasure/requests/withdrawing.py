"""Taking a request back: by the person, or by an agent in their name. What was done already stays done."""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import Plan, SubjectRequest
from erasure.requests import events
from erasure.requests.letters import send_letter
from erasure.requests.starting import hold_still, refuse_while_in_force
from erasure.requests.states import WITHDRAWN, move

State = SubjectRequest.State


@transaction.atomic
def withdraw(request: SubjectRequest, *, by: str = "person") -> None:
    """End the request because the person no longer wants it, and write so to them.

    Plans that nobody has approved go with it. Raises NotNow once a plan is in force, a job is at work, or it has ended.
    """
    hold_still(request)
    refuse_while_in_force(request)
    request.plans.filter(state__in=[Plan.State.PROPOSED, Plan.State.BLOCKED]).update(
        state=Plan.State.REJECTED,
        decided_at=timezone.now(),
        decision_reason="The request was withdrawn.",
    )
    move(
        request,
        State.REJECTED,
        since=[state for state in State if state not in SubjectRequest.ENDED],
        outcome=WITHDRAWN,
        problem="",
        paused_at=None,
        closed_at=timezone.now(),
    )
    record(events.REQUEST_WITHDRAWN, request, subject=request.subject, by=by)
    if request.verified_at:
        send_letter(request, "withdrawn")
