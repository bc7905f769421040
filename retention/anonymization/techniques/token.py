"""Random tokens, kept in the vault: nothing but the vault knows what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa

from retention.anonymization.columns import ColumnTechnique, on_distinct, refused
from retention.anonymization.techniques.base import (
    Environment,
    TechniqueError,
    Tokens,
    Transform,
    parameter,
)
from retention.anonymization.texts import as_text, has_text, text_like
from retention.anonymization.token_formats import Card, Digits, Format, Iban, Shape, Ssn, Uuid

_LONGEST_GROUP = 100
_FORMATS = ("uuid", "digits", "shape", "card", "iban", "ssn")


@dataclass(frozen=True)
class Parameters:
    format: str = parameter(
        "uuid",
        label="Looks like",
        help="`shape`: as the value itself, digit for digit and letter for letter.",
        choices=_FORMATS,
    )
    length: int = parameter(12, label="Digits", help="For `digits`: how many.", minimum=6, maximum=18)
    number: bool = parameter(
        False,
        label="Stay a number",
        help="For `digits` of a column of whole numbers: a number and not a text.",
    )
    first: int = parameter(
        0, label="First digits of a card kept", help="For `card`: the issuer, 6 or 8.", minimum=0, maximum=8
    )
    domain: str = parameter(
        "",
        label="Domain",
        help="The same value has one token wherever the domain is the same, such as `customer`. Empty: this column.",
    )
    per_person: bool = parameter(
        False,
        label="Belongs to a person",
        help="Who is shredded takes their tokens along. A value of several persons belongs to the first one seen.",
    )
    otherwise: str = parameter(
        "refuse",
        label="Values without the format",
        help="For `card`, `iban` and `ssn`: `refuse` the whole job, or `suppress` them to null.",
        choices=("refuse", "suppress"),
    )


class Token(ColumnTechnique):
    """One random token for each value of a domain, unique both ways; the vault gives values back by role and reason.

    The vault keeps a value's text (see `texts`). Values of different shapes are domains of their own there, as their
    tokens cannot meet: `domain/Aaa-99`. A token may happen to be somebody's real number, except for `card` without
    kept digits and `ssn`, which nobody has.
    """

    kind = "token"
    label = "Token"
    explanation = (
        "A random value stands for each one, and only the vault knows which; check digits stay valid."
    )
    Parameters = Parameters
    reversible = True
    distinct = True
    by_distinct = False  # it must know whose a value is

    def check(self) -> None:
        chosen = self.parameters
        if chosen.number and chosen.format != "digits":
            raise TechniqueError("token.number goes with the format `digits`.")
        self.needs_person = chosen.per_person
        # Two spellings of one card are one value.
        self.distinct = chosen.format in ("uuid", "digits", "shape")
        self._format: Format = {
            "uuid": Uuid,
            "digits": lambda: Digits(chosen.length),
            "shape": Shape,
            "card": lambda: Card(chosen.first),
            "iban": Iban,
            "ssn": Ssn,
        }[chosen.format]()

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not has_text(plain) or (self.parameters.number and not pa.types.is_integer(plain)):
            raise refused(self, plain)
        if not self.parameters.number:
            return text_like(plain)
        try:
            pa.scalar(10**self.parameters.length - 1, plain)
        except (pa.ArrowInvalid, OverflowError):
            raise TechniqueError(
                f"{self.label}: {plain} has no room for {self.parameters.length} digits.",
                "Choose fewer digits.",
            ) from None
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        tokens = environment.require_tokens()

        def tokenize(values: pa.Array, person: pa.Array | None) -> pa.Array:
            def issue(distinct: pa.Array) -> pa.Array:
                texts = as_text(distinct).to_pylist()
                owners = None if person is None or not self.needs_person else _first_owners(values, person)
                return pa.array(self._issued(texts, owners, tokens, environment), pa.string())

            return on_distinct(values, issue)

        return tokenize

    def _issued(
        self,
        texts: Sequence[str],
        owners: Sequence[str | None] | None,
        tokens: Tokens,
        environment: Environment,
    ) -> list[str | None]:
        """A token for each of the distinct texts, or None."""
        groups: dict[str, dict[str, str | None]] = {}
        bare: list[tuple[str, str] | None] = [self._format.split(text) for text in texts]
        unfit = bare.count(None)
        if unfit and self.parameters.otherwise == "refuse":
            raise TechniqueError(
                f"Column {environment.column}: {unfit} distinct values are no valid {self.parameters.format}.",
                "Correct them, choose another format, or suppress such values.",
            )
        for found, owner in zip(bare, owners or [None] * len(texts), strict=True):
            if found is not None:
                groups.setdefault(found[0], {}).setdefault(found[1], owner)
        issued = {}
        for group, members in groups.items():
            made = self._of_group(group, members, tokens, environment, known=owners is not None)
            issued.update({(group, value): token for value, token in zip(members, made, strict=True)})
        return [
            None if found is None else self._format.write(issued[found], text)
            for found, text in zip(bare, texts, strict=True)
        ]

    def _of_group(
        self,
        group: str,
        members: dict[str, str | None],
        tokens: Tokens,
        environment: Environment,
        *,
        known: bool,
    ) -> Sequence[str]:
        try:
            return tokens.issue(
                self._domain(group, environment),
                list(members),
                fresh=lambda count: self._format.fresh(group, count),
                capacity=self._format.capacity(group),
                persons=list(members.values()) if known else None,
            )
        except TechniqueError as problem:
            raise TechniqueError(f"Column {environment.column}: {problem.message}", problem.remedy) from None

    def places(self, tokens: Sequence[str], environment: Environment) -> list[tuple[str, str] | None]:
        """Where the vault has each of these tokens: its domain there, and how the token is spelled there.

        None for what cannot be a token of this rule.
        """
        found = [self._format.read(token) for token in tokens]
        return [None if each is None else (self._domain(each[0], environment), each[1]) for each in found]

    def spelled(self, value: str, token: str) -> str:
        """A value of the vault, written as the token that stands for it is."""
        return self._format.write(value, token)

    def _domain(self, group: str, environment: Environment) -> str:
        """What the vault calls the domain of one group: a pattern too long for a name is named by its hash."""
        domain = self.parameters.domain or f"{environment.data_set}.{environment.column}"
        if len(group) > _LONGEST_GROUP or not group.isprintable():
            group = f"~{sha256(group.encode()).hexdigest()[:32]}"
        return f"{domain}/{group}" if group else domain

    def undo(self, given: pa.DataType, environment: Environment) -> Transform:
        raise TechniqueError("Tokens are given back by the vault.", "Ask it with a reason.")


def _first_owners(values: pa.Array, person: pa.Array) -> list[str | None]:
    """Whose each distinct value is, in the order of the distinct values."""
    owners: dict[int, str | None] = {}
    codes = values.dictionary_encode().indices.to_pylist()
    for code, owner in zip(codes, person.to_pylist(), strict=True):
        if code is not None and owners.get(code) is None:
            owners[code] = owner
    return [owners[code] for code in sorted(owners)]
