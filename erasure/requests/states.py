"""Moving a request from state to state: only from where it stands, so that of two who try, one succeeds."""

from collections.abc import Iterable
from typing import Any

from erasure.models import SubjectRequest


class NotNow(Exception):
    """The request or plan is not in a state that allows this; the message says what it is and what would help."""


def move(request: SubjectRequest, state: str, *, since: Iterable[str], **values: Any) -> None:
    """Set `state` and `values` if the request is in one of `since`; raises NotNow otherwise."""
    moved = SubjectRequest.objects.filter(pk=request.pk, state__in=list(since)).update(state=state, **values)
    if not moved:
        request.refresh_from_db()
        raise NotNow(
            f"{request.reference} is {request.get_state_display().lower()}: this is not possible now."
        )
    request.refresh_from_db()
