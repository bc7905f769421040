"""Format-preserving encryption: digits stay digits, letters stay letters, and the key brings the values back."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters, ascii_lowercase, digits

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.characters import explode, implode
from retention.anonymization.columns import ColumnTechnique, refused
from retention.anonymization.ff1 import FF1
from retention.anonymization.hashing import domain_of, secret_for, subkey
from retention.anonymization.techniques.base import (
    Environment,
    TechniqueError,
    Transform,
    parameter,
)
from retention.anonymization.texts import as_text, is_text

MOST_NUMERALS = 4_096  # the cost of a longer text grows with its square: one could hold up a job for days
_REMEDY = "Choose another alphabet or keep separators, suppress such values, or use a token."
ALPHABETS = {"digits": digits, "lower": digits + ascii_lowercase, "alphanumeric": digits + ascii_letters}


@dataclass(frozen=True)
class Parameters:
    alphabet: str = parameter("digits", label="Characters", choices=(*ALPHABETS, "own"))
    own: str = parameter(
        "", label="Characters of your own", help="For `own`: each once, in a fixed order.", longest=2**16
    )
    first: int = parameter(
        0,
        label="First characters kept",
        help="They stay readable, as a card's issuer.",
        minimum=0,
        maximum=64,
    )
    last: int = parameter(0, label="Last characters kept", minimum=0, maximum=64)
    separators: bool = parameter(
        False,
        label="Keep separators",
        help="Spaces and punctuation stay in place; otherwise they are refused.",
    )
    digits: int | None = parameter(
        None,
        label="Digits of a number",
        help="For columns of whole numbers: all are encrypted with so many digits, leading zeros included.",
        minimum=6,
        maximum=18,
    )
    key: str = parameter("anonymization", label="Key", help="Name of the key in the key ring.")
    version: int | None = parameter(
        None, label="Version of the key", help="Empty: the current one.", minimum=1
    )
    domain: str = parameter(
        "", label="Domain", help="Columns of one domain join, such as `card`. Empty: this column alone."
    )
    tweak: str = parameter("", label="Tweak", help="Another tweak gives other values under the same key.")
    otherwise: str = parameter(
        "refuse",
        label="Values that do not fit",
        help="Other characters, or too short: `refuse` the whole job, or `suppress` them to null.",
        choices=("refuse", "suppress"),
    )


class Ff1(ColumnTechnique):
    """FF1 of NIST SP 800-38G under AES-256, with a key derived for the domain (HKDF, RFC 5869).

    The tweak is the parameter's UTF-8 and the clear characters behind it (one byte each in an ASCII alphabet, else
    four, big-endian). What is encrypted must have at least a million possible values (SP 800-38G Rev. 1): six digits.
    Nothing tells which version of the key a value was made with: name it to read older ones.
    """

    kind = "ff1"
    label = "Encrypt, keeping the format"
    explanation = "A number of 16 digits becomes another of 16 digits, and can be read again with the key."
    Parameters = Parameters
    reversible = True
    distinct = True

    def check(self) -> None:
        chosen = self.parameters
        self._alphabet = chosen.own if chosen.alphabet == "own" else ALPHABETS[chosen.alphabet]
        if len(set(self._alphabet)) != len(self._alphabet) or not 2 <= len(self._alphabet) <= 2**16:
            raise TechniqueError("ff1.own must be 2 to 65,536 characters, each once.")
        if chosen.own and chosen.alphabet != "own":
            raise TechniqueError("ff1.own goes with the alphabet `own`.")
        if chosen.digits is not None and (chosen.alphabet != "digits" or chosen.first or chosen.last):
            raise TechniqueError("ff1.digits goes with the alphabet `digits` and without clear characters.")
        self.distinct = chosen.otherwise == "refuse"

    def key_names(self) -> tuple[str, ...]:
        return (self.parameters.key,)

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if is_text(plain):
            return plain
        if not pa.types.is_integer(plain):
            raise refused(self, plain)
        if self.parameters.digits is None:
            raise refused(self, plain, "Say with how many digits its numbers are encrypted.")
        try:
            pa.scalar(10**self.parameters.digits - 1, plain)
        except (pa.ArrowInvalid, OverflowError):
            raise TechniqueError(
                f"{self.label}: {plain} has no room for {self.parameters.digits} digits.",
                "Choose fewer digits.",
            ) from None
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        return self._way(plain, environment, forward=True)

    def inverse(self, plain: pa.DataType, environment: Environment) -> Transform:
        return self._way(plain, environment, forward=False)

    def _way(self, plain: pa.DataType, environment: Environment, *, forward: bool) -> Transform:
        chosen = self.parameters
        secret = secret_for(environment, chosen.key, chosen.version)
        domain = domain_of(environment, chosen.domain)
        cipher = FF1(subkey(secret.material, "ff1", *domain), len(self._alphabet))

        def treat(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values)
            if pa.types.is_integer(plain):
                texts = pc.utf8_lpad(texts, width=chosen.digits, padding="0")
            answer, fits = self._crypt(texts, cipher, forward=forward)
            if fits.all():
                return answer.cast(plain)
            if chosen.otherwise == "refuse":
                raise TechniqueError(
                    f"Column {environment.column}: {np.count_nonzero(~fits)} distinct values cannot be"
                    f" {'en' if forward else 'de'}crypted: they have other characters than the alphabet's, too few for"
                    f" a million possible values, or more than {MOST_NUMERALS:,}.",
                    _REMEDY if forward else "",
                )
            return pc.if_else(pa.array(fits), answer, None).cast(plain)

        return treat

    def _crypt(self, texts: pa.Array, cipher: FF1, *, forward: bool) -> tuple[pa.Array, np.ndarray]:
        """The texts treated, and which of them could be."""
        chosen = self.parameters
        codes, lengths = explode(texts)
        codes = codes.copy()
        numerals = self._numerals(codes)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        fits = np.ones(len(lengths), bool)
        fits[rows[(numerals < 0) & ~self._stays(codes)]] = False
        if chosen.digits is not None:
            fits &= lengths == chosen.digits
        places = np.flatnonzero(numerals >= 0)
        counts = np.bincount(rows[places], minlength=len(lengths))
        starts = np.cumsum(counts) - counts
        alphabet = np.array([ord(character) for character in self._alphabet], np.uint32)
        for count in np.unique(counts).tolist():
            chosen_rows = np.flatnonzero((counts == count) & fits)
            hidden = slice(chosen.first, count - chosen.last)
            wide = count - chosen.last - chosen.first
            if wide > MOST_NUMERALS or not cipher.large_enough(wide):
                fits[chosen_rows] = False
                continue
            where = places[starts[chosen_rows][:, None] + np.arange(count)]
            clear = np.concatenate([codes[where[:, : hidden.start]], codes[where[:, hidden.stop :]]], axis=1)
            crypt = cipher.encrypt if forward else cipher.decrypt
            answer = crypt(numerals[where[:, hidden]], self._tweaks(clear))
            codes[where[:, hidden]] = alphabet[answer]
        return implode(codes, lengths), fits

    def _numerals(self, codes: np.ndarray) -> np.ndarray:
        """The place of each character in the alphabet, or -1."""
        points = [ord(character) for character in self._alphabet]
        table = np.full(max(points) + 2, -1, np.int64)
        table[points] = np.arange(len(points))
        return table[np.minimum(codes, len(table) - 1)]

    def _stays(self, codes: np.ndarray) -> np.ndarray:
        """Whether each character may stay as it is: a separator, never a letter or a digit."""
        if not self.parameters.separators:
            return np.zeros(len(codes), bool)
        harmless = [code for code in np.unique(codes).tolist() if code < 128 and not chr(code).isalnum()]
        return np.isin(codes, harmless)

    def _tweaks(self, clear: np.ndarray) -> np.ndarray:
        fixed = np.frombuffer(self.parameters.tweak.encode(), np.uint8)
        if self._alphabet.isascii():
            own = clear.astype(np.uint8)
        else:
            own = np.ascontiguousarray(clear.astype(">u4")).view(np.uint8).reshape(len(clear), -1)
        return np.concatenate([np.broadcast_to(fixed, (len(clear), len(fixed))), own], axis=1)
