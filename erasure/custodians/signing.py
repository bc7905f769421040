"""Signed messages in both directions, by the Standard Webhooks specification 1.0 (symmetric, `v1`).

HMAC-SHA-256 over `id.timestamp.body` under a secret that only the console and the receiver know.
"""

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping
from hashlib import sha256

PREFIX = "whsec_"
WINDOW = 300  # seconds a message may be old, or its clock ahead
SECRET_BYTES = 32


class Forged(Exception):
    """Not signed with the secret, or not now. Why is for our log alone: a forger learns nothing."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed(message_id: str, body: bytes, *, secret: str, at: int | None = None) -> dict[str, str]:
    """The headers of a message: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""
    timestamp = str(int(time.time()) if at is None else at)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_signature(message_id, timestamp, body, secret)}",
    }


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: float | None = None) -> str:
    """The id of a message that is genuine and fresh; whether it came before, only the caller knows. Raises Forged."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or len(message_id) > 120 or not message_id.isascii() or not message_id.isprintable():
        raise Forged("no usable webhook-id")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 13):
        raise Forged("no usable webhook-timestamp")
    if abs((time.time() if now is None else now) - int(timestamp)) > WINDOW:
        raise Forged("outside the window of time")
    expected = _signature(message_id, timestamp, body, secret).encode()
    given = [each.partition(",") for each in headers.get("webhook-signature", "").split()[:10]]
    if not any(
        version == "v1" and hmac.compare_digest(signature.encode("utf-8", "replace"), expected)
        for version, _, signature in given
    ):
        raise Forged("no signature of ours")
    return message_id


def _signature(message_id: str, timestamp: str, body: bytes, secret: str) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), content, sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"A secret is {PREFIX} and base64.") from None
