"""Regions: countries by their ISO 3166-1 codes, parts of them, and the groups that the law speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable

import phonenumbers
from django.core.exceptions import ValidationError

# Member states of the European Union, and with the three others the European Economic Area.
EU = [
    *(
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
    ),
    *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
]
EEA = [*EU, "IS", "LI", "NO"]
GROUPS = {"EU": EU, "EEA": EEA}
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS) | {"AQ", "BV", "GS", "HM", "PN", "TF", "UM"}
# Numbers without a country code cannot be tried in all plans of a group: those of its largest members are.
_LARGEST = ["DE", "FR", "IT", "ES", "NL", "PL"]


def countries_of(region: str) -> list[str]:
    """The ISO codes in a region: of a group (`EU`, `eu-central-1`), a country (`US`) or a part of one (`us-east-1`)."""
    head = re.split(r"[-_]", region.strip().upper())[0]
    return GROUPS.get(head, [head] if head in COUNTRIES else [])


def require_region(region: str) -> str:
    """The region without blanks around it; ValidationError where it is none. Empty stays empty."""
    stripped = region.strip()
    if stripped and not countries_of(stripped):
        raise ValidationError(
            {
                "region": f"“{stripped}” is no region: use a country's two letters, alone or with a part of it "
                "(DE, us-east-1), or EU or EEA."
            }
        )
    return stripped


def lies_in(region: str, allowed: Iterable[str]) -> bool:
    """Whether all of `region` is within the regions of `allowed`; a part is named exactly or lies in its country."""
    countries = set(countries_of(region))
    within: set[str] = set()
    for each in allowed:
        if each.casefold() == region.casefold():
            return True
        if not re.search(r"[-_]", each) or each.upper().split("-")[0] in GROUPS:
            within |= set(countries_of(each))
    return bool(countries) and countries <= within


def telephone_regions(region: str) -> list[str]:
    """In which countries' notation telephone numbers without a country code may be written there."""
    countries = countries_of(region)
    return _LARGEST if len(countries) > 1 else countries
