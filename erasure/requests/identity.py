"""Prove that the person is who they say, by control of their address or by an officer's own check.

The link carries a random secret of which only the hash is stored, once, for a limited time. Opening it shows a
button; only pressing it proves anything, since mail scanners open links too.
"""

import secrets
from collections.abc import Collection
from datetime import timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.models import IdentityCheck, SubjectRequest
from erasure.requests.intake import EMAIL
from erasure.requests.letters import send_letter
from erasure.requests.states import NotNow, move
from erasure.requests.timing import identity_proven

State = SubjectRequest.State
VALID_FOR = timedelta(hours=72)
AT_MOST = 5  # links per request
UNVERIFIED = (State.RECEIVED, State.IDENTITY_PENDING)


@transaction.atomic
def send_link(request: SubjectRequest) -> None:
    """Send a link to the request's e-mail address; earlier links stop working. Raises NotNow."""
    if request.identity_checks.count() >= AT_MOST:
        raise NotNow(f"{AT_MOST} links were sent for {request.reference}: check the identity in another way.")
    move(request, State.IDENTITY_PENDING, since=UNVERIFIED)
    now = timezone.now()
    request.identity_checks.filter(used_at=None, expires_at__gt=now).update(expires_at=now)
    secret = secrets.token_urlsafe(32)
    IdentityCheck.objects.create(request=request, digest=_digest(secret), expires_at=now + VALID_FOR)
    record(events.IDENTITY_LINK_SENT, request, subject=request.subject)
    send_letter(request, "verify_identity", secret=secret)


def check_for(secret: str) -> IdentityCheck | None:
    """The check that this link belongs to, if it can still be used."""
    return (
        IdentityCheck.objects.select_related("request")
        .filter(digest=_digest(secret), used_at=None, expires_at__gt=timezone.now())
        .first()
    )


@transaction.atomic
def confirm(secret: str) -> SubjectRequest | None:
    """Use a link: the address is the person's. None if it was used, has expired or never was."""
    check = check_for(secret)
    if check is None:
        return None
    used = IdentityCheck.objects.filter(pk=check.pk, used_at=None).update(used_at=timezone.now())
    if not used or check.request.state not in UNVERIFIED:
        return None
    _verified(check.request, method="signed link", note="")
    return check.request


@transaction.atomic
def confirm_by_officer(request: SubjectRequest, *, how: str) -> None:
    """An officer has checked the identity and says how. Raises ValidationError, NotNow."""
    if not how.strip():
        raise ValidationError({"how": "Say how the identity was checked."})
    _verified(request, method="officer", note=how.strip())


@transaction.atomic
def confirm_by_sender(request: SubjectRequest, *, categories: Collection[str], how: str) -> None:
    """Whoever sent the request for the person vouches for these kinds of identifier. Raises NotNow."""
    _verified(request, method="sender", note=how, categories=categories)


def _verified(
    request: SubjectRequest, *, method: str, note: str, categories: Collection[str] | None = None
) -> None:
    """By link, the address is proven and nothing else; an officer vouches for all identifiers given."""
    identifiers = request.identifiers.all()
    if method == "signed link":
        categories = [EMAIL]
    if categories is not None:
        identifiers = identifiers.filter(category__in=categories)
    identifiers.update(verified=True)
    how = note or "by a link sent to the e-mail address"
    move(request, State.VERIFIED, since=UNVERIFIED, verified_at=timezone.now(), verified_how=how[:200])
    identity_proven(request)
    record(events.IDENTITY_VERIFIED, request, subject=request.subject, method=method, note=note)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
