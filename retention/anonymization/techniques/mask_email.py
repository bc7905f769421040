"""E-mail addresses: the domain stays, who it is does not."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.hashing import KeyedHash, secret_for, subkey
from retention.anonymization.techniques.base import Environment, Transform, parameter
from retention.anonymization.techniques.mask import one_character
from retention.anonymization.texts import as_text, is_text

_ADDRESS = r"^[^@\s]+@[^@\s]+$"
_HIDDEN = 5
_PSEUDONYM = 16  # hex digits: 64 bits


@dataclass(frozen=True)
class Parameters:
    local: str = parameter(
        "hide",
        label="Before the @",
        help="`hide`, keep the `first` letter, or put a `pseudonym` there that is the same for the same address.",
        choices=("hide", "first", "pseudonym"),
    )
    character: str = parameter("*", label="Mask character")
    key: str = parameter(
        "anonymization", label="Key", help="For a pseudonym: name of the key in the key ring."
    )


class MaskEmail(ColumnTechnique):
    """What is no address with exactly one @ is hidden whole. A domain of one's own still tells who it is."""

    kind = "mask_email"
    label = "Mask e-mail addresses, keeping the domain"
    explanation = (
        "The part before the @ is hidden or replaced, so that counts by provider or company still work."
    )
    Parameters = Parameters

    def check(self) -> None:
        one_character(self.parameters.character, "mask_email.character")

    def key_names(self) -> tuple[str, ...]:
        return (self.parameters.key,) if self.parameters.local == "pseudonym" else ()

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_text(plain):
            raise refused(self, plain)
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        chosen = self.parameters
        cover = pa.scalar(chosen.character * _HIDDEN)
        hash_of = None
        if chosen.local == "pseudonym":
            secret = secret_for(environment, chosen.key)
            hash_of = KeyedHash(subkey(secret.material, "mask_email"))

        def mask(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values).cast(pa.string())
            domain = pc.replace_substring_regex(texts, r"(?s)^.*@", "")
            if hash_of is not None:
                digests = hash_of.each(map(str.encode, texts.to_pylist()))
                local = pa.array([digest.hex()[:_PSEUDONYM] for digest in digests], pa.string())
            elif chosen.local == "first":
                local = pc.binary_join_element_wise(pc.utf8_slice_codeunits(texts, 0, 1), cover, "")
            else:
                local = cover
            masked = pc.binary_join_element_wise(local, domain, "@")
            return pc.if_else(pc.match_substring_regex(texts, _ADDRESS), masked, cover)

        return mask
