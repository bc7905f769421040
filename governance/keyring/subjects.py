"""References to persons: keyed, so that the ledger can speak of a person without holding anything about them."""

import hmac
import os
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from governance.keyring.models import SubjectKey
from governance.keyring.sealing import keyed_hash, open_sealed, seal


def lookup_of(category: str, value: str) -> bytes:
    """The keyed hash under which an identifier is found again; trimmed and without regard to case."""
    return keyed_hash(f"{category}\x00{value.strip().casefold()}", purpose="identifier")


@transaction.atomic
def reference_for(category: str, value: str) -> str:
    """The reference of the person with this identifier; the same each time until their key is destroyed."""
    lookup = lookup_of(category, value)
    SubjectKey.objects.bulk_create([SubjectKey(lookup=lookup, sealed=_fresh(lookup))], ignore_conflicts=True)
    key = SubjectKey.objects.select_for_update().get(lookup=lookup)
    if key.sealed is None:
        # Destroyed: whoever comes with this identifier now is, for the ledger, somebody new.
        key.sealed, key.destroyed_at = _fresh(lookup), None
        key.save(update_fields=["sealed", "destroyed_at"])
    secret = open_sealed(key.sealed, purpose="subject", bound_to=lookup.hex())
    return "person:" + hmac.digest(secret, lookup, sha256).hex()[:32]


def destroy(category: str, value: str) -> bool:
    """Destroy the key, so that the person's references can no longer be resolved; whether there was one."""
    return bool(
        SubjectKey.objects.filter(lookup=lookup_of(category, value), sealed__isnull=False).update(
            sealed=None, destroyed_at=timezone.now()
        )
    )


def _fresh(lookup: bytes) -> bytes:
    return seal(os.urandom(32), purpose="subject", bound_to=lookup.hex())
