"""Who of many is registered: keys of persons in, a mask out. For restored copies, training sets and pipelines.

The registry is small beside the data it is asked about, so it comes into memory once, as sorted hashes, and every
distinct value is hashed once.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.core.exceptions import ValidationError

from catalog.classification.vocabulary import CATEGORIES, within
from erasure.registry.models import Registration
from governance.keyring.sealing import hashing_key

Effect = Registration.Effect
HASH_BYTES = 32
# Which effects forbid which use of a person's data. An erased person must not be anywhere.
FORBID: dict[str, tuple[str, ...]] = {
    "keep": (Effect.ERASED,),
    "use": (Effect.ERASED, Effect.RESTRICTED, Effect.OBJECTED),
    "share": (Effect.ERASED, Effect.RESTRICTED, Effect.OBJECTED, Effect.OPTED_OUT),
}


@dataclass(frozen=True, slots=True)
class Mask:
    """The registered persons of one category, for one use; made by `mask_for`."""

    category: str
    use: str
    hashes: np.ndarray  # uint64, sorted
    prefixes: tuple[str, ...]  # the categories a value may have been registered under

    def __len__(self) -> int:
        return len(self.hashes)

    def registered(self, values: pa.Array | pa.ChunkedArray) -> pa.Array:
        """True where the value is of somebody whose data must not be used so; null is nobody's."""
        array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        if not len(self.hashes) or not len(array):
            return pa.array(np.zeros(len(array), bool))
        encoded = pc.dictionary_encode(array)
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        known = pa.array(self._known(encoded.dictionary.to_pylist()), pa.bool_())
        return pc.fill_null(known.take(encoded.indices), False)

    def _known(self, values: Sequence[object]) -> np.ndarray:
        found = np.zeros(len(values), bool)
        for category in self.prefixes:
            found |= np.isin(hash_persons(category, values), self.hashes)
        return found


def hash_persons(category: str, values: Sequence[object]) -> np.ndarray:
    """The first 64 bits of each value's keyed hash (`lookup_of`), as uint64 in the order of the values."""
    key, lead = hashing_key("identifier"), f"{category}\x00"
    texts = (lead + str(value).strip().casefold() for value in values)
    return shortened(b"".join(hmac.digest(key, text.encode(), sha256) for text in texts))


def mask_for(category: str, *, use: str = "keep", purpose: str = "") -> Mask:
    """Everybody registered under `category` (or one below it) whose data must not be put to `use` for `purpose`.

    Raises ValidationError for a category that does not identify one person, or an unknown use.
    """
    if category not in CATEGORIES or not CATEGORIES[category].unique:
        raise ValidationError({"category": f"{category} does not identify exactly one person."})
    if use not in FORBID:
        raise ValidationError({"use": f"There is no use {use}: it is one of {', '.join(FORBID)}."})
    categories = [each for each in CATEGORIES if within(each, category) or within(category, each)]
    rows = Registration.objects.filter(category__in=categories, effect__in=FORBID[use], lifted_at=None)
    rows = rows.filter(purpose__in=["", purpose]) if purpose else rows
    found = list(rows.order_by().values_list("category", "lookup"))
    packed = b"".join(bytes(lookup) for _, lookup in found)
    used = tuple(sorted({category for category, _ in found}))
    return Mask(category, use, np.sort(shortened(packed)), used)


def check(category: str, values: Sequence[str], *, use: str = "keep", purpose: str = "") -> list[bool]:
    """For each value, whether it is of somebody registered. Raises ValidationError."""
    return mask_for(category, use=use, purpose=purpose).registered(pa.array(values, pa.string())).to_pylist()


def shortened(lookups: bytes) -> np.ndarray:
    """Of whole hashes one behind the other, the first 64 bits each: two persons share them once in 2⁶⁴ pairs."""
    return np.frombuffer(lookups, ">u8").reshape(-1, HASH_BYTES // 8)[:, 0].astype(np.uint64)
