"""Keyed hashes: HMAC-SHA-256 (RFC 2104, FIPS 198-1) under a key derived for one purpose (HKDF, RFC 5869)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

from retention.anonymization.techniques.base import Environment, Secret

_BLOCK = 64


def secret_for(environment: Environment, name: str, version: int | None = None) -> Secret:
    """The version of a key that was chosen, or the current one. Raises TechniqueError where there is none."""
    keys = environment.require_keys()
    return keys.current(name) if version is None else keys.version(f"{name}/{version}")


def domain_of(environment: Environment, domain: str) -> tuple[str, ...]:
    """What a key is derived for: the named domain, or this one column, which joins with nothing else."""
    return (domain,) if domain else ("", environment.data_set, environment.column)


def subkey(material: bytes, *purpose: str) -> bytes:
    """32 bytes for one purpose: HKDF-SHA-256 without salt. Each part of the purpose goes in with its length."""
    return hkdf(material, b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in purpose))


def hkdf(material: bytes, info: bytes, *, salt: bytes = b"") -> bytes:
    """The first 32 bytes of HKDF-SHA-256 (RFC 5869): one block of its expansion, without the cost of an object."""
    extracted = hmac.digest(salt or bytes(32), material, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


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
