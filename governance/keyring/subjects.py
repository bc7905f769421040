"""References to persons: keyed, so that the ledger can speak of a person without holding anything about them."""

import hmac
import os
from collections.abc import Iterable
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from governance.keyring.lookups import lookup_of
from governance.keyring.models import SubjectKey
from governance.keyring.sealing import open_sealed, seal


def reference_for(category: str, value: str) -> str:
    """The reference of the person with this identifier; the same each time until their key is destroyed."""
    lookup = lookup_of(category, value)
    return references_of([lookup])[lookup]


@transaction.atomic
def references_of(lookups: Iterable[bytes]) -> dict[bytes, str]:
    """The reference of each person of whom only the keyed hash is known; made where there is none yet."""
    asked = sorted(set(lookups))
    fresh = [SubjectKey(lookup=lookup, sealed=_fresh(lookup)) for lookup in asked]
    SubjectKey.objects.bulk_create(fresh, ignore_conflicts=True)
    found = {}
    for key in SubjectKey.objects.select_for_update().filter(lookup__in=asked).order_by("lookup"):
        lookup = bytes(key.lookup)
        if key.sealed is None:
            # Destroyed: whoever comes with this identifier now is, for the ledger, somebody new.
            key.sealed, key.destroyed_at = _fresh(lookup), None
            key.save(update_fields=["sealed", "destroyed_at"])
        secret = open_sealed(key.sealed, purpose="subject", bound_to=lookup.hex())
        found[lookup] = "person:" + hmac.digest(secret, lookup, sha256).hex()[:32]
    return found


def destroy(category: str, value: str) -> bool:
    """Destroy the key, so that the person's references can no longer be resolved; whether there was one."""
    return bool(
        SubjectKey.objects.filter(lookup=lookup_of(category, value), sealed__isnull=False).update(
            sealed=None, destroyed_at=timezone.now()
        )
    )


def _fresh(lookup: bytes) -> bytes:
    return seal(os.urandom(32), purpose="subject", bound_to=lookup.hex())
