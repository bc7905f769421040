"""Regions: countries by their ISO 3166 codes, and groups of them that the law speaks of."""

from __future__ import annotations

import re

from catalog.models import System

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
_SPEAKING_FOR = ["DE", "FR", "IT", "ES", "NL", "PL"]  # a number cannot be tried in all plans


def countries_of(region: str) -> list[str]:
    """The ISO codes in a region: itself for a country, with or without a part of it (`us-east-1`, `DE-BY`)."""
    head = re.split(r"[-_]", region.strip().upper())[0]
    return GROUPS.get(head, [head] if len(head) == 2 else [])


def telephone_regions(system: System) -> list[str]:
    """In which countries' notation telephone numbers without a country code may be written there."""
    countries = countries_of(system.region)
    return _SPEAKING_FOR if len(countries) > 1 else countries
