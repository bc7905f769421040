"""Receive a request: from the public form, an officer or the API. The same request twice is one request."""

from collections.abc import Iterable
from datetime import datetime

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
from erasure.requests.letters.wording import DEFAULT, LANGUAGES
from erasure.requests.timing import deadline, refuse_unknown_right, start
from erasure.rights import right_of
from governance.console.models import User
from governance.keyring.subjects import lookup_of, reference_for

__all__ = ["AlreadyOpen", "add_identifier", "clean", "clean_ground", "clean_language", "deadline", "receive"]

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
    language: str = DEFAULT,
    ground: str = "",
    received_at: datetime | None = None,
) -> SubjectRequest:
    """A new request with its clock running; identifiers are (category, value), one of them an e-mail address.

    A right that nobody has to prove their identity for is asked for under any identifier. `ground`: of an erasure,
    Art. 17(1). `received_at`: where it came before it was entered. Raises ValidationError for input that cannot be
    worked with, AlreadyOpen for a request that is here already.
    """
    received_at = received_at or timezone.now()
    refuse_unknown_right(regime, kind, on=timezone.localdate(received_at))
    cleaned = clean(identifiers, email=right_of(kind).needs_identity)
    fresh = SubjectRequest(
        kind=kind,
        channel=channel,
        regime=regime,
        received_at=received_at,
        handled_by=handled_by,
        language=clean_language(language),
        ground=clean_ground(kind, ground),
    )
    with transaction.atomic():
        request, repeated = _receive(fresh, cleaned)
        if not repeated:
            settle_at_once(request)
    if repeated:  # only now, so that the ledger's entry about it stays
        raise AlreadyOpen(request)
    return request


def _receive(request: SubjectRequest, cleaned: list[tuple[str, str]]) -> tuple[SubjectRequest, bool]:
    """The request, and whether it was here already."""
    main, known_by = next((each for each in cleaned if each[0] == EMAIL), cleaned[0])
    lookup = lookup_of(main, known_by)
    _one_at_a_time(lookup)
    open_request = (
        SubjectRequest.objects.filter(
            kind=request.kind, identifiers__category=main, identifiers__lookup=lookup
        )
        .exclude(state__in=SubjectRequest.ENDED)
        .first()
    )
    if open_request:
        record(events.REQUEST_REPEATED, open_request, subject=open_request.subject, channel=request.channel)
        return open_request, True
    request.subject = reference_for(main, known_by)
    start(request)
    request.reference = f"new-{request.public_id.hex[:12]}"
    request.save()
    request.reference = f"R-{request.received_at.year}-{request.pk:05d}"
    request.save(update_fields=["reference"])
    for category, value in cleaned:
        _attach(request, category, value, verified=False)
    record(
        events.REQUEST_RECEIVED,
        request,
        subject=request.subject,
        kind=request.kind,
        channel=request.channel,
        regime=request.regime,
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


def clean(identifiers: Iterable[tuple[str, str]], *, email: bool = True) -> list[tuple[str, str]]:
    """Trimmed, checked, each once. `email`: whether there has to be an address. Raises ValidationError."""
    cleaned = _clean_each(identifiers)
    if not cleaned and not email:
        raise ValidationError({"identifiers": "Name at least one thing that the person is known by."})
    if email and not any(category == EMAIL for category, _ in cleaned):
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


def clean_language(language: str) -> str:
    """The language that letters are written in. Raises ValidationError for one there are no letters in."""
    code = language.strip().lower().replace("_", "-").partition("-")[0] or DEFAULT
    if code not in LANGUAGES:
        raise ValidationError({"language": f"Letters are written in: {', '.join(LANGUAGES)}."})
    return code


def clean_ground(kind: str, ground: str) -> str:
    """The ground of an erasure, or none. Raises ValidationError."""
    if ground and kind != SubjectRequest.Kind.ERASURE:
        raise ValidationError({"ground": "Only an erasure has one of the grounds of Art. 17(1)."})
    if ground and ground not in SubjectRequest.Ground.values:
        raise ValidationError({"ground": f"A ground is one of: {', '.join(SubjectRequest.Ground.values)}."})
    return ground


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
