"""Who answers for a request, and what goes first."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.states import NotNow
from governance.console.models import User
from governance.console.permissions import roles_allowed


def officers() -> QuerySet[User]:
    """Whom a request can be given to."""
    roles = roles_allowed("requests.handle")
    return User.objects.filter(role__in=roles, is_active=True).order_by("first_name", "username")


@transaction.atomic
def assign(request: SubjectRequest, *, to: User) -> None:
    """Give it to an officer, or hand it over. Raises ValidationError, or NotNow if it has ended."""
    if not officers().filter(pk=to.pk).exists():
        raise ValidationError({"officer": f"{to.display_name} may not handle requests."})
    changed = SubjectRequest.objects.filter(pk=request.pk).exclude(state__in=SubjectRequest.ENDED)
    if not changed.update(assigned_to=to):
        raise NotNow(f"{request} has ended: nobody has to answer for it any more.")
    request.refresh_from_db()
    record(events.REQUEST_ASSIGNED, request, subject=request.subject, officer=to.username)


@transaction.atomic
def expedite(request: SubjectRequest, *, first: bool = True) -> None:
    """Put it before all others in the list, or back in line. Raises NotNow if it has ended or stands there."""
    changed = SubjectRequest.objects.filter(pk=request.pk, expedited=not first).exclude(
        state__in=SubjectRequest.ENDED
    )
    if not changed.update(expedited=first):
        raise NotNow(f"{request} has ended, or stands there already.")
    request.refresh_from_db()
    record(events.REQUEST_EXPEDITED, request, subject=request.subject, first=first)


def assign_all(requests: Iterable[SubjectRequest], *, to: User) -> tuple[int, int]:
    """How many were given to the officer, and how many had ended. Raises ValidationError."""
    given = ended = 0
    for request in requests:
        try:
            assign(request, to=to)
        except NotNow:
            ended += 1
        else:
            given += 1
    return given, ended
