"""How the vault knows a person: by the keyed hash of an identifier, the same that requests are found by."""

from __future__ import annotations

from collections.abc import Sequence

from governance.keyring.lookups import lookup_of
from retention.anonymization.techniques.base import TechniqueError


def lookups(category: str, persons: Sequence[str]) -> list[bytes]:
    """The keyed hash of each identifier. `category` is what the catalog calls their kind; empty where nobody said.

    Raises TechniqueError where there is nothing in it: all such rows would be one person.
    """
    if not all(person and person.strip() for person in persons):
        raise TechniqueError(
            "A row has nothing in the column that tells persons apart.", "Choose a column that every row has."
        )
    return [lookup_of(category, person) for person in persons]


def known_as(category: str, value: str) -> list[bytes]:
    """Every hash this person may stand under: by their kind of identifier, and where the kind was not said."""
    return list(dict.fromkeys(lookup_of(each, value) for each in (category, "")))
