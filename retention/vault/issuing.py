"""Tokens for whoever asks over the API: the same vault as for jobs, and an entry in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from audit.ledger.recording import record
from retention.vault import events, patterns
from retention.vault.models import TokenDomain
from retention.vault.tokens import TokenVault


@transaction.atomic
def tokenize(
    domain: str,
    values: Sequence[str],
    *,
    pattern: str = patterns.DEFAULT,
    persons: Sequence[str | None] | None = None,
    category: str = "",
) -> Sequence[str]:
    """The token of each value, in order. Raises TechniqueError for a pattern that cannot be or is used up, KmsError."""
    shape = patterns.read(pattern)
    made = TokenVault(category=category).issue(
        domain, values, fresh=shape.fresh, capacity=shape.capacity, persons=persons
    )
    record(events.TOKENS_ISSUED, TokenDomain.objects.get(name=domain), values=len(values))
    return made
