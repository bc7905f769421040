"""Words of Faker's lists, in their order; Faker's own randomness is not used.

Another version of Faker may have other lists: substitutes made with it differ from those made before.
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Iterable
from functools import cache

import pyarrow as pa

from retention.anonymization.techniques.base import TechniqueError

_LEAST = 20  # fewer names would tell more than they hide
_LISTS = {
    "given": ("person", ("first_names",)),
    "family": ("person", ("last_names",)),
    "city": ("address", ("cities", "city_names")),
    "city_suffix": ("address", ("city_suffixes",)),
    "street_prefix": ("address", ("street_prefixes",)),
    "street_suffix": ("address", ("street_suffixes_short", "street_suffixes")),
    "company_suffix": ("company", ("company_suffixes",)),
}


@cache
def words(name: str, locale: str) -> pa.Array:
    """The list `name` of a locale, each word once; empty where it has none."""
    kind, attributes = _LISTS[name]
    try:
        provider = importlib.import_module(f"faker.providers.{kind}.{locale}").Provider
    except ModuleNotFoundError:
        return pa.array([], pa.string())
    for attribute in attributes:
        found = getattr(provider, attribute, None)
        if isinstance(found, Iterable) and not isinstance(found, str):
            return pa.array(dict.fromkeys(word.strip() for word in found), pa.string())
    return pa.array([], pa.string())


@cache
def ascii_words(name: str, locale: str) -> pa.Array:
    """The same in the letters a to z, for addresses; `user` for a word without any."""
    plain = (
        "".join(letter for letter in unicodedata.normalize("NFKD", word).lower() if "a" <= letter <= "z")
        for word in words(name, locale).to_pylist()
    )
    return pa.array([word or "user" for word in plain], pa.string())


def require_names(locale: str) -> None:
    """Raises TechniqueError where the locale has no lists of names."""
    if not locale.isascii() or not locale.replace("_", "").isalpha():
        raise TechniqueError(f"There is no locale {locale}.", "Choose one such as en_US, de_DE or fr_FR.")
    if min(len(words("given", locale)), len(words("family", locale))) < _LEAST:
        raise TechniqueError(
            f"There are no lists of names for the locale {locale}.",
            "Choose another, such as en_US, de_DE or fr_FR.",
        )
