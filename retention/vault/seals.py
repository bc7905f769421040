"""AES-256-GCM over many small values (NIST SP 800-38D): a random nonce of 96 bits before each ciphertext.

Random nonces allow 2³² messages under one key (section 8.3): rotate the vault's keys long before that.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from retention.anonymization.techniques.base import TechniqueError

NONCE_BYTES = 12


class SealBroken(TechniqueError):
    """Altered, moved from another place, or sealed with another key."""


class Sealer:
    """Seals and opens under one key of 32 bytes; `bound` is what it belongs to, and opens nothing elsewhere."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plaintext: bytes, *, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, bound)

    def open(self, sealed: bytes, *, bound: bytes) -> bytes:
        """Raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise SealBroken(
                "An entry of the vault was altered, or is not where it was written.",
                "Restore the vault's tables and keys from the same backup.",
            ) from None
