"""Dictionaries of given and family names and of places, read once from installed packages.

`names` carries the lists of the 1990 US census (public domain), Faker (MIT) those of some forty other locales.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from catalog.classification.wordlists import fold, words

# Locales written in Latin letters; names of other scripts need no list to be told from English words.
_LOCALES = words(
    """cs_CZ da_DK de_AT de_CH de_DE en en_GB en_IE en_IN en_KE en_NZ en_PK en_US es_AR es_CL es_CO es_ES
    es_MX et_EE fi_FI fr_BE fr_CA fr_CH fr_FR hr_HR hu_HU id_ID it_IT lt_LT lv_LV nl_BE nl_NL no_NO pl_PL
    pt_BR pt_PT ro_RO sk_SK sl_SI sv_SE tr_TR"""
)
_GIVEN = ("first_names", "first_names_female", "first_names_male")
_FAMILY = ("last_names", "unisex_last_names", "male_last_names")
# The census lists go on to names that are mostly other words; the commonest are enough.
_CENSUS_FAMILIES = 30_000
_COUNTRY_LOCALES = ("en", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR")


@cache
def given_names() -> frozenset[str]:
    """Some 19,000 folded given names."""
    names = set(_census("dist.female.first")) | set(_census("dist.male.first"))
    return frozenset(names | _from_locales("person", _LOCALES, _GIVEN))


@cache
def family_names() -> frozenset[str]:
    """Some 40,000 folded family names, compounds by their words."""
    return frozenset(
        set(_census("dist.all.last")[:_CENSUS_FAMILIES]) | _from_locales("person", _LOCALES, _FAMILY)
    )


@cache
def countries() -> frozenset[str]:
    """Folded names of countries in seven languages."""
    return frozenset(_from_locales("address", _COUNTRY_LOCALES, ("countries",), whole=True))


@cache
def country_codes() -> frozenset[str]:
    return frozenset(
        _from_locales("address", ("en",), ("alpha_2_country_codes", "alpha_3_country_codes"), whole=True)
    )


@cache
def regions() -> frozenset[str]:
    """Folded names and abbreviations of states and provinces."""
    named = _from_locales("address", ("en_US", "de_DE", "it_IT", "es_ES"), ("states", "regions"), whole=True)
    short = _from_locales("address", ("en_US",), ("states_abbr", "freely_associated_states_abbr"), whole=True)
    return frozenset(
        named | short | _from_locales("address", ("en_CA",), ("provinces", "provinces_abbr"), whole=True)
    )


@cache
def cities() -> frozenset[str]:
    return frozenset(_from_locales("address", ("de_DE", "it_IT", "nl_NL", "es_CO"), ("cities",), whole=True))


def _census(name: str) -> list[str]:
    lines = (files("names") / name).read_text(encoding="ascii").splitlines()
    return [line.split(maxsplit=1)[0].lower() for line in lines if line.strip()]


def _from_locales(
    provider: str, locales: Iterable[str], attributes: tuple[str, ...], *, whole: bool = False
) -> set[str]:
    found: set[str] = set()
    for locale in locales:
        # The locale modules hold constants; asking the generator for random names would be slow and incomplete.
        lists = importlib.import_module(f"faker.providers.{provider}.{locale}").Provider
        for attribute in attributes:
            values = getattr(lists, attribute, ())
            if not isinstance(values, property):
                for value in values:
                    folded = fold(value if isinstance(value, str) else value[0])
                    found.update([folded] if whole else folded.split())
    return found
