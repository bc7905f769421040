"""The root keys: a file only its owner may read, or one key from the environment.

Every use derives its own key (HKDF-SHA-256, RFC 5869, the purpose as `info`), so that a ciphertext made for one
purpose opens under no other. What is sealed names its root key, so roots can be added without re-encrypting.
"""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32


@dataclass(frozen=True)
class Ring:
    keys: dict[str, bytes]
    active: str

    def derive(self, key_id: str, purpose: str) -> bytes:
        """32 bytes for one purpose; KeyError if the ring has no such root key."""
        return _derive(self.keys[key_id], purpose)


@cache
def _derive(root: bytes, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(root)


@cache
def ring() -> Ring:
    """The ring in force. Raises ImproperlyConfigured, saying what to do, if there is none."""
    if settings.KEYRING_KEY:
        return Ring({"env": base64.b64decode(settings.KEYRING_KEY)}, "env")
    if not settings.KEYRING_FILE:
        raise ImproperlyConfigured("No key ring: set KEYRING_KEY (32 bytes, base64) or KEYRING_FILE.")
    return _read(Path(settings.KEYRING_FILE))


def _read(path: Path) -> Ring:
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"The key ring {path} is readable by others: run `chmod 600 {path}`.")
    try:
        content = json.loads(path.read_text())
        keys = {key["id"]: base64.b64decode(key["secret"], validate=True) for key in content["keys"]}
        active = content["active"]
    except (ValueError, KeyError, TypeError) as problem:
        raise ImproperlyConfigured(
            f"The key ring {path} cannot be read: restore it from a backup."
        ) from problem
    if active not in keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise ImproperlyConfigured(f"The key ring {path} is damaged: restore it from a backup.")
    return Ring(keys, active)


def _create(path: Path) -> None:
    """A new ring with one key. Exclusive: of two processes starting at once, one writes and both read the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "keys": [{"id": "k1", "secret": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}],
        "active": "k1",
    }
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
