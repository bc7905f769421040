"""The identifiers of a request as a page may show them: masked, or in clear once the ledger says who looked."""

from dataclasses import dataclass

from django.db import transaction

from audit.ledger.recording import record
from erasure import events
from erasure.models import Identifier, SubjectRequest
from governance.console.templatetags.ui import masked
from governance.keyring.sealing import CannotOpen

DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Shown:
    category: str
    title: str
    value: str
    verified: bool


def masked_identifiers(request: SubjectRequest) -> list[Shown]:
    """Enough to recognize the person by, not enough to read."""
    return [_shown(identifier, clear=False) for identifier in request.identifiers.order_by("pk")]


@transaction.atomic
def reveal(request: SubjectRequest) -> list[Shown]:
    """The identifiers in clear; that somebody read them is recorded."""
    record(events.IDENTIFIERS_REVEALED, request, subject=request.subject)
    return [_shown(identifier, clear=True) for identifier in request.identifiers.order_by("pk")]


def _shown(identifier: Identifier, *, clear: bool) -> Shown:
    try:
        value = identifier.value
    except CannotOpen:
        value = "cannot be opened: restore the key ring it was sealed with"
    else:
        value = (value if clear else masked(value)) or DESTROYED
    return Shown(identifier.category, identifier.get_category_display(), value, identifier.verified)
