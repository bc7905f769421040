"""Pairwise key setup: a signed message in exchange for a token (DRP 1.0, 2.05)."""

from django.db import transaction

from audit.ledger.recording import record
from erasure.protocols import events
from erasure.protocols.drp.opening import open_message, take_once
from erasure.protocols.models import Agent
from erasure.protocols.refusing import unknown_sender
from erasure.protocols.tokens import renew


@transaction.atomic
def pair(agent_id: str, body: bytes) -> str:
    """A new token of the agent, in place of the earlier one. Raises Refused."""
    agent = Agent.objects.select_for_update().filter(agent_id=agent_id, ended_at=None).first()
    if agent is None:
        raise unknown_sender()
    take_once(agent, open_message(agent, body))
    record(events.AGENT_PAIRED, agent)
    return renew(agent)
