"""Deleting a request whose time is up: the ledger keeps what was done, a row of figures keeps the statistics right."""

from typing import Any

from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import Step, SubjectRequest
from erasure.requests import events
from erasure.requests.models import PastRequest


def forget(request: SubjectRequest) -> None:
    """In the caller's transaction. Its proof remains in the ledger, under the keyed reference of the person."""
    facts = figures(request)
    PastRequest.objects.create(**facts)
    record(
        events.REQUEST_FORGOTTEN,
        request,
        subject=request.subject,
        kind=request.kind,
        regime=request.regime,
        rejected=facts["rejected"],
    )
    Step.objects.filter(plan__request=request).delete()  # before the hits that they protect
    request.delete()


def figures(request: SubjectRequest) -> dict[str, Any]:
    """Of an ended request, as `PastRequest` keeps them."""
    if request.closed_at is None:
        raise ValueError(f"{request} has not ended.")
    received = timezone.localdate(request.received_at)
    ended = timezone.localdate(request.closed_at)
    return {
        "kind": request.kind,
        "regime": request.regime,
        "channel": request.channel,
        "month": received.replace(day=1),
        "days": (ended - received).days,
        "on_time": ended <= request.due_on,
        "extended": request.extended,
        "rejected": request.state == SubjectRequest.State.REJECTED,
    }
