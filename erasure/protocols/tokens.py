"""Tokens of those who send by protocol: made here, given out once, kept as a hash."""

import secrets
from hashlib import sha256

from django.utils import timezone

from erasure.protocols.models import Agent, Controller
from erasure.protocols.refusing import unknown_sender

SCHEME = "bearer"


def renew(sender: Agent | Controller) -> str:
    """A new token in place of the earlier one, in the caller's transaction."""
    token = secrets.token_urlsafe(48)
    sender.token_digest, sender.token_issued_at = digest_of(token), timezone.now()
    sender.save(update_fields=["token_digest", "token_issued_at"])
    return token


def agent_of(authorization: str) -> Agent:
    """Whose token the header carries. Raises Refused."""
    agent = Agent.objects.filter(token_digest=_digest_in(authorization), ended_at=None).first()
    if agent is None:
        raise unknown_sender()
    return agent


def controller_of(authorization: str) -> Controller:
    """Whose token the header carries. Raises Refused."""
    controller = Controller.objects.filter(token_digest=_digest_in(authorization), ended_at=None).first()
    if controller is None:
        raise unknown_sender()
    return controller


def digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _digest_in(authorization: str) -> str:
    words = authorization.split()
    if len(words) != 2 or words[0].lower() != SCHEME:
        raise unknown_sender()
    return digest_of(words[1])
