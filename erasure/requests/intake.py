"""Receive a request: from the public form, an officer or the API. The same request twice is one request."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.classification.vocabulary import CATEGORIES
from erasure import events
from erasure.answers.settling import settle_at_once
from erasure.models import Identifier, SubjectRequest
from erasure.requests.acknowledging import acknowledge
from erasure.requests.timing import deadline, refuse_unknown_right, start
from governance.console.models import User
from governance.keyring.subjects import lookup_of, reference_for

__all__ = ["AlreadyOpen", "add_identifier", "clean", "deadline", "receive"]

EMAIL = "contact.email"
MAX_LENGTH = 320
MAX_IDENTIFIERS = 10


class AlreadyOpen(Exception):
    """The person has an open request of this kind: `request`."""

    def __init__(self, request: SubjectRequest) -> None:
        super().__init__(f"{request.reference} is the same request and still open: go on there.")
        self.request = request


def receive(
    *,
    kind: str,
    identifiers: Iterable[tuple[str, str]],
    channel: str,
    regime: str = "EU-GDPR",
    handled_by: User | None = None,
) -> SubjectRequest:
    """A new request with its clock running; identifiers are (category, value), one of them an e-mail address.

    Raises ValidationError for input that cannot be worked with, AlreadyOpen for a request that is here already.
    """
    with transaction.atomic():
        request, repeated = _receive(kind, clean(identifiers), channel, regime, handled_by)
        if not repeated:
            settle_at_once(request)
    if repeated:  # only now, so that the ledger's entry about it stays
        raise AlreadyOpen(request)
    return request


def _receive(
    kind: str, cleaned: list[tuple[str, str]], channel: str, regime: str, handled_by: User | None
) -> tuple[SubjectRequest, bool]:
    """The request, and whether it was here already."""
    refuse_unknown_right(regime, kind)
    email = next(value for category, value in cleaned if category == EMAIL)
    lookup = lookup_of(EMAIL, email)
    _one_at_a_time(lookup)
    open_request = (
        SubjectRequest.objects.filter(kind=kind, identifiers__category=EMAIL, identifiers__lookup=lookup)
        .exclude(state__in=SubjectRequest.ENDED)
        .first()
    )
    if open_request:
        record(events.REQUEST_REPEATED, open_request, subject=open_request.subject, channel=channel)
        return open_request, True
    now = timezone.now()
    request = SubjectRequest(
        kind=kind,
        channel=channel,
        regime=regime,
        received_at=now,
        subject=reference_for(EMAIL, email),
        handled_by=handled_by,
    )
    start(request)
    request.reference = f"new-{request.public_id.hex[:12]}"
    request.save()
    request.reference = f"R-{now.year}-{request.pk:05d}"
    request.save(update_fields=["reference"])
    for category, value in cleaned:
        _attach(request, category, value, verified=False)
    record(
        events.REQUEST_RECEIVED,
        request,
        subject=request.subject,
        kind=kind,
        channel=channel,
        regime=regime,
        due=request.due_on.isoformat(),
    )
    if request.acknowledge_by:
        acknowledge(request)
    return request, False


@transaction.atomic
def add_identifier(request: SubjectRequest, category: str, value: str) -> Identifier:
    """Another identifier that an officer has established to be the person's own. Raises ValidationError."""
    if request.ended:
        raise ValidationError(f"{request.reference} has ended.")
    ((category, value),) = _clean_each([(category, value)])
    verified = request.verified_at is not None
    identifier = _attach(request, category, value, verified=verified)
    if verified and not identifier.verified:  # the person had only claimed it so far
        identifier.verified = True
        identifier.save(update_fields=["verified"])
    record(events.IDENTIFIER_ADDED, request, subject=request.subject, category=category)
    return identifier


def clean(identifiers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Trimmed, checked, each once. Raises ValidationError."""
    cleaned = _clean_each(identifiers)
    if not any(category == EMAIL for category, _ in cleaned):
        raise ValidationError({"email": "An e-mail address is needed, to verify the identity and to answer."})
    if len(cleaned) > MAX_IDENTIFIERS:
        raise ValidationError({"identifiers": f"At most {MAX_IDENTIFIERS} identifiers."})
    return cleaned


def _clean_each(identifiers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    cleaned = []
    for category, value in identifiers:
        value = value.strip()
        if category not in CATEGORIES or not CATEGORIES[category].unique:
            raise ValidationError({"identifiers": f"{category} does not identify exactly one person."})
        if not value or len(value) > MAX_LENGTH or "\x00" in value:
            raise ValidationError(
                {"identifiers": f"A {CATEGORIES[category].title} has 1 to {MAX_LENGTH} characters."}
            )
        if category == EMAIL:
            try:
                validate_email(value)
                value.rpartition("@")[2].encode("idna")  # what no mail server could be asked for
            except (ValidationError, UnicodeError):
                raise ValidationError({"email": "This is not an e-mail address."}) from None
        if (category, value) not in cleaned:
            cleaned.append((category, value))
    return cleaned


def _attach(request: SubjectRequest, category: str, value: str, *, verified: bool) -> Identifier:
    identifier = Identifier(
        request=request, category=category, lookup=lookup_of(category, value), verified=verified
    )
    identifier.set_value(value)
    known = request.identifiers.filter(category=category, lookup=identifier.lookup).first()
    if known:
        return known
    identifier.save()
    return identifier


def _one_at_a_time(lookup: bytes) -> None:
    """Of the same request sent twice at the same moment, one waits for the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(lookup[:8], "big", signed=True)])
