"""Taking a request of a person that their authorized agent signed and sent (DRP 1.0, 2.01)."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.ledger.recording import record
from erasure.custodians.posting import NotSent, require_safe_url
from erasure.models import SubjectRequest
from erasure.protocols import events
from erasure.protocols.drp import standing
from erasure.protocols.drp.opening import open_message, take_once
from erasure.protocols.models import Agent, Business, Received
from erasure.protocols.proving import prove
from erasure.protocols.refusing import Refused
from erasure.requests import intake
from erasure.requests.regimes import regimes
from governance.keyring.sealing import keyed_hash

Kind = SubjectRequest.Kind
EXERCISES: dict[str, str] = {
    "access": Kind.ACCESS,
    "access:categories": Kind.ACCESS,
    "access:specific": Kind.ACCESS,
    "deletion": Kind.ERASURE,
    "sale:opt-out": Kind.OPT_OUT,
}
OLD_SPELLINGS = {"sale:opt_out": "sale:opt-out"}
CCPA, VOLUNTARY = "ccpa", "voluntary"
LONGEST = {"status_callback": 500, "agent-request-id": 200, "email": intake.MAX_LENGTH}


@transaction.atomic
def take(agent: Agent, body: bytes) -> Received:
    """The message as it was taken, with its request. Raises Refused; nothing is created then."""
    opened = open_message(agent, body)
    take_once(agent, opened)
    claims = opened.claims
    asked, regime = _asked(claims), _regime(claims)
    received = Received(
        agent=agent,
        asked=asked,
        regime=regime,
        their_id=_text(claims, "agent-request-id"),
        callbacks=_callback(claims),
        digest=keyed_hash(opened.signed.decode("utf-8", "replace"), purpose="protocols"),
    )
    email = _text(claims, "email")
    if not email:
        raise Refused(400, "An e-mail address is needed: it is what supported_verifications names.")
    law = "CCPA" if regime == CCPA else _voluntary_law()
    if EXERCISES[asked] not in regimes()[law].rights:
        return _deny(received, Received.Denial.OUTSIDE_JURISDICTION)
    try:
        received.request = intake.receive(
            kind=EXERCISES[asked],
            identifiers=[(intake.EMAIL, email)],
            channel=SubjectRequest.Channel.DRP,
            regime=law,
        )
    except ValidationError as refusal:
        raise Refused(400, " ".join(refusal.messages)) from None
    except intake.AlreadyOpen as known:
        if again := Received.objects.filter(agent=agent, request=known.request, withdrawn_at=None).first():
            return again
        received.request, received.joined = known.request, True
    return _keep(
        received,
        vouched=[(intake.EMAIL, email)] if agent.vouches and claims.get("email_verified") is True else [],
    )


def _keep(received: Received, *, vouched: list[tuple[str, str]]) -> Received:
    agent, request = received.agent, received.request
    assert agent is not None
    assert request is not None
    prove(request, vouched=vouched, by=f"the authorized agent {agent}")
    request.refresh_from_db()
    received.told = str(standing.acknowledged(received))
    received.save()
    record(
        events.MESSAGE_TAKEN,
        request,
        subject=request.subject,
        protocol="drp",
        sender=agent.name,
        asked=received.asked,
        regime=received.regime,
        joined=received.joined,
    )
    return received


def _deny(received: Received, reason: str) -> Received:
    received.denial, received.settled = reason, True
    received.told = str(standing.standing(received))
    received.save()
    record(
        events.MESSAGE_DENIED,
        received,
        sender=received.sender.name,
        asked=received.asked,
        regime=received.regime,
        reason=reason,
    )
    return received


def _asked(claims: Mapping[str, Any]) -> str:
    asked = claims.get("exercise")
    asked = OLD_SPELLINGS.get(asked, asked) if isinstance(asked, str) else ""
    if asked not in EXERCISES:
        raise Refused(400, f"Unsupported rights action; supported are: {', '.join(EXERCISES)}.")
    return asked


def _regime(claims: Mapping[str, Any]) -> str:
    regime = claims.get("regime") or VOLUNTARY
    if regime not in (CCPA, VOLUNTARY):
        raise Refused(400, f"The regime is {CCPA}, {VOLUNTARY} or left out.")
    return str(regime)


def _voluntary_law() -> str:
    business = Business.objects.first()
    assert business is not None  # the message names it
    return business.voluntary_regime


def _callback(claims: Mapping[str, Any]) -> list[str]:
    url = _text(claims, "status_callback")
    if not url:
        return []
    try:
        require_safe_url(url)
    except NotSent as refusal:
        raise Refused(400, f"status_callback: {refusal}") from None
    return [url]


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST[name] or "\x00" in value:
        raise Refused(400, f"{name} is a text of at most {LONGEST[name]} characters.")
    return value.strip()
