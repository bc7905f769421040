"""Keyed hashes: HMAC-SHA-256 (RFC 2104, FIPS 198-1) under a key derived for one purpose (HKDF, RFC 5869)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_BLOCK = 64


def subkey(material: bytes, *purpose: str, length: int = 32) -> bytes:
    """`length` bytes for one purpose: HKDF-SHA-256 without salt. Each part of the purpose goes in with its length."""
    info = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in purpose)
    return HKDF(hashes.SHA256(), length, salt=None, info=info).derive(material)


class KeyedHash:
    """HMAC-SHA-256 under one key: the two halves of the key are hashed once and copied for each message."""

    def __init__(self, key: bytes) -> None:
        key = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))

    def __call__(self, message: bytes) -> bytes:
        """32 bytes."""
        return self.each([message])[0]

    def each(self, messages: Iterable[bytes]) -> list[bytes]:
        """32 bytes for each message, in order."""
        inner_copy, outer_copy = self._inner.copy, self._outer.copy
        digests = []
        for message in messages:
            inner = inner_copy()
            inner.update(message)
            outer = outer_copy()
            outer.update(inner.digest())
            digests.append(outer.digest())
        return digests
