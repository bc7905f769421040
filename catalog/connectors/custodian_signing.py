"""Signed requests: RFC 9421 (HTTP Message Signatures) with HMAC-SHA-256, over method, URI and RFC 9530 digest."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time

COVERED = '("@method" "@target-uri" "content-digest")'
KEY_ID = "console"


def digest_of(body: bytes) -> str:
    """The `Content-Digest` of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signed_headers(
    method: str, uri: str, body: bytes, *, secret: str, at: int | None = None, nonce: str = ""
) -> dict[str, str]:
    """The headers that sign a request: `at` is Unix seconds (now), `nonce` makes it acceptable once."""
    digest = digest_of(body)
    created = int(time.time()) if at is None else at
    parameters = (
        f'{COVERED};created={created};nonce="{nonce or secrets.token_urlsafe(16)}";'
        f'alg="hmac-sha256";keyid="{KEY_ID}"'
    )
    base = signature_base(method, uri, digest, parameters)
    signature = hmac.new(secret.encode(), base.encode(), hashlib.sha256).digest()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"console={parameters}",
        "Signature": f"console=:{base64.b64encode(signature).decode()}:",
    }


def signature_base(method: str, uri: str, digest: str, parameters: str) -> str:
    """What is signed, RFC 9421 section 2.5."""
    return (
        f'"@method": {method}\n"@target-uri": {uri}\n"content-digest": {digest}\n'
        f'"@signature-params": {parameters}'
    )
