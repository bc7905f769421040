"""Writing a letter: its words are put together and sealed with the change that it tells of, and go out after it."""

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerDown

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.letters.filling import signature, values_for
from erasure.requests.letters.wording import fill, language_of, text_of
from erasure.requests.models import Letter
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
logger = logging.getLogger("console.letters")


@transaction.atomic
def send_letter(request: SubjectRequest, kind: str, **context: Any) -> Letter | None:
    """Write one letter to the request's address, to be sent once the current transaction has committed.

    Call it in the transaction of what it tells of: then neither is without the other. None where there is no address
    any more, and where a controller sent the request to us as its processor: it writes to the person itself.
    `context`: see `filling.values_for`.
    """
    if request.channel == SubjectRequest.Channel.OPENDSR:
        return None
    to = _address(request, kind)
    return send_letter_to(to, request, kind, **context) if to else None


@transaction.atomic
def send_letter_to(address: str, request: SubjectRequest, kind: str, **context: Any) -> Letter:
    """The same, to somebody else whom the request is about to reach: another controller."""
    language = language_of(request.language)
    values = values_for(request, kind, language, context)
    text = text_of(kind, language)
    body = "\n\n".join(part for part in (fill(text.body, values), signature()) if part)
    letter = Letter(request=request, kind=kind, language=language)
    letter.write(
        {
            "to": address,
            "subject": " ".join(fill(text.subject, values).split()),
            "body": f"{body}\n",
            "secret": str(context.get("secret", "")),
            "code": str(context.get("code", "")),
        }
    )
    letter.save()
    record(events.LETTER_WRITTEN, request, subject=request.subject, letter=kind, language=language)
    transaction.on_commit(wake)
    return letter


def wake() -> None:
    """Tell the workers. A broker that is down delays letters until the next sweep; it does not lose them."""
    try:
        current_app.send_task("requests.send_letters", retry=False)
    except BrokerDown:
        logger.warning("The broker does not answer; letters wait for the next sweep.")


def _address(request: SubjectRequest, kind: str) -> str:
    """The person's own; the agent's for answers, where the person has said so. Proofs go to nobody else."""
    representation = getattr(request, "representation", None)
    identifier = request.identifiers.filter(category=EMAIL, sealed__isnull=False).order_by("pk").first()
    try:
        if representation and kind not in FOR_THE_PERSON and (agent := representation.answers_go_to):
            return agent
        return identifier.value if identifier else ""
    except CannotOpen:
        logger.error("The address of %s cannot be opened; restore the key ring.", request.reference)
        return ""
