"""Sealed values: AES-256-GCM (NIST SP 800-38D), each bound to where it stands.

Binary: a byte 1, a byte with the length of the key's id, the id, a 96-bit nonce, the ciphertext and its 128-bit tag.
Text: the key's id, a full stop, and base64url (RFC 4648, with padding) of nonce, ciphertext and tag.
"""

from __future__ import annotations

import base64
import os
from binascii import b2a_base64
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from retention.anonymization.hashing import subkey
from retention.anonymization.techniques.base import Secret, TechniqueError

NONCE_BYTES, TAG_BYTES = 12, 16
# SP 800-38D, 8.3: at most 2^32 random nonces under one key. One process stops at 2^28, so sixteen may share a key.
MOST_MESSAGES = 2**28
_VERSION = 1
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Sealer:
    """Seals under one key (32 bytes), each value bound to the same associated data.

    Counts what it seals, and stops with TechniqueError at the limit.
    """

    def __init__(self, key: bytes, bound_to: bytes) -> None:
        self._aead = AESGCM(key)
        self._bound_to = bound_to
        self._left = MOST_MESSAGES

    def seal(self, plaintexts: Sequence[bytes]) -> list[bytes]:
        """Nonce, ciphertext and tag of each; nonces are drawn at random, all at once."""
        if len(plaintexts) > self._left:
            raise TechniqueError(
                f"One process has encrypted {MOST_MESSAGES:,} values under one key, which is the limit.",
                "Rotate the key, then continue with the new version.",
            )
        self._left -= len(plaintexts)
        encrypt, bound_to = self._aead.encrypt, self._bound_to
        return [
            nonce + encrypt(nonce, plaintext, bound_to)
            for nonce, plaintext in zip(draw_nonces(len(plaintexts)), plaintexts, strict=True)
        ]

    def seal_one(self, plaintext: bytes, nonce: bytes) -> bytes:
        """The same for one value, with a nonce that was drawn for it."""
        self._left -= 1
        return nonce + self._aead.encrypt(nonce, plaintext, self._bound_to)

    def open(self, sealed: bytes) -> bytes:
        """Raises InvalidTag for what was not sealed under this key and for this context."""
        return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound_to)


def sealer_for(secret: Secret, *context: str) -> Sealer:
    """With a key derived for the context, and bound to the context and the key's id."""
    return Sealer(subkey(secret.material, "encrypt", *context), associated_data(secret.id, *context))


def draw_nonces(count: int) -> list[bytes]:
    drawn = os.urandom(NONCE_BYTES * count)
    return [drawn[start : start + NONCE_BYTES] for start in range(0, len(drawn), NONCE_BYTES)]


def write_text(key_ids: str | Sequence[str], sealed: Sequence[bytes]) -> pa.Array:
    """As text; `key_ids` is one for all or one for each."""
    encoded = pa.array([b2a_base64(each, newline=False) for each in sealed], pa.binary())
    if not len(encoded):
        return pa.array([], pa.string())
    _, offsets, characters = encoded.buffers()
    url_safe = pa.py_buffer(characters.to_pybytes().translate(_URL_SAFE))
    texts = pa.StringArray.from_buffers(len(encoded), offsets, url_safe)
    ids = key_ids if isinstance(key_ids, str) else pa.array(key_ids, pa.string())
    return pc.binary_join_element_wise(ids, texts, ".")


def write_binary(key_ids: str | Sequence[str], sealed: Sequence[bytes]) -> pa.Array:
    """As bytes; `key_ids` is one for all or one for each."""
    each_id = [key_ids] * len(sealed) if isinstance(key_ids, str) else key_ids
    heads = {key_id: bytes([_VERSION, len(key_id.encode())]) + key_id.encode() for key_id in set(each_id)}
    return pa.array([heads[key_id] + each for key_id, each in zip(each_id, sealed, strict=True)], pa.binary())


def read_sealed(written: str | bytes) -> tuple[str, bytes]:
    """The key's id, and nonce, ciphertext and tag. Raises ValueError for anything else."""
    if isinstance(written, str):
        key_id, _, text = written.rpartition(".")
        sealed = base64.b64decode(text, altchars=b"-_", validate=True)
    else:
        if len(written) < 2 or written[0] != _VERSION:
            raise ValueError("no sealed value")
        end = 2 + written[1]
        key_id, sealed = written[2:end].decode(), written[end:]
    if not key_id or len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise ValueError("no sealed value")
    return key_id, sealed


def associated_data(*parts: str) -> bytes:
    """Each part with its length before it, so that no two lists of parts give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
