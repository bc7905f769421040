"""Who the ledger speaks of: staff by the name they have today, everybody else by what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from governance.console.models import User

register = template.Library()
KINDS = {"subject": "Data subject", "visitor": "Visitor", "system": "System"}


def named(identifier: str, names: Mapping[str, str]) -> str:
    """What a list calls an actor, given the names of the staff (`governance.console.people.names`)."""
    return names.get(identifier) or ("Visitor" if identifier == "anonymous" else identifier)


@register.filter
def actor_name(actor: Mapping[str, Any]) -> str:
    """What the actor of one entry is called: kind, identifier and role as in its content."""
    if actor["kind"] != "user":
        kind = KINDS.get(actor["kind"], actor["kind"])
        return kind if actor["kind"] == "visitor" else f"{kind} {actor['id']}"
    user = User.objects.filter(public_id=actor["id"]).first()
    return user.display_name if user else f"Former staff {actor['id']}"
