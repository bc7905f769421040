"""Objections (Art. 21): to which purposes, and what outweighs them. Against direct marketing nothing does."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.answers import events
from erasure.answers.models import Objection
from erasure.events import REQUEST_COMPLETED
from erasure.models import SubjectRequest
from erasure.requests.closing import reject
from erasure.requests.letters import send_letter
from erasure.requests.starting import hold_still
from erasure.requests.states import NotNow, move
from erasure.rights import right_of
from governance.activities.models import ProcessingActivity
from governance.console.models import User

State = SubjectRequest.State
REASON_LENGTH = 250


@transaction.atomic
def enter(
    request: SubjectRequest, *, activity: ProcessingActivity | None = None, marketing: bool = False
) -> Objection:
    """A purpose that the person objects to: an activity, or direct marketing of any kind.

    Raises ValidationError, NotNow.
    """
    _open(request)
    if activity is None and not marketing:
        raise ValidationError({"activity": "Name the activity, or say that it is about direct marketing."})
    objection, fresh = Objection.objects.get_or_create(
        request=request, activity=activity, defaults={"marketing": marketing}
    )
    if not fresh:
        raise ValidationError({"activity": f"{objection.purpose} is entered already."})
    record(events.OBJECTION_ENTERED, request, subject=request.subject, purpose=objection.purpose)
    return objection


@transaction.atomic
def decide(objection: Objection, *, state: str, reason: str = "", by: User | None = None) -> None:
    """Uphold it, or say which compelling grounds override it (Art. 21(1)). Raises ValidationError, NotNow."""
    request = objection.request
    _open(request)
    if request.state != State.VERIFIED:
        raise NotNow("Verify the identity first: nobody else's objection is decided on.")
    reason = reason.strip()
    if state not in (Objection.State.UPHELD, Objection.State.OVERRIDDEN):
        raise ValidationError({"state": "An objection is upheld or overridden."})
    if state == Objection.State.OVERRIDDEN and objection.marketing:
        raise ValidationError({"state": "Nothing overrides an objection to direct marketing (Art. 21(3))."})
    if (
        len(reason) > REASON_LENGTH
        or "\x00" in reason
        or (state == Objection.State.OVERRIDDEN and not reason)
    ):
        raise ValidationError(
            {
                "reason": f"Name the compelling grounds in 1 to {REASON_LENGTH} characters: the person reads them."
            }
        )
    objection.state, objection.reason = state, reason
    objection.decided_by, objection.decided_at = by, timezone.now()
    objection.save()
    record(
        events.OBJECTION_DECIDED,
        request,
        subject=request.subject,
        purpose=objection.purpose,
        decision=state,
        reason=reason,
    )


@transaction.atomic
def settle(request: SubjectRequest, *, by: User | None = None) -> None:
    """Carry out what was decided: the registry says no from now on, or the request is rejected. Raises NotNow."""
    _open(request)
    objections = list(request.objections.select_related("activity"))
    if not objections or any(each.state == Objection.State.OPEN for each in objections):
        raise NotNow("Enter what the person objects to, and decide on each of it first.")
    upheld = [each.purpose for each in objections if each.state == Objection.State.UPHELD]
    overridden = [each for each in objections if each.state == Objection.State.OVERRIDDEN]
    if not upheld:
        reject(request, reason=" ".join(each.reason for each in overridden)[:REASON_LENGTH], by=by)
        return
    right = right_of(request.kind)
    right.settle(request)
    outcome = f"{right.done} in part" if overridden else right.done
    now = timezone.now()
    move(request, State.COMPLETE, since=[State.VERIFIED], outcome=outcome, problem="", closed_at=now)
    record(events.RIGHT_SETTLED, request, subject=request.subject, effect="objected", purposes=upheld)
    record(REQUEST_COMPLETED, request, subject=request.subject, outcome=outcome)
    transaction.on_commit(
        lambda: send_letter(request, "objection_settled", upheld=upheld, overridden=overridden)
    )


def _open(request: SubjectRequest) -> None:
    hold_still(request)
    request.refresh_from_db()
    if request.kind != SubjectRequest.Kind.OBJECTION:
        raise NotNow(f"{request} is no objection.")
    if request.ended:
        raise NotNow(f"{request} is {request.get_state_display().lower()}.")
