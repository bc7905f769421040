"""Requests that somebody makes in another's name: what entitles them, and what the person says to it.

The person is asked themselves, unless the agent holds a power of attorney, which an officer reads (11 CCR 7063).
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events, identity, intake
from erasure.requests.attaching import check_upload
from erasure.requests.closing import reject
from erasure.requests.models import Proof, Representation
from erasure.requests.states import NotNow
from erasure.rights import right_of
from governance.console.models import User

Authority = Representation.Authority
AnswerTo = Representation.AnswerTo
LONGEST_NAME = 160
NO_PERMISSION = "The person says that the agent had no permission."


@dataclass(frozen=True, slots=True)
class Agent:
    """Who asks in another's name, as they say."""

    name: str
    email: str
    organisation: str = ""


@transaction.atomic
def receive(
    *,
    agent: Agent,
    authority: str,
    proof: UploadedFile | None,
    kind: str,
    identifiers: list[tuple[str, str]],
    regime: str,
    language: str = "en",
    channel: str = SubjectRequest.Channel.FORM,
    handled_by: User | None = None,
    asker: str = identity.STAFF,
) -> SubjectRequest:
    """A request made by an agent; the person is asked unless there is a power of attorney.

    Raises ValidationError; AlreadyOpen where the person has such a request open, which an agent cannot take over.
    """
    _check(agent, authority)
    checked = check_upload(_needed(proof))
    request = intake.receive(
        kind=kind,
        identifiers=identifiers,
        channel=channel,
        regime=regime,
        language=language,
        handled_by=handled_by,
    )
    representation = represent(request, agent=agent, authority=authority)
    Proof(representation=representation).fill(checked, by=handled_by).save()
    if authority == Authority.PERMISSION and right_of(kind).needs_identity:
        identity.send_link(request, asker=asker, letter="confirm_agent", agent=representation.speaker)
    return request


def represent(request: SubjectRequest, *, agent: Agent, authority: str) -> Representation:
    """Note who asks, in the caller's transaction."""
    representation = Representation(request=request, authority=authority)
    representation.write(name=agent.name, email=agent.email, organisation=agent.organisation)
    representation.save()
    record(
        events.AGENT_ASKED,
        request,
        subject=request.subject,
        authority=authority,
    )
    return representation


def of(request: SubjectRequest) -> Representation | None:
    return Representation.objects.filter(request=request).first()


def letter_for(request: SubjectRequest) -> str:
    """The letter that asks the person of this request whether it is theirs."""
    return "confirm_agent" if of(request) else "verify_identity"


def context_for(request: SubjectRequest) -> dict[str, str]:
    representation = of(request)
    return {"agent": representation.speaker} if representation else {}


@transaction.atomic
def confirm(secret: str, *, answer_to: str = "") -> SubjectRequest | None:
    """The person's own word, by the link: the request is theirs, the agent may, and who gets the answer.

    None if the link cannot be used (any more).
    """
    request = identity.confirm(secret)
    representation = of(request) if request else None
    if request and representation:
        chosen = AnswerTo.AGENT if answer_to == AnswerTo.AGENT else AnswerTo.PERSON
        _confirmed(representation, answer_to=chosen)
    return request


@transaction.atomic
def confirm_by_officer(
    representation: Representation, *, how: str, answer_to: str, by: User | None = None
) -> None:
    """An officer has read what entitles the agent, and vouches for it and for the identity.

    Raises ValidationError without a word on how it was checked, NotNow.
    """
    if answer_to not in AnswerTo.values:
        raise ValidationError({"answer_to": "The answer goes to the person or to the agent."})
    if representation.confirmed_at or representation.refused_at:
        raise NotNow("This has been settled: the agent was confirmed, or the person refused.")
    if right_of(representation.request.kind).needs_identity:
        identity.confirm_by_officer(representation.request, how=how)
    _confirmed(representation, answer_to=answer_to, by=by)


@transaction.atomic
def refuse(request: SubjectRequest) -> None:
    """The person says that they allowed nothing: the request ends. Raises NotNow."""
    representation = of(request)
    if representation is None or representation.confirmed_at:
        raise NotNow("There is no agent to refuse (any more).")
    representation.refused_at = timezone.now()
    representation.save(update_fields=["refused_at"])
    record(events.AGENT_REFUSED, request, subject=request.subject)
    reject(request, reason=NO_PERMISSION, tell=False)


@transaction.atomic
def hand_out(proof: Proof) -> HttpResponse:
    """What entitles the agent, as a download, while the ledger notes who reads it. Raises CannotOpen."""
    request = proof.representation.request
    record(events.PROOF_READ, request, subject=request.subject, sha256=proof.sha256)
    return proof.as_download()


def _confirmed(representation: Representation, *, answer_to: str, by: User | None = None) -> None:
    representation.confirmed_at, representation.confirmed_by = timezone.now(), by
    representation.answer_to = answer_to
    representation.save(update_fields=["confirmed_at", "confirmed_by", "answer_to"])
    request = representation.request
    record(
        events.AGENT_CONFIRMED,
        request,
        subject=request.subject,
        authority=representation.authority,
        answer_to=answer_to,
    )


def _check(agent: Agent, authority: str) -> None:
    if authority not in Authority.values:
        raise ValidationError({"authority": "An agent has a signed permission or a power of attorney."})
    for name in ("name", "organisation"):
        value = getattr(agent, name)
        if len(value) > LONGEST_NAME or "\x00" in value or (name == "name" and not value.strip()):
            raise ValidationError(
                {name: f"This has at most {LONGEST_NAME} characters, and a name at least 1."}
            )
    try:
        validate_email(agent.email)
    except ValidationError:
        raise ValidationError({"agent_email": "This is not an e-mail address."}) from None


def _needed(proof: UploadedFile | None) -> UploadedFile:
    if proof is None:
        raise ValidationError({"proof": "Attach the signed permission or the power of attorney."})
    return proof
