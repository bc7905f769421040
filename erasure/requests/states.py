"""Moving a request from state to state: only from where it stands, so that of two who try, one succeeds."""

from collections.abc import Iterable
from typing import Any

from erasure.models import SubjectRequest

WITHDRAWN = "withdrawn"  # the outcome of a request that the person took back


class NotNow(Exception):
    """The request or plan is not in a state that allows this; the message says what it is and what would help."""


def not_now(request: SubjectRequest) -> NotNow:
    return NotNow(f"{request.reference} is {request.get_state_display().lower()}: this is not possible now.")


def move(request: SubjectRequest, state: str, *, since: Iterable[str], **values: Any) -> None:
    """Set `state` and `values` if the request is in one of `since`; raises NotNow otherwise."""
    moved = SubjectRequest.objects.filter(pk=request.pk, state__in=list(since)).update(state=state, **values)
    if not moved:
        request.refresh_from_db()
        raise not_now(request)
    request.refresh_from_db()


def move_many(
    requests: Iterable[SubjectRequest], state: str, *, since: Iterable[str], **values: Any
) -> set[int]:
    """As `move`, for all that are in one of `since`, in the caller's transaction; which, by primary key."""
    by_pk = {request.pk: request for request in requests}
    waiting = SubjectRequest.objects.select_for_update().filter(pk__in=by_pk, state__in=list(since))
    moved = set(waiting.order_by("pk").values_list("pk", flat=True))
    SubjectRequest.objects.filter(pk__in=moved).update(state=state, **values)
    for pk in moved:
        for name, value in {"state": state, **values}.items():
            setattr(by_pk[pk], name, value)
    return moved
