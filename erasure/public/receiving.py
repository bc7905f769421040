"""Receive what a person sends from the public form: the request, what they say with it, and the letter to confirm it.

A stranger may send all this in somebody's name: nothing of it reaches a request that is confirmed already.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from erasure.answers import objecting
from erasure.models import SubjectRequest
from erasure.requests import identity, intake, status
from erasure.requests.letters import send_letter
from erasure.requests.models import Note
from erasure.requests.noting import note
from erasure.requests.states import NotNow
from erasure.rights import right_of

Kind = SubjectRequest.Kind
LONGEST = 1_000
AT_MOST = 20  # notes from strangers on one request


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form holds. `purposes`: what the person objects to; nothing said means direct marketing."""

    kind: str
    identifiers: list[tuple[str, str]]
    regime: str
    language: str
    wrong: str = ""
    right: str = ""
    purposes: str = ""
    ground: str = ""


@transaction.atomic
def receive(asked: Asked, *, asker: str) -> tuple[SubjectRequest, str]:
    """The request, and the ticket to enter a code with where codes are sent. Raises ValidationError."""
    try:
        request = intake.receive(
            kind=asked.kind,
            identifiers=asked.identifiers,
            channel=SubjectRequest.Channel.FORM,
            regime=asked.regime,
            language=asked.language,
            ground=asked.ground,
        )
    except intake.AlreadyOpen as known:
        request = known.request
    if request.state in identity.UNVERIFIED:
        say(request, wrong=asked.wrong, right=asked.right, purposes=asked.purposes)
    return request, _prove(request, asker)


def say(request: SubjectRequest, *, wrong: str, right: str, purposes: str) -> None:
    """What the person says is wrong, or objects to; the page that confirms the request shows it."""
    if request.kind == Kind.RECTIFICATION and wrong and right:
        _keep(request, f"{wrong}\n→ {right}")
    if request.kind == Kind.OBJECTION:
        if purposes:
            _keep(request, purposes)
        elif not request.objections.exists():
            objecting.enter(request, marketing=True)


def said(request: SubjectRequest) -> list[Note]:
    return list(request.notes.filter(kind=Note.Kind.FROM_PERSON))


def _keep(request: SubjectRequest, text: str) -> None:
    """Once, however often the form is sent."""
    kept = said(request)
    if len(kept) < AT_MOST and all(text != each.text for each in kept):
        note(request, text=text, kind=Note.Kind.FROM_PERSON)


def _prove(request: SubjectRequest, asker: str) -> str:
    if not right_of(request.kind).needs_identity:
        return ""
    try:
        return identity.send_proof(request, asker=asker)
    except NotNow:
        if request.verified_at and identity.letters_left(request, "already_open"):
            send_letter(request, "already_open", token=status.token_of(request))
        return identity.blank_ticket() if settings.IDENTITY_BY == identity.Method.CODE else ""
