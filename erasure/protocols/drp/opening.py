"""A message of an authorized agent: its signature first, then whom it is from and for, and when (DRP 1.0, 3.07).

The body is base64 of a 64-byte Ed25519 signature followed by the JSON that it signs (libsodium's combined mode).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, transaction
from django.utils import timezone

from erasure.protocols.models import Agent, Business, Message
from erasure.protocols.refusing import Refused

LARGEST = 64 * 1024
SIGNATURE_BYTES = 64
LIVES = timedelta(minutes=10)  # from issued-at, whatever a longer expires-at says
VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Opened:
    """A genuine message. `signed` is what the signature covers."""

    claims: Mapping[str, Any]
    signed: bytes


def open_signed(agent: Agent, body: bytes) -> Opened:
    """The message, if the agent signed it. Raises Refused: 400 for what is no message, 403 for a forged one."""
    try:
        message = base64.b64decode(bytes(body).strip(), validate=True)
    except binascii.Error:
        raise Refused(400, "The body is base64 of the signature and the JSON document.") from None
    signature, signed = message[:SIGNATURE_BYTES], message[SIGNATURE_BYTES:]
    if not signed:
        raise Refused(400, "The body is base64 of the signature and the JSON document.")
    try:
        Ed25519PublicKey.from_public_bytes(agent.key).verify(signature, signed)
    except InvalidSignature:
        raise Refused(403, "The signature is not that of the agent.") from None
    try:
        claims = orjson.loads(signed)
    except orjson.JSONDecodeError:
        claims = None
    if not isinstance(claims, dict):
        raise Refused(400, "What is signed is not a JSON object.")
    return Opened(claims, signed)


def open_message(agent: Agent, body: bytes) -> Opened:
    """A message from this agent, for us, of now. Raises Refused."""
    opened = open_signed(agent, body)
    claims = opened.claims
    if claims.get("agent-id") != agent.agent_id:
        raise Refused(403, "The agent-id is not that of the agent who sends it.")
    business = Business.objects.first()
    if business is None or claims.get("business-id") != business.business_id:
        raise Refused(403, "The business-id is not ours.")
    now = timezone.now()
    if now < _moment(claims, "issued-at"):
        raise Refused(403, "The message was issued in the future: set your clock.")
    if now >= _end(claims):
        raise Refused(403, "The message has expired: sign a new one.")
    if claims.get("drp.version") != VERSION:
        raise Refused(400, f"The drp.version is {VERSION}.")
    return opened


def take_once(agent: Agent, opened: Opened) -> None:
    """Remember the message in the caller's transaction. Raises Refused with 409 if it came before."""
    try:
        with transaction.atomic():
            Message.objects.create(
                agent=agent, digest=sha256(opened.signed).digest(), expires_at=_end(opened.claims)
            )
    except IntegrityError:
        raise Refused(409, "This message was taken before: sign a new one.") from None


def _end(claims: Mapping[str, Any]) -> datetime:
    return min(_moment(claims, "expires-at"), _moment(claims, "issued-at") + LIVES)


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    given = claims.get(name)
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else None
        if moment is None or moment.tzinfo is None or not 2000 < moment.year < 9000:
            raise ValueError
    except ValueError:
        raise Refused(400, f"{name} is an ISO 8601 time with its offset.") from None
    return moment
