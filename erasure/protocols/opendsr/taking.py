"""Taking a request that a controller has verified and sends to us, its processor (OpenDSR 2.0, 7)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audit.ledger.recording import record
from erasure.custodians.posting import NotSent, require_safe_url
from erasure.models import SubjectRequest
from erasure.protocols import events
from erasure.protocols.models import Controller, Received
from erasure.protocols.opendsr import standing
from erasure.protocols.proving import prove
from erasure.protocols.refusing import Refused
from erasure.requests import intake
from governance.keyring.sealing import keyed_hash

TYPES = ("access", "portability", "erasure")
REGULATIONS = {"gdpr": "EU-GDPR", "ccpa": "CCPA"}
IDENTITIES = {"email": intake.EMAIL, "controller_customer_id": "id.customer"}
RAW = "raw"
MOST_CALLBACKS = 5
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def take(controller: Controller, body: bytes) -> tuple[Received, bytes]:
    """The request as it was taken, and the body that made it. The same one again is the same answer.

    Raises Refused with 400; nothing is created then.
    """
    given = _read(body)
    their_id = request_id(given.get("subject_request_id"))
    digest = keyed_hash(body.decode("utf-8", "replace"), purpose="protocols")
    try:
        with transaction.atomic():
            return _take(controller, given, their_id, digest), body
    except IntegrityError:  # it came before, perhaps this very moment
        known = controller.received.filter(their_id=their_id).first()
        if known is None:
            raise
        if bytes(known.digest) != digest:
            raise Refused(400, "subject_request_id was used for another request: make a new one.") from None
        return known, body


def request_id(given: Any) -> str:
    """A UUID of version 4 in small letters, section 1.1. Raises Refused."""
    try:
        parsed = UUID(given) if isinstance(given, str) else None
    except ValueError:
        parsed = None
    if given is None:
        raise Refused(400, "subject_request_id field is required.")
    if parsed is None or parsed.version != 4 or str(parsed) != given:
        raise Refused(400, "subject_request_id is a UUID of version 4 in small letters.")
    return str(given)


def _take(controller: Controller, given: Mapping[str, Any], their_id: str, digest: bytes) -> Received:
    regulation = given.get("regulation", "gdpr")  # the specification's own example leaves it out
    received = Received(
        controller=controller,
        their_id=their_id,
        asked=_one_of(given.get("subject_request_type"), "subject_request_type", TYPES),
        regime=_one_of(regulation, "regulation", tuple(REGULATIONS)),
        callbacks=_callbacks(given.get("status_callback_urls", [])),
        digest=digest,
        told=standing.PENDING,
    )
    _check_time(given.get("submitted_time"))
    received.save()  # first: of two at the same moment, one waits here and finds it taken
    identities = _identities(given.get("subject_identities"))
    try:
        request = intake.receive(
            kind=received.asked,
            identifiers=identities,
            channel=SubjectRequest.Channel.OPENDSR,
            regime=REGULATIONS[received.regime],
        )
    except ValidationError as refusal:
        raise Refused(400, " ".join(refusal.messages)) from None
    except intake.AlreadyOpen as known:
        request, received.joined = known.request, True
    prove(request, vouched=identities, by=f"the controller {controller}")
    request.refresh_from_db()
    received.request = request
    received.told = standing.standing(received)
    received.save()
    record(
        events.MESSAGE_TAKEN,
        request,
        subject=request.subject,
        protocol="opendsr",
        sender=controller.name,
        asked=received.asked,
        regime=received.regime,
        joined=received.joined,
    )
    return received


def _read(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Refused(400, "The body is a JSON object.")
    version = given.get("api_version", standing.VERSION)
    if not isinstance(version, str) or version.partition(".")[0] not in ("1", "2"):
        raise Refused(400, f"api_version {standing.VERSION} is what is spoken here.")
    return given


def _one_of(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    if value is None:
        raise Refused(400, f"{name} field is required.")
    if value not in allowed:
        raise Refused(400, f"{name} is one of: {', '.join(allowed)}.")
    return str(value)


def _check_time(value: Any) -> None:
    try:
        if not isinstance(value, str) or not MOMENT.fullmatch(value):
            raise ValueError
        datetime.fromisoformat(value.upper())
    except ValueError:
        raise Refused(400, "submitted_time is an RFC 3339 time.") from None


def _identities(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, list) or not value:
        raise Refused(400, "subject_identities is a list of at least one identity.")
    found = []
    for each in value:
        if not isinstance(each, dict) or not isinstance(each.get("identity_value"), str):
            raise Refused(400, "An identity has identity_type, identity_value and identity_format.")
        kind = _one_of(each.get("identity_type"), "identity_type", tuple(IDENTITIES))
        _one_of(each.get("identity_format"), "identity_format", (RAW,))
        found.append((IDENTITIES[kind], each["identity_value"]))
    return found


def _callbacks(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_CALLBACKS:
        raise Refused(400, f"status_callback_urls is a list of at most {MOST_CALLBACKS} addresses.")
    for url in value:
        try:
            if not isinstance(url, str) or len(url) > 500:
                raise NotSent("An address has at most 500 characters.")
            require_safe_url(url)
        except NotSent as refusal:
            raise Refused(400, f"status_callback_urls: {refusal}") from None
    return list(dict.fromkeys(value))
