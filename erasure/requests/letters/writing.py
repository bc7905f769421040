"""Writing a letter: its words are put together and sealed with the change that it tells of, and go out after it."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerDown

from audit.ledger.recording import record_many
from erasure.models import Identifier, SubjectRequest
from erasure.requests import events
from erasure.requests.letters.filling import Ground, signature
from erasure.requests.letters.wording import fill, language_of, text_of
from erasure.requests.models import Letter, Representation
from governance.keyring.sealing import CannotOpen

EMAIL = "contact.email"
FOR_THE_PERSON = (
    "verify_identity",
    "verify_by_code",
    "remind_identity",
    "unverified",
    "confirm_agent",
    "withdrawn",
    "already_open",
)
AT_ONCE = 500  # letters written in one statement
logger = logging.getLogger("console.letters")


@transaction.atomic
def send_letter(request: SubjectRequest, kind: str, **context: Any) -> Letter | None:
    """Write one letter to the request's address, to be sent once the current transaction has committed.

    Call it in the transaction of what it tells of: then neither is without the other. None where there is no address
    any more, and where a controller sent the request to us as its processor: it writes to the person itself.
    `context`: see `filling.values_for`.
    """
    written = send_letters(kind, [(request, context)])
    return written[0] if written else None


@transaction.atomic
def send_letters(kind: str, told: Sequence[tuple[SubjectRequest, Mapping[str, Any]]]) -> list[Letter]:
    """The same for many requests, each with the context of its own."""
    asked = [request for request, _ in told if request.channel != SubjectRequest.Channel.OPENDSR]
    to = _addresses(asked, kind)
    return _write(kind, [(to[each.pk], each, context) for each, context in told if to.get(each.pk)])


@transaction.atomic
def send_letter_to(address: str, request: SubjectRequest, kind: str, **context: Any) -> Letter:
    """The same, to somebody else whom the request is about to reach: another controller."""
    (letter,) = _write(kind, [(address, request, context)])
    return letter


def _write(kind: str, addressed: Sequence[tuple[str, SubjectRequest, Mapping[str, Any]]]) -> list[Letter]:
    text_in = cache(lambda language: text_of(kind, language))
    ground = Ground([request for _, request, _ in addressed])
    letters, signed = [], signature()
    for address, request, context in addressed:
        letter = Letter(request=request, kind=kind, language=language_of(request.language))
        text = text_in(letter.language)
        values = ground.values_for(request, kind, letter.language, context)
        body = "\n\n".join(part for part in (fill(text.body, values), signed) if part)
        letter.write(
            {
                "to": address,
                "subject": " ".join(fill(text.subject, values).split()),
                "body": f"{body}\n",
                "secret": str(context.get("secret", "")),
                "code": str(context.get("code", "")),
            }
        )
        letters.append(letter)
    Letter.objects.bulk_create(letters, batch_size=AT_ONCE)
    record_many(
        events.LETTER_WRITTEN,
        (
            (each.request, each.request.subject, {"letter": kind, "language": each.language})
            for each in letters
        ),
    )
    if letters:
        transaction.on_commit(wake)
    return letters


def wake() -> None:
    """Tell the workers. A broker that is down delays letters until the next sweep; it does not lose them."""
    try:
        current_app.send_task("requests.send_letters", retry=False)
    except BrokerDown:
        logger.warning("The broker does not answer; letters wait for the next sweep.")


def _addresses(requests: Sequence[SubjectRequest], kind: str) -> dict[int, str]:
    """By request the person's own; the agent's for answers, where the person has said so. Proofs go to nobody else.

    Empty where there is none any more.
    """
    first: dict[int, Identifier] = {}
    emails = Identifier.objects.filter(request__in=requests, category=EMAIL, sealed__isnull=False)
    for identifier in emails.select_related("request").order_by("pk"):
        first.setdefault(identifier.request_id, identifier)
    agents: dict[int, Representation] = {}
    if kind not in FOR_THE_PERSON:
        for each in Representation.objects.filter(request__in=requests).select_related("request"):
            agents[each.request_id] = each
    found = {}
    for request in requests:
        try:
            agent = agents[request.pk].answers_go_to if request.pk in agents else ""
            found[request.pk] = agent or (first[request.pk].value if request.pk in first else "")
        except CannotOpen:
            logger.error("The address of %s cannot be opened; restore the key ring.", request.reference)
    return found
