"""Where a request of a controller stands, in the four words of OpenDSR 2.0 (8), and what is said with them."""

from datetime import UTC, datetime, time
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from erasure.models import Package, SubjectRequest
from erasure.protocols.models import Received

State = SubjectRequest.State
VERSION = "2.0"
PENDING, AT_WORK, DONE, CANCELLED = "pending", "in_progress", "completed", "cancelled"
NOT_BEGUN = (State.RECEIVED, State.IDENTITY_PENDING, State.VERIFIED)


def standing(received: Received) -> str:
    """Computed from the request as it is now. What we may not do is cancelled: the protocol has no other word."""
    request = received.request
    if received.withdrawn_at or received.denial or request is None or request.state == State.REJECTED:
        return CANCELLED
    if request.state == State.COMPLETE:
        return DONE
    return PENDING if request.state in NOT_BEGUN else AT_WORK


def status_body(received: Received) -> dict[str, Any]:
    """The body of the status response, 8.3."""
    status = standing(received)
    body = {
        **_who(received),
        "expected_completion_time": expected(received),
        "request_status": status,
        "api_version": VERSION,
    }
    if status == DONE and package_of(received):
        body["results_url"] = settings.PUBLIC_URL.rstrip("/") + reverse(
            "protocols:opendsr_results", args=[received.their_id]
        )
    return body


def callback_body(received: Received, url: str) -> dict[str, Any]:
    """The same for a callback, 8.6."""
    return status_body(received) | {"status_callback_url": url}


def expected(received: Received) -> str:
    """The end of the day on which the law wants it answered; for a request that is over, when it was."""
    request = received.request
    if request is None or request.closed_at:
        return stamp((request.closed_at if request else None) or received.received_at)
    return stamp(datetime.combine(request.due_on, time(23, 59, 59), timezone.get_current_timezone()))


def package_of(received: Received) -> Package | None:
    """What an access or portability request is answered with, while it can be fetched.

    Not where the person asked for it themselves: that package is theirs.
    """
    if received.joined or received.withdrawn_at:
        return None
    package = Package.objects.filter(request=received.request_id).first()
    return package if package and package.available else None


def stamp(moment: datetime) -> str:
    """As RFC 3339 has it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _who(received: Received) -> dict[str, str]:
    controller = received.controller
    assert controller is not None
    return {"controller_id": controller.controller_id, "subject_request_id": received.their_id}
