"""Details about a person in a log that is never erased: each under a key of that person, kept outside the log.

When the key is destroyed the details can never be opened again, and every hash and proof still holds. The keys are
wrapped by whatever the settings name, since the ledger knows nobody: `LEDGER_SEAL` and `LEDGER_OPEN`.
"""

from __future__ import annotations

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from audit.ledger.models import Entry, PersonKey

PREFIX = "sealed:"
NONCE_BYTES = 12
DESTROYED = "destroyed: the person's key is gone"


def seal_for(subject: str, action: str, text: str) -> str:
    """AES-256-GCM under the person's key, made where there is none; bound to person and event. Empty stays empty."""
    if not text:
        return ""
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(_key_for(subject)).encrypt(nonce, text.encode(), _context(subject, action))
    return PREFIX + base64.b64encode(nonce + box).decode()


def open_facts(entry: Entry, *, allowed: bool = True) -> dict[str, Any]:
    """The facts of an entry, what is sealed in clear; where not `allowed`, or destroyed, words that say so."""
    facts: dict[str, Any] = entry.content["facts"]
    return {
        name: _opened(entry, value, allowed) if isinstance(value, str) and value.startswith(PREFIX) else value
        for name, value in facts.items()
    }


def destroy_key(subject: str) -> bool:
    """Destroy a person's key; whether there was one. What is sealed for them from now on is under a new one."""
    return bool(
        PersonKey.objects.filter(subject=subject, destroyed_at=None).update(
            wrapped=b"", destroyed_at=timezone.now()
        )
    )


def _opened(entry: Entry, value: str, allowed: bool) -> str:
    if not allowed:
        return "sealed: only who handles requests may read it"
    content = base64.b64decode(value.removeprefix(PREFIX))
    for key in PersonKey.objects.filter(subject=entry.subject, destroyed_at=None):
        try:
            return (
                AESGCM(_unwrapped(key))
                .decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], _context(entry.subject, entry.action))
                .decode()
            )
        except InvalidTag:
            continue
    return DESTROYED


def _key_for(subject: str) -> bytes:
    fresh = os.urandom(32)
    wrapped = import_string(settings.LEDGER_SEAL)(fresh, purpose="ledger", bound_to=subject)
    key, _ = PersonKey.objects.get_or_create(
        subject=subject, destroyed_at=None, defaults={"wrapped": wrapped}
    )
    return _unwrapped(key)


def _unwrapped(key: PersonKey) -> bytes:
    opened: bytes = import_string(settings.LEDGER_OPEN)(key.wrapped, purpose="ledger", bound_to=key.subject)
    return opened


def _context(subject: str, action: str) -> bytes:
    return f"{subject}\x00{action}".encode()
