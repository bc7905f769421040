"""Data keys: made here, wrapped by a key management service, opened into memory for a bounded time.

Envelope encryption: the service's key never leaves it, and what the database holds opens nothing by itself (NIST SP
800-57 Part 1, key wrapping). The context binds a data key to its name and version.
"""

from __future__ import annotations

import base64
import os
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from retention.anonymization.techniques.base import Secret, TechniqueError
from retention.vault import configured

KEY_BYTES = 32
MOST_OPEN = 1024


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One version of a named key as it is kept: nothing in it is secret. `kms` and `reference` say who opens it."""

    name: str
    number: int
    kms: str
    reference: str
    wrapped: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return f"{self.name}/{self.number}"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "number": self.number,
            "kms": self.kms,
            "reference": self.reference,
            "wrapped": base64.b64encode(self.wrapped).decode(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Wrapped:
        return cls(**{**value, "wrapped": base64.b64decode(value["wrapped"])})


def fresh(name: str, number: int) -> Wrapped:
    """A new random data key. Raises KmsError."""
    return wrap(name, number, os.urandom(KEY_BYTES))


def wrap(name: str, number: int, material: bytes) -> Wrapped:
    """`material` wrapped by the service in force, and read back. Raises KmsError."""
    service = configured.active()
    kept = Wrapped(
        name, number, service.kind, service.reference, service.wrap(material, _context(name, number))
    )
    if service.unwrap(kept.wrapped, _context(name, number)) != material:
        raise TechniqueError(f"The {service.label} gives back another key than it was given for {kept.id}.")
    return kept


def opened(kept: Wrapped) -> Secret:
    """Its key, from memory where it was opened less than `VAULT_CACHE_SECONDS` ago. Raises KmsError."""
    now = monotonic()
    with _lock:
        entry = _open.get(kept)
        if entry and entry[0] > now:
            return entry[1]
    service = configured.holding(kept.kms, kept.reference)
    secret = Secret(kept.id, service.unwrap(kept.wrapped, _context(kept.name, kept.number)))
    with _lock:
        for old in [each for each, (until, _) in _open.items() if until <= now]:
            del _open[old]
        if len(_open) >= MOST_OPEN:
            _open.clear()
        _open[kept] = (now + settings.VAULT_CACHE_SECONDS, secret)
    return secret


def forget() -> None:
    """Forget every opened key of this process."""
    with _lock:
        _open.clear()


def derived(secret: Secret, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF-SHA-256, RFC 5869): no key does two kinds of work."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(secret.material)


_open: dict[Wrapped, tuple[float, Secret]] = {}
_lock = threading.Lock()


def _context(name: str, number: int) -> dict[str, str]:
    return {"purpose": "privacy console data key", "key": name, "version": str(number)}
