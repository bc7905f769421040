"""What is carried out the moment it is asked for: an opt-out needs no identity and no decision (11 CCR 7026)."""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.answers import events
from erasure.events import REQUEST_COMPLETED
from erasure.models import SubjectRequest
from erasure.requests.letters import send_letter
from erasure.requests.states import move
from erasure.rights import right_of

State = SubjectRequest.State


@transaction.atomic
def settle_at_once(request: SubjectRequest) -> bool:
    """Carry the request out if nothing has to be known or decided before; whether that was so. Raises NotNow."""
    right = right_of(request.kind)
    if right.needs_identity or right.searches:
        return False
    right.settle(request)
    now = timezone.now()
    move(request, State.COMPLETE, since=[State.RECEIVED], outcome=right.done, problem="", closed_at=now)
    record(events.RIGHT_SETTLED, request, subject=request.subject, effect=right.done, purposes=[])
    record(REQUEST_COMPLETED, request, subject=request.subject, outcome=right.done)
    transaction.on_commit(lambda: send_letter(request, "opted_out"))
    return True
