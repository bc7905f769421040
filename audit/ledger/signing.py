"""The keys that sign checkpoints: from the environment, or files beside the console's data that only it can read.

The newest one signs; the one before it as well, for a while after a change (see `audit.ledger.rotating`).
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from audit.ledger.models import KeyChange
from audit.ledger.notes import LOG, SigningKey, VerifierKey

PEM = re.compile(rb"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.S)


def signing_key() -> SigningKey:
    """The log's key in use; made on first use where there is none. Raises ImproperlyConfigured."""
    return signing_keys()[0]


def signing_keys(now: datetime | None = None) -> list[SigningKey]:
    """The key in use, and those before it that sign as well for now. Raises ImproperlyConfigured."""
    changes = list(KeyChange.objects.all())
    if not changes:
        return [held_keys()[0]]
    newest = _held(changes[0].new)
    if newest is None:
        raise ImproperlyConfigured(
            f"The log's key {VerifierKey.parse(changes[0].new).key_id.hex()} is not here: put it back into LEDGER_KEY, "
            f"or its file beside {settings.LEDGER_KEY_FILE}."
        )
    still = [_held(each.old) for each in changes if each.until > (now or timezone.now())]
    return [newest, *(key for key in still if key)]


def verifier_keys() -> list[tuple[VerifierKey, int, int | None]]:
    """Every key the log ever had, oldest first, with the sizes it was in use for: from, and until (None: now)."""
    changes = list(KeyChange.objects.order_by("pk"))
    if not changes:
        return [(signing_key().verifier, 0, None)]
    starts = [0, *(each.size for each in changes)]
    ends = [*(each.size for each in changes), None]
    keys = [changes[0].old, *(each.new for each in changes)]
    return [(VerifierKey.parse(key), start, end) for key, start, end in zip(keys, starts, ends, strict=True)]


def held_keys() -> tuple[SigningKey, ...]:
    """The private keys that this console has; the first is the log's first. Raises ImproperlyConfigured."""
    return _load(settings.LEDGER_ORIGIN, settings.LEDGER_KEY, str(settings.LEDGER_KEY_FILE))


def forget_keys() -> None:
    """Have them read again: another process may have made one."""
    _load.cache_clear()


def _held(verifier: str) -> SigningKey | None:
    for _ in range(2):
        for key in held_keys():
            if str(key.verifier) == verifier:
                return key
        forget_keys()
    return None


@cache
def _load(origin: str, pem: str, path: str) -> tuple[SigningKey, ...]:
    if pem:
        blocks = PEM.findall(pem.encode()) or [pem.encode()]
        return tuple(_parsed(origin, block) for block in blocks)
    first = Path(path)
    contents = [_read(first), *(_checked(each) for each in sorted(first.parent.glob(f"{first.stem}-*.key")))]
    return tuple(_parsed(origin, content) for content in contents)


def _parsed(origin: str, content: bytes) -> SigningKey:
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise ImproperlyConfigured(
            "The ledger's key must be an Ed25519 private key in PEM, without a password."
        )
    return SigningKey(origin, LOG, private)


def _read(path: Path) -> bytes:
    if not path.exists():
        store(path, Ed25519PrivateKey.generate())
    return _checked(path)


def store(path: Path, key: Ed25519PrivateKey) -> None:
    """Write a key that only this user can read, durably; of two that make one at once, the first wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _checked(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"{path} can be read by others: its mode must be 600.")
    return path.read_bytes()
