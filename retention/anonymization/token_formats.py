"""What tokens look like. A format says what a value is apart from how it is written, and makes tokens for it.

`split` gives the value in one spelling and its group: values of one group share a pattern. `write` puts a token back
into the spelling of the value. Check digits: Luhn (ISO/IEC 7812-1), IBAN (ISO 13616, mod 97-10 of ISO 7064).
"""

from __future__ import annotations

import re
import uuid
from abc import ABC, abstractmethod
from os import urandom
from string import ascii_lowercase, ascii_uppercase, digits

from stdnum import luhn
from stdnum.iban import calc_check_digits

from retention.anonymization.characters import kind_of
from retention.anonymization.drawing import capacity_of, draw_texts

_NONZERO = digits[1:]


class Format(ABC):
    """`group` and the bare value are text; what does not have the format gives None."""

    def split(self, value: str) -> tuple[str, str] | None:
        """The group, and the value without what is only spelling."""
        return "", value

    @abstractmethod
    def fresh(self, group: str, count: int) -> list[str]:
        """`count` random tokens of a group; they may repeat."""

    def capacity(self, group: str) -> int | None:
        """How many different tokens a group has; None where that is no concern."""
        return None

    def write(self, token: str, value: str) -> str:
        """The token spelled as the value is."""
        return token

    def read(self, token: str) -> tuple[str, str] | None:
        """The group of a token and how `fresh` spelled it, however somebody typed it."""
        return self.split(token)


class Uuid(Format):
    """Version 4 (RFC 9562)."""

    def fresh(self, group: str, count: int) -> list[str]:
        drawn = urandom(16 * count)
        return [str(uuid.UUID(bytes=drawn[at : at + 16], version=4)) for at in range(0, len(drawn), 16)]

    def read(self, token: str) -> tuple[str, str] | None:
        try:
            return "", str(uuid.UUID(token.strip()))
        except ValueError:
            return None


class Digits(Format):
    """So many digits, the first not zero."""

    def __init__(self, length: int) -> None:
        self._pattern = [_NONZERO, *[digits] * (length - 1)]

    def read(self, token: str) -> tuple[str, str]:
        return "", re.sub(r"[\s-]", "", token)

    def fresh(self, group: str, count: int) -> list[str]:
        return draw_texts(self._pattern, count)

    def capacity(self, group: str) -> int:
        return capacity_of(self._pattern)


class Shape(Format):
    """A digit for each digit, a capital for each capital, a small letter for any other sign; separators stay.

    The group is the shape, as in `Aaa-99`.
    """

    def split(self, value: str) -> tuple[str, str]:
        return "".join(map(kind_of, value)), value

    def fresh(self, group: str, count: int) -> list[str]:
        return draw_texts([_CHOICES.get(letter, letter) for letter in group], count)

    def capacity(self, group: str) -> int:
        return capacity_of([_CHOICES.get(letter, letter) for letter in group])


class Card(Format):
    """Card numbers of 12 to 19 digits with a valid check digit; the first digits may stay.

    Where none stay the token begins with 9, which ISO/IEC 7812-1 leaves to national bodies: no card network has it.
    """

    def __init__(self, first: int) -> None:
        self._first = first

    def split(self, value: str) -> tuple[str, str] | None:
        bare = re.sub(r"[ -]", "", value)
        if not re.fullmatch(r"[0-9]{12,19}", bare) or not luhn.is_valid(bare):
            return None
        return f"{bare[: self._first] or '9'}/{len(bare)}", bare

    def fresh(self, group: str, count: int) -> list[str]:
        bodies = draw_texts(self._pattern(group), count)
        return [body + luhn.calc_check_digit(body) for body in bodies]

    def capacity(self, group: str) -> int:
        return capacity_of(self._pattern(group))

    def write(self, token: str, value: str) -> str:
        return _respelled(token, value)

    @staticmethod
    def _pattern(group: str) -> list[str]:
        start, _, length = group.partition("/")
        return [*start, *[digits] * (int(length) - len(start) - 1)]


class Iban(Format):
    """The country and the kinds of characters stay, the check digits are right. Checks within a country's own account
    number are not made."""

    def split(self, value: str) -> tuple[str, str] | None:
        bare = re.sub(r"[ -]", "", value).upper()
        if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", bare) or calc_check_digits(bare) != bare[2:4]:
            return None
        return bare[:2] + "".join(map(kind_of, bare[4:])), bare

    def fresh(self, group: str, count: int) -> list[str]:
        country = group[:2]
        accounts = draw_texts(self._pattern(group), count)
        return [f"{country}{calc_check_digits(f'{country}00{account}')}{account}" for account in accounts]

    def capacity(self, group: str) -> int:
        return capacity_of(self._pattern(group))

    def write(self, token: str, value: str) -> str:
        return _respelled(token, value)

    @staticmethod
    def _pattern(group: str) -> list[str]:
        return [_CHOICES[letter] for letter in group[2:]]


class Ssn(Format):
    """United States social security numbers that nobody has: areas from 900 are not issued by the Social Security
    Administration, and groups up to 49 not used for taxpayer numbers (IRS Publication 1915)."""

    _PATTERN = ("9", digits, digits, "01234", _NONZERO, *[digits] * 3, _NONZERO)

    def split(self, value: str) -> tuple[str, str] | None:
        bare = re.sub(r"[ -]", "", value)
        return ("", bare) if re.fullmatch(r"[0-9]{9}", bare) else None

    def fresh(self, group: str, count: int) -> list[str]:
        return draw_texts(self._PATTERN, count)

    def capacity(self, group: str) -> int:
        return capacity_of(self._PATTERN)

    def write(self, token: str, value: str) -> str:
        return _respelled(token, value)


_CHOICES = {"9": digits, "A": ascii_uppercase, "a": ascii_lowercase}


def _respelled(token: str, value: str) -> str:
    """The token with the separators of the value."""
    characters = iter(token)
    return "".join(character if character in " -" else next(characters) for character in value)
