"""Telling the person that their request has arrived: at receipt where the law asks for it, or by an officer."""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.letters import send_letter
from erasure.requests.states import NotNow


@transaction.atomic
def acknowledge(request: SubjectRequest) -> None:
    """Write to the person that the request is here, once. Raises NotNow."""
    told = (
        SubjectRequest.objects.filter(pk=request.pk, acknowledged_at=None)
        .exclude(state__in=SubjectRequest.ENDED)
        .update(acknowledged_at=timezone.now())
    )
    request.refresh_from_db()
    if not told:
        why = "has ended" if request.ended else "was acknowledged before"
        raise NotNow(f"{request} {why}.")
    record(events.REQUEST_ACKNOWLEDGED, request, subject=request.subject)
    send_letter(request, "acknowledged")
