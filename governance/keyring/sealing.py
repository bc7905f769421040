"""Authenticated encryption of what the console keeps: connector secrets, identifiers, key sets, packages."""

import hmac
import os
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.keyring.ring import ring

VERSION = b"\x01"
NONCE_BYTES = 12


class CannotOpen(Exception):
    """Altered, sealed for something else, or under a root key that the ring no longer has."""


def seal(plaintext: bytes, *, purpose: str, bound_to: str) -> bytes:
    """AES-256-GCM under the ring's active key; opens only for the same purpose and the same `bound_to`."""
    keys = ring()
    nonce = os.urandom(NONCE_BYTES)
    key_id = keys.active.encode()
    cipher = AESGCM(keys.derive(keys.active, f"seal:{purpose}"))
    header = VERSION + bytes([len(key_id)]) + key_id + nonce
    return header + cipher.encrypt(nonce, plaintext, _context(purpose, bound_to))


def open_sealed(sealed: bytes | memoryview, *, purpose: str, bound_to: str) -> bytes:
    """Raises CannotOpen."""
    sealed = bytes(sealed)
    if len(sealed) < 2:
        raise CannotOpen("There is nothing sealed here.")
    end = 2 + sealed[1]
    nonce, ciphertext = sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :]
    if len(nonce) < NONCE_BYTES or not ciphertext:
        raise CannotOpen("What was sealed is cut short: restore it from a backup.")
    key_id = sealed[2:end].decode(errors="replace")
    try:
        cipher = AESGCM(ring().derive(key_id, f"seal:{purpose}"))
        return cipher.decrypt(nonce, ciphertext, _context(purpose, bound_to))
    except KeyError:
        raise CannotOpen(
            f"The key ring has no key {key_id!r}: restore the ring this was sealed with."
        ) from None
    except InvalidTag:
        raise CannotOpen(
            "The sealed value was altered, or the key ring is not the one it was sealed with."
        ) from None


def seal_json(value: Any, *, purpose: str, bound_to: str) -> bytes:
    return seal(orjson.dumps(value), purpose=purpose, bound_to=bound_to)


def open_json(sealed: bytes | memoryview, *, purpose: str, bound_to: str) -> Any:
    return orjson.loads(open_sealed(sealed, purpose=purpose, bound_to=bound_to))


def keyed_hash(value: str, *, purpose: str) -> bytes:
    """HMAC-SHA-256 under the ring's first key: the same for ever, and nothing to guess without the ring."""
    return hmac.digest(hashing_key(purpose), value.encode(), sha256)


def hashing_key(purpose: str) -> bytes:
    """The key of `keyed_hash`, for whoever hashes millions at once."""
    keys = ring()
    return keys.derive(next(iter(keys.keys)), f"hash:{purpose}")


def _context(purpose: str, bound_to: str) -> bytes:
    return f"{purpose}\x00{bound_to}".encode()
