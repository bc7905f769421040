"""Taking up again a request that has ended: because something was missed, or because the person appeals.

Reopened, it is a request anew: the whole time of its law from today on, no extension used, and a new search, since what
was found before says nothing about today. An appeal (US states) has a time of its own, and a decision in writing.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.letters import send_letter
from erasure.requests.regimes import regimes
from erasure.requests.starting import hold_still, refuse_while_in_force
from erasure.requests.states import NotNow, move
from erasure.requests.stating import stated
from erasure.requests.timing import due_on

State = SubjectRequest.State
Appeal = SubjectRequest.Appeal


@transaction.atomic
def reopen(request: SubjectRequest, *, reason: str) -> None:
    """Search and answer once more; the person is told. Raises ValidationError, NotNow."""
    reason = stated(reason)
    _take_up(request, appeal="")
    due = request.due_on.isoformat()
    record(events.REQUEST_REOPENED, request, subject=request.subject, due=due, reason=reason)
    send_letter(request, "reopened")


@transaction.atomic
def appeal(request: SubjectRequest) -> None:
    """Enter that the person disagrees with the answer; it must be decided in the time of the law. Raises NotNow."""
    if why := why_not_appealed(request):
        raise NotNow(why)
    _take_up(request, appeal=Appeal.OPEN, appealed_at=timezone.now())
    record(events.APPEAL_RECEIVED, request, subject=request.subject, due=request.due_on.isoformat())
    send_letter(request, "appeal_received")


@transaction.atomic
def decide_appeal(request: SubjectRequest, *, grant: bool, reason: str) -> None:
    """For the person: the request goes on. Against them: it ends again. Either way they are told why.

    Raises ValidationError, or NotNow if no appeal is open or a plan is in force.
    """
    reason = stated(reason)
    hold_still(request)
    refuse_while_in_force(request)
    decision = Appeal.GRANTED if grant else Appeal.REFUSED
    decided = SubjectRequest.objects.filter(pk=request.pk, appeal=Appeal.OPEN).exclude(
        state__in=SubjectRequest.ENDED
    )
    if not decided.update(appeal=decision):
        raise NotNow(f"No appeal of {request} waits for a decision.")
    request.refresh_from_db()
    if not grant:
        move(
            request,
            State.REJECTED,
            since=[state for state in State if state not in SubjectRequest.ENDED],
            outcome=f"appeal refused: {reason}",
            problem="",
            closed_at=timezone.now(),
        )
    record(events.APPEAL_DECIDED, request, subject=request.subject, decision=decision.value, reason=reason)
    send_letter(request, "appeal_granted" if grant else "appeal_refused", reason=reason)


def why_not_reopened(request: SubjectRequest) -> str:
    """Why it cannot be taken up again; empty if it can."""
    if not request.ended:
        return f"{request} has not ended: go on with it."
    if request.duplicate_of_id:
        return f"{request} is a duplicate: go on with {request.duplicate_of}."
    if not request.identifiers.filter(sealed__isnull=False).exists():
        return f"The identifiers of {request} were destroyed after its end: enter a new request."
    return ""


def why_not_appealed(request: SubjectRequest) -> str:
    law = regimes().get(request.regime)
    if law is None or not law.appeal:
        return f"{law.title if law else request.regime} knows no appeal to the controller: reopen the request instead."
    if request.appeal:
        return f"{request} was appealed against before."
    return why_not_reopened(request)


def _take_up(request: SubjectRequest, *, appeal: str, appealed_at: datetime | None = None) -> None:
    locked = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if why := why_not_reopened(locked):
        raise NotNow(why)
    locked.started_on = timezone.localdate()
    locked.appeal = appeal
    locked.extended, locked.paused_days = False, 0
    locked.due_on = due_on(locked)
    move(
        request,
        State.VERIFIED if locked.verified_at else State.RECEIVED,
        since=SubjectRequest.ENDED,
        started_on=locked.started_on,
        due_on=locked.due_on,
        appeal=appeal,
        appealed_at=appealed_at or locked.appealed_at,
        extended=False,
        extension_reason="",
        paused_days=0,
        pause_reason="",
        clock_waits=False,
        searched_at=None,
        unsearched=[],
        residue=[],
        outcome="",
        problem="",
        closed_at=None,
        look_again_at=None,
        reopened=locked.reopened + 1,
    )
