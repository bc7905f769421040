"""Taking a request back, and saying no to one with the reason that its protocol has a word for."""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.protocols import events
from erasure.protocols.models import Received
from erasure.requests.closing import reject
from erasure.requests.states import NotNow
from governance.console.models import User

# What people asked for themselves goes on, whoever joined it.
BY_PROTOCOL = (SubjectRequest.Channel.DRP, SubjectRequest.Channel.OPENDSR)
REASON = "Withdrawn by whoever sent it for the person."


@transaction.atomic
def withdraw(received: Received) -> Received:
    """End the request; one that others asked for too goes on without this sender. Again changes nothing.

    Raises NotNow while it is being carried out, or when it has ended.
    """
    received = Received.objects.select_for_update(of=("self",)).get(pk=received.pk)
    if received.withdrawn_at:
        return received
    request = received.request
    if request is None or received.denial or request.ended:
        raise NotNow("This request has ended.")
    others = Received.objects.filter(request=request, withdrawn_at=None).exclude(pk=received.pk).exists()
    alone = not others and request.channel in BY_PROTOCOL
    if alone:
        reject(request, reason=REASON, tell=False)
    received.withdrawn_at = timezone.now()
    received.save(update_fields=["withdrawn_at"])
    record(
        events.REQUEST_WITHDRAWN,
        request,
        subject=request.subject,
        protocol="drp" if received.agent_id else "opendsr",
        sender=received.sender.name,
        joined=not alone,
    )
    return received


@transaction.atomic
def deny(received: Received, *, denial: str, reason: str, by: User | None = None) -> Received:
    """Reject the request; the sender is told `denial`, the person `reason`. Raises ValidationError, NotNow."""
    received = Received.objects.select_for_update(of=("self",)).get(pk=received.pk)
    request = received.request
    if request is None or received.withdrawn_at or received.denial:
        raise NotNow("This request has ended.")
    denial = Received.Denial(denial)
    reject(request, reason=reason, by=by)
    received.denial = denial
    received.save(update_fields=["denial"])
    record(
        events.REQUEST_DENIED, request, subject=request.subject, sender=received.sender.name, reason=denial
    )
    return received
