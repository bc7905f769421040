"""Pseudonyms: HMAC-SHA-256 under a named, versioned key."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from retention.anonymization.characters import fixed_width
from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.hashing import KeyedHash, domain_of, secret_for, subkey
from retention.anonymization.techniques.base import (
    Environment,
    TechniqueError,
    Transform,
    parameter,
)
from retention.anonymization.texts import as_bytes, as_text, has_text, text_like

LEAST_HEX, LEAST_BASE64 = 16, 11  # 64 bits and more: see `collision_bound`
_MOST = {"hex": 64, "base64url": 43}
_BITS = {"hex": 4, "base64url": 6}


@dataclass(frozen=True)
class Parameters:
    key: str = parameter("anonymization", label="Key", help="Name of the key in the key ring.")
    version: int | None = parameter(
        None,
        label="Version of the key",
        help="Empty: the current one. An older one keeps to the old pseudonyms until every receiver has changed.",
        minimum=1,
    )
    domain: str = parameter(
        "",
        label="Domain",
        help="Columns of one domain join across data sets and systems, such as `customer`. Empty: this column alone.",
    )
    normalize: str = parameter(
        "none",
        label="Spelling",
        help="`folded`: without regard to case, to spaces around and to how accents are composed.",
        choices=("none", "folded"),
    )
    encoding: str = parameter("hex", label="Written as", choices=("hex", "base64url"))
    length: int | None = parameter(
        None,
        label="Length",
        help=f"Characters kept; at least {LEAST_HEX} of hex or {LEAST_BASE64} of base64url. Empty: all 256 bits.",
        minimum=LEAST_BASE64,
        maximum=64,
    )
    show_version: bool = parameter(
        True,
        label="Begin with the key's version",
        help="As in `v3-9f86d0…`: tells old from new after a rotation.",
    )


class Pseudonym(ColumnTechnique):
    """`v3-9f86d081…`: the keyed hash of the value's text (see `texts`) under a key derived for the domain.

    HMAC: RFC 2104; the domain's key: HKDF-SHA-256 (RFC 5869) with `pseudonym` and the domain as info. Two values may
    share a pseudonym with a probability of `collision_bound`. Without the key nobody can tell a value or check a
    guess; whoever has the key can do both, so pseudonyms stay personal data (Recital 26 GDPR).
    """

    kind = "pseudonym"
    label = "Pseudonym"
    explanation = (
        "A keyed hash stands for each value, the same wherever the domain is the same, and joins still work."
    )
    Parameters = Parameters
    distinct = True

    def check(self) -> None:
        length, encoding = self.parameters.length, self.parameters.encoding
        least = LEAST_HEX if encoding == "hex" else LEAST_BASE64
        if length is not None and not least <= length <= _MOST[encoding]:
            raise TechniqueError(
                f"pseudonym.length must be between {least} and {_MOST[encoding]} for {encoding}.",
                "Shorter ones would let different values share a pseudonym.",
            )
        if self.parameters.normalize != "none":
            self.distinct = False

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain):
            raise refused(self, plain)
        return text_like(plain)

    def key_names(self) -> tuple[str, ...]:
        return (self.parameters.key,)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        chosen = self.parameters
        secret = secret_for(environment, chosen.key, chosen.version)
        domain = domain_of(environment, chosen.domain)
        hash_of = KeyedHash(subkey(secret.material, "pseudonym", *domain))
        prefix = f"v{secret.id.rpartition('/')[2]}-" if chosen.show_version else ""
        folded, encoding, length = chosen.normalize == "folded", chosen.encoding, chosen.length

        def pseudonyms(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values)
            messages = [fold(text).encode() for text in texts.to_pylist()] if folded else as_bytes(texts)
            return _written(hash_of.each(messages), prefix, encoding, length)

        return pseudonyms

    def collision_bound(self, values: int) -> float:
        """An upper bound of the probability that any two of `values` distinct values share a pseudonym."""
        length = self.parameters.length or _MOST[self.parameters.encoding]
        bits = min(256, length * _BITS[self.parameters.encoding])
        return min(1.0, values * (values - 1) / 2 / 2**bits)


def _written(digests: Sequence[bytes], prefix: str, encoding: str, length: int | None) -> pa.Array:
    """All are equally long, so they are written side by side."""
    if encoding == "hex":
        each = np.frombuffer(b"".join(digests).hex().encode(), np.uint8).reshape(len(digests), 64)
    else:
        padded = b"".join(map(base64.urlsafe_b64encode, digests))
        each = np.frombuffer(padded, np.uint8).reshape(len(digests), 44)[:, :43]
    start = np.frombuffer(prefix.encode(), np.uint8)
    start = np.broadcast_to(start, (len(digests), len(start)))
    return fixed_width(np.concatenate([start, each[:, :length]], axis=1))


def fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())
