"""The key that signs checkpoints: from the environment, or a file beside the console's data that only it can read."""

from __future__ import annotations

import os
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

from audit.ledger.notes import LOG, SigningKey


def signing_key() -> SigningKey:
    """The log's key in use; made on first use where there is none. Raises ImproperlyConfigured."""
    return _load(settings.LEDGER_ORIGIN, settings.LEDGER_KEY, str(settings.LEDGER_KEY_FILE))


@cache
def _load(origin: str, pem: str, path: str) -> SigningKey:
    content = pem.encode() if pem else _read(Path(path))
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
        fresh = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(fresh)
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # of two that make one at once, the first wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"{path} can be read by others: its mode must be 600.")
    return path.read_bytes()
