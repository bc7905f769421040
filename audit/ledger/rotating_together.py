"""Changing the log's key takes two persons: one proposes it, another approves what they saw, and then it is done."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.context import current_actor
from audit.ledger.events import Event, Fact
from audit.ledger.models import KeyProposal
from audit.ledger.notes import VerifierKey
from audit.ledger.recording import record
from audit.ledger.rotating import rotate
from audit.ledger.signing import signing_key

FACTS = {"old": Fact.DIGEST, "revoked": Fact.FLAG, "reason": Fact.TEXT}
PROPOSED = Event("ledger_key.proposed", "proposed another key for the ledger", FACTS)
APPROVED = Event("ledger_key.approved", "approved another key for the ledger", FACTS)
REJECTED = Event("ledger_key.rejected", "rejected another key for the ledger", {"reason": Fact.TEXT})
State = KeyProposal.State


class NotNow(Exception):
    """The proposal is not in a state that allows this, or not for this person; the message says why."""


def fingerprint(proposal: KeyProposal) -> str:
    """SHA-256 of what is proposed and of the key in use: approval is of exactly this."""
    said = (proposal.pk, proposal.old, proposal.revoke, proposal.reason, str(signing_key().verifier))
    return sha256(repr(said).encode()).hexdigest()


@transaction.atomic
def propose(*, reason: str, revoke: bool) -> KeyProposal:
    """By whoever acts. Raises ValidationError without a reason, or where a proposal is open already."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why the key is changed."})
    proposal, fresh = KeyProposal.objects.get_or_create(
        state=State.PROPOSED,
        defaults={
            "old": str(signing_key().verifier),
            "revoke": revoke,
            "reason": reason.strip()[:300],
            "asked_by": current_actor().id,
            "asked_at": timezone.now(),
        },
    )
    if not fresh:
        raise ValidationError(f"{proposal} is open already: it has to be decided first.")
    record(PROPOSED, proposal, **_facts(proposal))
    return proposal


@transaction.atomic
def approve(proposal: KeyProposal, *, seen: str) -> None:
    """Approve what has the fingerprint `seen`, and change the key at once. Raises NotNow, ValidationError, Diverged.

    Of two who decide at once, one succeeds. If the key cannot be changed, nothing was decided.
    """
    proposal = KeyProposal.objects.select_for_update().get(pk=proposal.pk)
    if proposal.asked_by == current_actor().id:
        raise NotNow("You proposed this: somebody else has to approve it.")
    _decide(proposal, State.DONE)
    if proposal.old != str(signing_key().verifier):
        raise NotNow(f"The key was changed after {proposal} was proposed: reject it and propose it again.")
    if fingerprint(proposal) != seen:
        raise NotNow(f"{proposal} is not what you saw: read it again.")
    record(APPROVED, proposal, **_facts(proposal))
    proposal.change = rotate(reason=proposal.reason, revoke=proposal.revoke)
    proposal.save(update_fields=["change"])


@transaction.atomic
def reject(proposal: KeyProposal, *, reason: str) -> None:
    """By anybody who may propose; who proposed it withdraws it. Raises NotNow if it is decided already."""
    proposal = KeyProposal.objects.select_for_update().get(pk=proposal.pk)
    _decide(proposal, State.REJECTED, decision_reason=reason.strip()[:300])
    record(REJECTED, proposal, reason=proposal.decision_reason)


def _facts(proposal: KeyProposal) -> dict[str, Any]:
    return {
        "old": VerifierKey.parse(proposal.old).key_id.hex(),
        "revoked": proposal.revoke,
        "reason": proposal.reason,
    }


def _decide(proposal: KeyProposal, state: str, **values: str) -> None:
    decided = KeyProposal.objects.filter(pk=proposal.pk, state=State.PROPOSED).update(
        state=state, decided_by=current_actor().id, decided_at=timezone.now(), **values
    )
    proposal.refresh_from_db()
    if not decided:
        raise NotNow(f"{proposal} is {proposal.get_state_display().lower()}: there is nothing to decide.")
