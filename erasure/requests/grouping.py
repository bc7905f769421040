"""Requests of the same person: they share an identifier, and an officer may close one for another."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import Identifier, Plan, SubjectRequest
from erasure.requests import events
from erasure.requests.letters import send_letter
from erasure.requests.starting import hold_still, refuse_while_in_force
from erasure.requests.states import move
from governance.console.models import User

State = SubjectRequest.State


def same_person(request: SubjectRequest) -> QuerySet[SubjectRequest]:
    """Other requests that share an identifier with this one, open or ended, the newest first.

    That somebody named an identifier proves nothing: whether it is the same person an officer judges.
    """
    own = Identifier.objects.filter(request=request).values("lookup")
    return (
        SubjectRequest.objects.filter(pk__in=Identifier.objects.filter(lookup__in=own).values("request"))
        .exclude(pk=request.pk)
        .order_by("-received_at", "-pk")
    )


def has_open_sibling() -> Exists:
    """Whether another open request shares an identifier: to filter and mark rows of a list by."""
    mine = Identifier.objects.filter(request=OuterRef(OuterRef("pk"))).values("lookup")
    others = Identifier.objects.exclude(request=OuterRef("pk")).exclude(
        request__state__in=SubjectRequest.ENDED
    )
    return Exists(others.filter(lookup__in=mine))


@transaction.atomic
def close_as_duplicate(request: SubjectRequest, *, of: SubjectRequest, by: User | None = None) -> None:
    """End the request in favour of another of the same person, and tell them which one goes on.

    Raises ValidationError where the other is none to go on with; NotNow while a job or plan is at work on this one.
    """
    if of.kind != request.kind:
        raise ValidationError({"other": f"{of} asks for something else: answer both."})
    if not same_person(request).filter(pk=of.pk).exists():
        raise ValidationError(
            {"other": f"{of} shares no identifier with {request}: it is not the same person."}
        )
    if of.duplicate_of_id:
        raise ValidationError({"other": f"{of} is itself a duplicate, of {of.duplicate_of}: name that one."})
    if of.state == State.REJECTED:
        raise ValidationError({"other": f"{of} was rejected: it answers nothing."})
    request.plans.filter(state__in=[Plan.State.PROPOSED, Plan.State.BLOCKED]).update(
        state=Plan.State.REJECTED,
        decided_by=by,
        decided_at=timezone.now(),
        decision_reason=f"The request is a duplicate of {of}.",
    )
    hold_still(request)
    refuse_while_in_force(request)
    move(
        request,
        State.REJECTED,
        since=[state for state in State if state not in SubjectRequest.ENDED],
        duplicate_of=of,
        outcome=f"duplicate of {of}",
        problem="",
        paused_at=None,
        closed_at=timezone.now(),
    )
    record(events.REQUEST_DUPLICATE, request, subject=request.subject, other=of.reference)
    send_letter(request, "duplicate", other=of.reference)
