"""Prove that the person is who they say, by control of their address or by an officer's own check.

A letter carries a link with a random secret, or a code of six digits; only a hash is stored, once, for a limited time.
Opening a link shows a button; only pressing it proves anything, since mail scanners open links too. What one asker has
sent works beside what another has sent, and is limited for each of them: nobody can use up somebody else's.
"""

import secrets
from collections.abc import Collection
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.models import IdentityCheck, SubjectRequest
from erasure.requests.intake import EMAIL, add_identifier
from erasure.requests.letters import send_letter
from erasure.requests.states import NotNow, move
from erasure.requests.timing import identity_proven
from governance.keyring.lookups import lookup_of
from governance.keyring.sealing import keyed_hash

State = SubjectRequest.State
Method = IdentityCheck.Method
LINK_VALID_FOR = timedelta(hours=72)
CODE_VALID_FOR = timedelta(minutes=15)
ATTEMPTS = 5  # at one code
AN_HOUR = timedelta(hours=1)
AT_MOST = 3  # letters an hour that one asker has sent for a request
BY_ALL = 12  # letters an hour for a request, whoever asks: its mailbox is not to be flooded
UNVERIFIED = (State.RECEIVED, State.IDENTITY_PENDING)
STAFF, CONSOLE = "staff", "console"  # askers beside strangers, who are told apart by where they ask from
HOW = {
    Method.LINK: "by a link sent to the e-mail address",
    Method.CODE: "by a code sent to the e-mail address",
}


@transaction.atomic
def send_link(
    request: SubjectRequest, *, asker: str = STAFF, letter: str = "verify_identity", **context: str
) -> None:
    """Send a link to the request's e-mail address; earlier ones keep working for their time. Raises NotNow.

    `letter`, with its `context`, says for what the link is sent.
    """
    secret = secrets.token_urlsafe(32)
    _ask(request, asker, Method.LINK, digest=_digest(secret), valid_for=LINK_VALID_FOR)
    send_letter(request, letter, secret=secret, **context)


@transaction.atomic
def send_code(request: SubjectRequest, *, asker: str = STAFF) -> str:
    """Send a code; the ticket of the page where whoever asked for it can enter it. Raises NotNow."""
    code = f"{secrets.randbelow(10**6):06}"
    ticket = blank_ticket()
    digest = _code_digest(ticket, code)
    _ask(request, asker, Method.CODE, digest=digest, ticket=ticket, valid_for=CODE_VALID_FOR)
    send_letter(request, "verify_by_code", secret=ticket, code=code)
    return ticket


def send_proof(request: SubjectRequest, *, asker: str = STAFF) -> str:
    """By the way that this installation is set to; the ticket of a code, nothing for a link. Raises NotNow."""
    if settings.IDENTITY_BY == Method.CODE:
        return send_code(request, asker=asker)
    send_link(request, asker=asker)
    return ""


def asker_of(network: str) -> str:
    """Whoever asks from a network, as it is kept: to count by, and to read nothing from."""
    return keyed_hash(network, purpose="asker").hex()[:32]


def check_for(secret: str) -> IdentityCheck | None:
    """The check that this link belongs to, whether it can still be used or not."""
    links = IdentityCheck.objects.select_related("request").filter(method=Method.LINK)
    return links.filter(digest=_digest(secret)).first()


def usable(check: IdentityCheck | None) -> bool:
    """Whether it can still prove anything."""
    return (
        check is not None
        and check.used_at is None
        and check.expires_at > timezone.now()
        and check.request.state in UNVERIFIED
    )


@transaction.atomic
def confirm(secret: str) -> SubjectRequest | None:
    """Use a link: the address is the person's. None if it was used, has expired or never was."""
    check = check_for(secret)
    return _use(check) if check is not None and usable(check) else None


def confirm_code(ticket: str, code: str) -> SubjectRequest | None:
    """Use a code. None if it is wrong, was used, has expired, or was tried too often; each try counts, at once."""
    check = check_of_ticket(ticket)
    if check is None or not usable(check):
        return None
    tried = IdentityCheck.objects.filter(pk=check.pk, attempts__lt=ATTEMPTS).update(
        attempts=F("attempts") + 1
    )
    if not tried or not compare_digest(_code_digest(ticket, code.strip()), check.digest):
        return None
    with transaction.atomic():
        return _use(check)


def check_of_ticket(ticket: str) -> IdentityCheck | None:
    codes = IdentityCheck.objects.select_related("request").filter(method=Method.CODE)
    return codes.filter(ticket=ticket).first() if ticket and "\x00" not in ticket else None


def blank_ticket() -> str:
    """A ticket that opens nothing: whoever may have no code sees the same page."""
    return secrets.token_urlsafe(32)


@transaction.atomic
def confirm_by_officer(request: SubjectRequest, *, how: str) -> None:
    """An officer has checked the identity and says how. Raises ValidationError, NotNow."""
    if not how.strip():
        raise ValidationError({"how": "Say how the identity was checked."})
    request.identifiers.update(verified=True)
    prove(request, method="officer", how=how.strip(), note=how.strip())


@transaction.atomic
def confirm_by_sender(request: SubjectRequest, *, identifiers: Collection[tuple[str, str]], how: str) -> None:
    """Whoever sent the request for the person vouches for these identifiers, (category, value), and no others.

    One that the request, which somebody else may have made, does not have yet is added. Raises NotNow, ValidationError.
    """
    prove(request, method="sender", how=how, note=how)
    for category, value in identifiers:
        named = request.identifiers.filter(category=category, lookup=lookup_of(category, value))
        if not named.update(verified=True):
            add_identifier(request, category, value)


@transaction.atomic
def prove(request: SubjectRequest, *, method: str, how: str, note: str = "") -> None:
    """The identity is proven: the request can be worked on. Raises NotNow."""
    move(request, State.VERIFIED, since=UNVERIFIED, verified_at=timezone.now(), verified_how=how[:200])
    identity_proven(request)
    record(events.IDENTITY_VERIFIED, request, subject=request.subject, method=method, note=note)


def may_ask(request: SubjectRequest, *, asker: str = STAFF) -> bool:
    """Whether one more letter may be sent for this asker within the hour."""
    sent = request.identity_checks.filter(sent_at__gt=timezone.now() - AN_HOUR)
    if sent.filter(asked_by=asker).count() >= AT_MOST:
        return False
    return asker == STAFF or sent.exclude(asked_by=STAFF).count() < BY_ALL


def letters_left(request: SubjectRequest, kind: str) -> bool:
    """Whether one more letter of a kind that strangers can cause may be written within the hour."""
    return request.letters.filter(kind=kind, made_at__gt=timezone.now() - AN_HOUR).count() < AT_MOST


def _ask(
    request: SubjectRequest, asker: str, method: str, *, valid_for: timedelta, digest: str, ticket: str = ""
) -> None:
    SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if not may_ask(request, asker=asker):
        raise NotNow(
            f"{AT_MOST} letters were sent for {request.reference} within the hour: wait a little, "
            "or check the identity in another way."
        )
    move(request, State.IDENTITY_PENDING, since=UNVERIFIED)
    IdentityCheck.objects.create(
        request=request,
        method=method,
        asked_by=asker,
        digest=digest,
        ticket=ticket,
        expires_at=timezone.now() + valid_for,
    )
    record(events.IDENTITY_LINK_SENT, request, subject=request.subject, method=method)


def _use(check: IdentityCheck) -> SubjectRequest | None:
    """Once. The address that the letter went to is proven, and nothing else."""
    used = IdentityCheck.objects.filter(pk=check.pk, used_at=None).update(used_at=timezone.now())
    if not used:
        return None
    request = check.request
    address = request.identifiers.filter(category=EMAIL, sealed__isnull=False).order_by("pk").first()
    if address is not None:
        address.verified = True
        address.save(update_fields=["verified"])
    prove(
        request,
        method="signed link" if check.method == Method.LINK else "code",
        how=HOW[Method(check.method)],
    )
    return request


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _code_digest(ticket: str, code: str) -> str:
    """Keyed: a million codes are soon tried against a plain hash."""
    return keyed_hash(f"{ticket}:{code}", purpose="identity code").hex()
