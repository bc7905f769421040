"""What waits is looked at again, and what is complete too: data come back."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from erasure import events
from erasure.models import Step, SubjectRequest
from erasure.requests.states import move
from erasure.rights import right_of
from governance.console.jobs import JobFailed, Progress

State = SubjectRequest.State
SOON = timedelta(minutes=5)
SELDOM = timedelta(days=1)


def next_look(attempts: int, *, until: datetime | None = None) -> datetime:
    """When to look after so many looks: soon at first, then ever less often, at least once a day.

    Where the store itself says until when it needs, not needlessly before.
    """
    now = timezone.now()
    if until and until > now:
        return max(now + SOON, min(until, now + SELDOM))
    return now + min(SOON * 2 ** min(attempts, 10), SELDOM)


def after_silence(begun: datetime | None) -> datetime:
    """When to ask again a system that does not answer: the later, the longer ago the work began that it holds up."""
    now = timezone.now()
    return now + min(max((now - begun) / 8, SOON), SELDOM) if begun else now + SOON


def first_look(request: SubjectRequest) -> datetime | None:
    """When a request that is complete now is searched for again; never for what erases nothing."""
    days = settings.ERASURE_LOOKED_AGAIN_DAYS
    return timezone.now() + timedelta(days=days[0]) if days and right_of(request.kind).erases else None


def look_again(request: SubjectRequest) -> Iterator[Progress]:
    """Search as after the erasure itself, days later; a request whose data came back is residual from then on.

    Raises JobFailed if a system does not answer: then it is looked at again a day later.
    """
    from erasure.verifying import search_again  # noqa: PLC0415  which asks for the rights, as this does

    if request.state != State.COMPLETE or request.closed_at is None:
        return
    yield Progress(0, 1, "Searching again")
    done = Step.objects.filter(plan__request=request, state=Step.State.DONE, hit__isnull=False)
    last = {
        (step.data_set_id, step.part): step
        for step in done.select_related("data_set__system").order_by("plan__number")
    }
    try:
        verification = search_again(request, list(last.values()))
    except ConnectorError as problem:
        SubjectRequest.objects.filter(pk=request.pk).update(look_again_at=timezone.now() + SELDOM)
        raise JobFailed(f"{request} could not be searched for again. {problem}") from problem
    days = (timezone.now() - request.closed_at).days
    with transaction.atomic():
        record(
            events.ERASURE_VERIFIED_AGAIN,
            request,
            subject=request.subject,
            days=days,
            data_sets_searched=len(verification.searched),
            rows_left=verification.rows_left,
            where=list(verification.residue),
        )
        if verification.residue:
            _reopen(request, list(verification.residue.values()))
        else:
            SubjectRequest.objects.filter(pk=request.pk).update(look_again_at=_following(request.closed_at))
    yield Progress(1, 1, f"{verification.rows_left} rows")


def _reopen(request: SubjectRequest, residue: list[dict]) -> None:
    move(
        request,
        State.RESIDUAL,
        since=[State.COMPLETE],
        residue=residue,
        problem="Data came back after the erasure. Search again and make a new plan for what is left.",
        closed_at=None,
        look_again_at=None,
        reopened=request.reopened + 1,
    )
    record(
        events.DATA_CAME_BACK,
        request,
        subject=request.subject,
        rows=sum(each["rows"] for each in residue),
        where=[each["data_set"] for each in residue],
    )


def _following(closed_at: datetime) -> datetime | None:
    """The next of the days after the end that is to come; None after the last."""
    now = timezone.now()
    to_come = (closed_at + timedelta(days=each) for each in settings.ERASURE_LOOKED_AGAIN_DAYS)
    return next((moment for moment in to_come if moment > now), None)
