"""Requests that nobody confirms: one reminder with a new link, and some days later the end of it.

They wait in the mailbox of somebody who may never have asked: more letters than these they do not get.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from erasure.each_due import each_due
from erasure.models import SubjectRequest
from erasure.requests import events, identity, intake
from erasure.requests.closing import reject
from erasure.requests.letters import send_letter
from erasure.requests.regimes import regimes
from erasure.requests.states import NotNow

State = SubjectRequest.State
UNPROVEN = "identity not proven"
REMINDER = "remind_identity"


def remind() -> dict[str, int]:
    """Remind whom it is time to remind, close what it is time to close; how many of each."""
    with acting(Actor("system", "identity")):
        return {"reminded": each_due(_silent(), _remind), "closed": each_due(_given_up(), _close)}


def _waiting() -> QuerySet[SubjectRequest]:
    """For the person's word, and for nothing else: a clock that is paused waits for something else."""
    return SubjectRequest.objects.filter(state=State.IDENTITY_PENDING, paused_at=None)


def _silent() -> QuerySet[SubjectRequest]:
    long_ago = timezone.now() - timedelta(days=settings.IDENTITY_REMIND_DAYS)
    if not settings.IDENTITY_REMIND_DAYS:
        return SubjectRequest.objects.none()
    return _waiting().filter(received_at__lte=long_ago).exclude(letters__kind=REMINDER)


def _given_up() -> QuerySet[SubjectRequest]:
    """Reminded at least as long ago as a link works, so that everybody could still answer the reminder."""
    if not settings.IDENTITY_CLOSE_DAYS:
        return SubjectRequest.objects.none()
    now = timezone.now()
    due = _waiting().filter(received_at__lte=now - timedelta(days=settings.IDENTITY_CLOSE_DAYS))
    if settings.IDENTITY_REMIND_DAYS:
        due = due.filter(letters__kind=REMINDER, letters__made_at__lte=now - identity.LINK_VALID_FOR)
    return due.distinct()


def _remind(request: SubjectRequest) -> None:
    try:
        identity.send_link(request, asker=identity.CONSOLE, letter=REMINDER)
    except NotNow:  # a flood of letters this very hour: tomorrow, then
        return
    record(events.IDENTITY_REMINDED, request, subject=request.subject)


def _close(request: SubjectRequest) -> None:
    """Where a law says so, it becomes a request that needs no proof (Cal. Civ. Code 1798.99.86)."""
    law = regimes().get(request.regime)
    if law and law.unverifiable and law.unverifiable != request.kind:
        intake.receive(
            kind=law.unverifiable,
            identifiers=[(each.category, each.value) for each in request.identifiers.order_by("pk")],
            channel=request.channel,
            regime=request.regime,
            language=request.language,
        )
    reject(request, reason=UNPROVEN, tell=False)
    send_letter(request, "unverified")
