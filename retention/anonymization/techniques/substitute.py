"""Names, addresses and numbers that look real and belong to nobody in particular."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.anonymization.columns import ColumnTechnique, on_distinct, refused
from retention.anonymization.hashing import KeyedHash, secret_for, subkey
from retention.anonymization.techniques.base import Environment, Transform, parameter
from retention.anonymization.texts import as_text, has_text, text_like
from retention.anonymization.wordlists import ascii_words, require_names, words

_DOMAINS = pa.array(["example.org", "example.com", "example.net"])  # reserved: RFC 2606


@dataclass(frozen=True)
class Parameters:
    what: str = parameter(
        label="Kind of value",
        help="What the column holds.",
        choices=(
            "given_name",
            "family_name",
            "full_name",
            "email",
            "user_name",
            "company",
            "street",
            "city",
            "phone",
        ),
    )
    locale: str = parameter("en_US", label="Locale", help="Whose names, such as de_DE, fr_FR or pt_BR.")
    identity: bool = parameter(
        False,
        label="One identity for a person",
        help="Name, e-mail and user name of one person agree. Otherwise each value has its own substitute.",
    )
    key: str = parameter("anonymization", label="Key", help="Name of the key in the key ring.")
    domain: str = parameter(
        "identities",
        label="Domain",
        help="The same value or person has the same substitute wherever this is the same.",
    )


class Substitute(ColumnTechnique):
    """Chosen by the keyed hash of the value, or of the person for `identity`, from the word lists of Faker.

    Not reversible, and different values may get the same substitute: there are only so many names. E-mail addresses
    are at domains that are reserved for examples (RFC 2606), telephone numbers are 555-0100 to 555-0199, which the
    North American Numbering Plan keeps for fiction. Where `identity` finds no person, the value decides.
    """

    kind = "substitute"
    label = "Substitute"
    explanation = "Each value becomes a made-up one that looks real, the same for the same value or person."
    Parameters = Parameters

    def check(self) -> None:
        require_names(self.parameters.locale)
        self.needs_person = self.parameters.identity
        self.consistent = not self.parameters.identity

    def key_names(self) -> tuple[str, ...]:
        return (self.parameters.key,)

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain):
            raise refused(self, plain)
        return text_like(plain)

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        secret = secret_for(environment, self.parameters.key)
        hash_of = KeyedHash(subkey(secret.material, "substitute", self.parameters.domain))
        make = _MAKERS[self.parameters.what]

        def made(seeds: pa.Array) -> pa.Array:
            digests = b"".join(hash_of.each(map(str.encode, seeds.to_pylist())))
            return make(_Draw(np.frombuffer(digests, ">u8").reshape(-1, 4), self.parameters.locale))

        def substitute(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = as_text(values).cast(pa.string())
            if person is None:
                return made(texts)
            seeds = pc.if_else(texts.is_valid(), pc.coalesce(person, texts), None)
            return on_distinct(seeds, made)

        return substitute


class _Draw:
    """For each seed four numbers, each for a part of its own: so the name in an e-mail address is the person's."""

    GIVEN, FAMILY, PLACE, NUMBER = range(4)

    def __init__(self, numbers: np.ndarray, locale: str) -> None:
        self._numbers = numbers.astype(np.uint64)
        self.locale = locale

    def word(self, name: str, part: int) -> pa.Array:
        return self.of(words(name, self.locale), part)

    def ascii_word(self, name: str, part: int) -> pa.Array:
        return self.of(ascii_words(name, self.locale), part)

    def of(self, choices: pa.Array, part: int) -> pa.Array:
        return choices.take(pa.array(self._numbers[:, part] % np.uint64(len(choices))))

    def number(self, low: int, high: int, part: int, *, width: int = 0) -> pa.Array:
        drawn = pa.array(self._numbers[:, part] % np.uint64(high - low) + np.uint64(low)).cast(pa.string())
        return pc.utf8_lpad(drawn, width=width, padding="0")

    def has(self, name: str) -> bool:
        return len(words(name, self.locale)) > 0


def _joined(*parts: pa.Array | str, between: str = " ") -> pa.Array:
    return pc.binary_join_element_wise(*parts, between)


def _given(draw: _Draw) -> pa.Array:
    return draw.word("given", draw.GIVEN)


def _family(draw: _Draw) -> pa.Array:
    return draw.word("family", draw.FAMILY)


def _email(draw: _Draw) -> pa.Array:
    name = _joined(draw.ascii_word("given", draw.GIVEN), draw.ascii_word("family", draw.FAMILY), between=".")
    return _joined(
        _joined(name, draw.number(0, 10_000, draw.NUMBER), between=""),
        draw.of(_DOMAINS, draw.PLACE),
        between="@",
    )


def _user_name(draw: _Draw) -> pa.Array:
    initial = pc.utf8_slice_codeunits(draw.ascii_word("given", draw.GIVEN), 0, 1)
    return _joined(
        initial, draw.ascii_word("family", draw.FAMILY), draw.number(0, 10_000, draw.NUMBER), between=""
    )


def _company(draw: _Draw) -> pa.Array:
    return _joined(
        _family(draw), draw.word("company_suffix", draw.PLACE) if draw.has("company_suffix") else "Ltd"
    )


def _street(draw: _Draw) -> pa.Array:
    house = draw.number(1, 200, draw.NUMBER)
    if draw.has("street_prefix"):
        return _joined(draw.word("street_prefix", draw.PLACE), _family(draw), house)
    suffix = draw.word("street_suffix", draw.PLACE) if draw.has("street_suffix") else "Street"
    if draw.locale.startswith("en"):
        return _joined(house, _family(draw), suffix)
    glued = words("street_suffix", draw.locale)[:1].to_pylist() or ["Street"]
    return _joined(_joined(_family(draw), suffix, between="" if glued[0].islower() else " "), house)


def _city(draw: _Draw) -> pa.Array:
    if draw.has("city"):
        return draw.word("city", draw.PLACE)
    suffix = draw.word("city_suffix", draw.PLACE) if draw.has("city_suffix") else "ton"
    return _joined(_family(draw), suffix, between="")


def _phone(draw: _Draw) -> pa.Array:
    area = _joined(draw.number(2, 10, draw.GIVEN), draw.number(12, 100, draw.FAMILY), between="")
    return _joined("+1", area, "555", _joined("01", draw.number(0, 100, draw.NUMBER, width=2), between=""))


_MAKERS: dict[str, Callable[[_Draw], pa.Array]] = {
    "given_name": _given,
    "family_name": _family,
    "full_name": lambda draw: _joined(_given(draw), _family(draw)),
    "email": _email,
    "user_name": _user_name,
    "company": _company,
    "street": _street,
    "city": _city,
    "phone": _phone,
}
