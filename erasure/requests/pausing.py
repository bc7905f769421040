"""Stopping the clock while only the person can help, where the law lets it stand, and letting it go on.

UK GDPR Art. 12A: the clock stands from the question to the answer. In the EU the EDPB's Guidelines 01/2022 allow it for
what is asked for or who asks; the CCPA knows no pause at all.
"""

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.letters import send_letter
from erasure.requests.regimes import regimes
from erasure.requests.states import NotNow
from erasure.requests.stating import stated
from erasure.requests.timing import due_on


@transaction.atomic
def pause(request: SubjectRequest, *, reason: str) -> None:
    """Stop the clock today and ask the person. Raises ValidationError, NotNow."""
    reason = stated(reason)
    locked = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if why := why_not_paused(locked):
        raise NotNow(why)
    SubjectRequest.objects.filter(pk=request.pk).update(paused_at=timezone.now(), pause_reason=reason)
    request.refresh_from_db()
    record(events.REQUEST_PAUSED, request, subject=request.subject, reason=reason)
    send_letter(request, "paused", reason=reason)


@transaction.atomic
def resume(request: SubjectRequest) -> None:
    """Let the clock go on: the deadline moves by as many days as it stood. Raises NotNow."""
    locked = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if locked.ended or locked.paused_at is None:
        raise NotNow(f"The clock of {request} is not paused.")
    days = paused_for(locked)
    locked.paused_days += days
    locked.paused_at = None
    locked.due_on = due_on(locked)
    locked.save(update_fields=["paused_days", "paused_at", "due_on"])
    request.refresh_from_db()
    record(
        events.REQUEST_RESUMED,
        request,
        subject=request.subject,
        days=days,
        due=request.due_on.isoformat(),
    )
    send_letter(request, "resumed")


def paused_for(request: SubjectRequest) -> int:
    """Days of the pause that lasts, by the calendar: none if it began today."""
    if request.paused_at is None:
        return 0
    return (timezone.localdate() - timezone.localdate(request.paused_at)).days


def why_not_paused(request: SubjectRequest) -> str:
    """Why its clock cannot be stopped now; empty if it can."""
    law = regimes().get(request.regime)
    if request.ended:
        return f"{request} is {request.get_state_display().lower()}: its clock has stopped."
    if law is None or not law.pause or request.appeal:
        title = law.title if law else request.regime
        return f"{title} lets no clock stand{' during an appeal' if request.appeal else ''}: {request} stays due."
    if request.paused_at:
        return f"The clock of {request} is paused already."
    if request.clock_waits:
        return f"The clock of {request} has not started: it waits for the identity."
    if request.due_on < timezone.localdate():
        return f"The deadline of {request} has passed: it can no longer be paused."
    return ""
