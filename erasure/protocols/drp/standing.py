"""Where a request stands, in the words of the protocol, computed from the request itself (DRP 1.0, 3.02)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from erasure.models import WITH_ROWS, SubjectRequest
from erasure.protocols.models import Received
from erasure.public.wording import say
from erasure.requests import status as for_the_person
from erasure.rights import right_of

State, Denial = SubjectRequest.State, Received.Denial
KEPT = timedelta(days=60)  # a final state is told for that long at least
NEEDS_PROOF = "need_user_verification"
FINAL = ("fulfilled", "revoked", "denied", "expired")
WHY: dict[str, str] = {
    Denial.OUTSIDE_JURISDICTION: "The law that the request names does not know this right.",
    Denial.INSUF_VERIFICATION: "The identity was not verified.",
    Denial.NO_MATCH: "No data of this person were found.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    state: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.state}/{self.reason}" if self.reason else self.state

    @property
    def final(self) -> bool:
        return self.state in FINAL


def standing(received: Received) -> Standing:
    """Of a request as it is now."""
    request = received.request
    if received.withdrawn_at:
        return Standing("revoked")
    if received.denial:
        return Standing("denied", received.denial)
    if request is None:
        return Standing("denied", Denial.OTHER)
    match request.state:
        case State.RECEIVED:
            return Standing("open")
        case State.IDENTITY_PENDING:
            return _waiting_for_proof(request)
        case State.REJECTED:
            return Standing("denied", _why_rejected(request))
        case State.COMPLETE:
            return _completed(received, request)
    return Standing("in_progress")


def acknowledged(received: Received) -> Standing:
    """What a message is answered with: what was done at once is told by the next status, as the table has it."""
    now = standing(received)
    return Standing("in_progress") if now.state == "fulfilled" else now


def status_object(received: Received, now: Standing | None = None) -> dict[str, Any]:
    """The Exercise Status object, 3.03. Members without a value are null: agents look for them."""
    now = now or standing(received)
    request = received.request
    told: dict[str, Any] = {
        "request_id": str(received.public_id),
        "status": now.state,
        "reason": now.reason or None,
        "received_at": received.received_at.isoformat(timespec="seconds"),
        "expected_by": (request.due_on if request else timezone.localdate(received.received_at)).isoformat(),
        "processing_details": _details(received, now) or None,
        "user_verification_url": _page(received) if now.reason == NEEDS_PROOF else None,
        "expires_at": _expires_at(received, now).isoformat(timespec="seconds"),
    }
    if received.their_id:
        told["agent_request_id"] = received.their_id
    if now.state == "fulfilled":
        told["results_url"] = _page(received)
    if now.final:
        told["final"] = "true"  # as text: so the network's own conformance suite reads it
    return told


def _waiting_for_proof(request: SubjectRequest) -> Standing:
    check = request.identity_checks.first()
    if check and check.expires_at <= timezone.now():
        return Standing("expired")
    return Standing("in_progress", NEEDS_PROOF)


def _why_rejected(request: SubjectRequest) -> str:
    if request.duplicate_of_id:
        return Denial.TOO_MANY_REQUESTS
    if right_of(request.kind).needs_identity and request.verified_at is None:
        return Denial.INSUF_VERIFICATION
    return Denial.OTHER


def _completed(received: Received, request: SubjectRequest) -> Standing:
    if received.told == "fulfilled" or not right_of(request.kind).searches:
        return Standing("fulfilled")
    if request.searched_at and not request.hits.filter(WITH_ROWS).exists():
        return Standing("denied", Denial.NO_MATCH)
    return Standing("fulfilled")


def _details(received: Received, now: Standing) -> str:
    request = received.request
    if now.state == "denied":
        said = (
            request.outcome.removeprefix("rejected: ") if request and request.state == State.REJECTED else ""
        )
        return said or WHY.get(now.reason, "We could not do what was asked for.")
    if request is None or now.state == "revoked":
        return ""
    words = say(request.language, f"states.{for_the_person.sentence_of(request)}")
    if request.extended and not now.final:
        return f"{words} It takes longer: {request.extension_reason}"
    return words


def _page(received: Received) -> str | None:
    """The page on which the person reads how far it is: no data on it, and no proof of anything.

    Not where the person, or somebody else, asked before this agent: the page can withdraw their request.
    """
    request = received.request
    if request is None or received.joined:
        return None
    path = reverse("public:status", args=[for_the_person.token_of(request)])
    return settings.PUBLIC_URL.rstrip("/") + path


def _expires_at(received: Received, now: Standing) -> datetime:
    request = received.request
    if request is None or now.state == "revoked":
        return (received.withdrawn_at or received.received_at) + KEPT
    check = request.identity_checks.first()
    if check and (now.reason == NEEDS_PROOF or now.state == "expired"):
        return check.expires_at
    if request.closed_at:
        return request.closed_at + KEPT
    due = datetime.combine(request.due_on, datetime.min.time(), tzinfo=timezone.get_current_timezone())
    return due + KEPT
