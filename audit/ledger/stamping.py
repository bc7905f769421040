"""Time stamps of an authority (RFC 3161) on checkpoints: that the log stood so at a time which we cannot choose.

The text of the checkpoint is stamped, without its signatures: cosignatures come later. The authority sees its SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from audit.ledger.alarming import raise_alarm
from audit.ledger.models import Alarm, Checkpoint, Stamp
from audit.ledger.notes import Note

SECONDS = 20
MOST_BYTES = 256 * 1024
CLOCKS_DIFFER = timedelta(minutes=10)


class StampProblem(RuntimeError):
    """There is no stamp: the authority was silent, or what it gave does not hold."""


class AuthorityWrong(StampProblem):
    """The authority answered with what is no stamp of this checkpoint: somebody has to look."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Where stamps come from, and the root certificates that its own must lead to."""

    url: str
    roots: tuple[x509.Certificate, ...]
    policy: str = ""


def authority() -> Authority | None:
    """None where none is configured. Raises ImproperlyConfigured."""
    if not settings.LEDGER_TSA:
        return None
    path = Path(settings.LEDGER_TSA_ROOTS)
    try:
        roots = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise ImproperlyConfigured(
            f"LEDGER_TSA_ROOTS: {path} has no certificates in PEM: name the file of the authority's roots."
        ) from problem
    return Authority(settings.LEDGER_TSA, tuple(roots), settings.LEDGER_TSA_POLICY)


def stamp(checkpoint: Checkpoint, by: Authority) -> Stamp:
    """The stamp of this checkpoint, checked before it is kept; asked for once. Raises StampProblem."""
    known = Stamp.objects.filter(checkpoint=checkpoint).first()
    if known:
        return known
    text = Note.parse(checkpoint.note).text
    asked = _client().TimestampRequestBuilder().data(text.encode()).hash_algorithm(_sha256()).build()
    try:
        answer = httpx.post(
            by.url,
            content=asked.as_bytes(),
            headers={"Content-Type": "application/timestamp-query"},
            timeout=SECONDS,
        )
    except httpx.HTTPError as problem:
        raise StampProblem(f"{by.url} does not answer ({type(problem).__name__}).") from problem
    if answer.status_code != 200:
        raise StampProblem(f"{by.url} answered {answer.status_code}.")
    if len(answer.content) > MOST_BYTES:
        raise AuthorityWrong(f"{by.url} answered with more than a stamp can have.")
    at = check(answer.content, text, by.roots, nonce=asked.nonce, policy=by.policy)
    if abs(at - timezone.now()) > CLOCKS_DIFFER:
        raise AuthorityWrong(f"{by.url} says it is {at:%Y-%m-%d %H:%M} UTC: one of our clocks is wrong.")
    kept, _ = Stamp.objects.get_or_create(
        checkpoint=checkpoint, defaults={"authority": by.url[:300], "response": answer.content, "at": at}
    )
    return kept


def check(
    response: bytes,
    text: str,
    roots: tuple[x509.Certificate, ...],
    *,
    nonce: int | None = None,
    policy: str = "",
) -> datetime:
    """The time that a response (DER) gives to this text, under these roots. Raises AuthorityWrong."""
    client = _client()
    try:
        decoded = client.decode_timestamp_response(response)
        if decoded.status != client.PKIStatus.GRANTED:
            raise AuthorityWrong(
                "The authority refuses to stamp: " + "; ".join(decoded.status_string or ["no reason"])
            )
        builder = client.VerifierBuilder(roots=list(roots), nonce=nonce)
        if policy:
            builder = builder.policy_id(x509.ObjectIdentifier(policy))
        builder.build().verify_message(decoded, text.encode())
        at: datetime = decoded.tst_info.gen_time
    except (ValueError, client.VerificationError) as problem:
        raise AuthorityWrong(f"The stamp does not hold: {problem}.") from problem
    return at


def time_of(response: bytes) -> datetime:
    """The time a response says, unchecked."""
    at: datetime = _client().decode_timestamp_response(response).tst_info.gen_time
    return at


def stamp_latest() -> Stamp | None:
    """Stamp the latest checkpoint, where an authority is configured; never raises for the authority's sake.

    A wrong answer raises an alarm at once, silence only when it has lasted.
    """
    by = authority()
    latest = Checkpoint.objects.first()
    if by is None or latest is None or not latest.size:
        return None
    try:
        return stamp(latest, by)
    except AuthorityWrong as problem:
        raise_alarm(Alarm.Kind.STAMP, str(problem))
    except StampProblem as problem:
        if late(timezone.now()):
            raise_alarm(Alarm.Kind.STAMP, f"No checkpoint could be stamped for a long time. {problem}")
    return None


def late(now: datetime) -> bool:
    """Whether a checkpoint has waited for longer than a day without any being stamped since."""
    stamped = Stamp.objects.order_by("-checkpoint__size").first()
    waiting = Checkpoint.objects.filter(size__gt=stamped.checkpoint.size if stamped else 0)
    return waiting.filter(at__lt=now - timedelta(days=1)).exists()


def _client() -> Any:
    try:
        import rfc3161_client  # noqa: PLC0415  an extra
    except ImportError:
        raise ImproperlyConfigured("Time stamps need the extra [timestamps]: install it.") from None
    return rfc3161_client


def _sha256() -> Any:
    return _client().HashAlgorithm.SHA256
