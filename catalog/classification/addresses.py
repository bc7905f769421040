"""Street addresses by the words that streets are named with in many languages."""

from __future__ import annotations

import re

from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence
from catalog.classification.witness import prevailing

AT_LEAST = 0.4
_WORDS = 7  # more is a sentence that ends in a street

_ENGLISH = (
    r"st|street|ave?|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|ct|court|pl|place|pkwy|parkway|hwy|highway|cir|circle"
    r"|way|ter|terrace|trl|trail|sq|square|loop|pike|plaza|row|aly|alley|expy|expressway|cres|crescent|close|gardens|grove|mews|bnd|bend"
    r"|cv|cove|xing|crossing|run|pass|path|walk|turnpike|tpke|rte|route|parade|fwy|freeway|broadway|wharf|quay|mall"
)
_AFTER = re.compile(rf"\b(?:{_ENGLISH})\b\.?", re.IGNORECASE)
_AT_END = re.compile(
    rf"\w.*\b(?:{_ENGLISH})\.?(?:\s+(?:[ns][ew]?|[ew]|north|south|east|west))?\.?(?:\s+\d{{1,3}})?",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"#?\d{1,6}(?:[-/]\d{1,5})?[a-z]?(?:\s*1/2)?,?\s+\S.*", re.IGNORECASE)
_CARDINAL = re.compile(r"\d+\s+(?:[nsew]|north|south|east|west)\.?\s+\w+", re.IGNORECASE)
# Street words before the name (Romance, Polish) or fused to it (Germanic, Nordic, Hungarian), with a number.
_BEFORE = re.compile(
    r"\b(?:rue|avenue|av|bd|boulevard|allée|chemin|place|quai|impasse|via|viale|piazza|corso|largo|calle|c/"
    r"|avda?|avenida|paseo|plaza|calzada|rambla|vereda|vda|rua|r(?=\. )"
    r"|travessa|rodovia|alameda|ul|ulica|aleja)\b\.?[\s.#\d]*.*\d",
    re.IGNORECASE,
)
# Where streets have numbers for names, one number names the street and only the next one the house.
_GRID = re.compile(
    r"\b(?:calle|cll?|carrera|cra?|kra?|diagonal|dg|transversal|tv)\b\.?\s?#?\d+.*?\b\d", re.IGNORECASE
)
# A whole address as open-data portals write it: lines of text, then its point in brackets.
_WHOLE = re.compile(r"\S.{8,200}\(-?\d{1,3}\.\d+,\s?-?\d{1,3}\.\d+\)", re.DOTALL)
_FUSED = re.compile(
    r"\w(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ring|damm|ufer|straat|laan|gracht|plein|kade|gata|gatan|vägen|veien|vei|gade|vej|utca|katu|tie)\b.{0,12}\d"
    r"|\b(?:straße|strasse|weg|platz|allee|utca|út|krt)\b.{0,12}\d",
    re.IGNORECASE,
)
_BOX = re.compile(
    r"(?:p\.?\s?o\.?|post(?:al)?)\s?(?:office)?\s?(?:box|drawer|bag)\b.{0,20}|box\s+\d+|postfach\b.{0,12}|bp\s+\d+|apartado\b.{0,12}",
    re.IGNORECASE,
)
_COMPANY = re.compile(r"\b(?:llc|inc|corp|ltd|gmbh|l\.l\.c|right of way)\b", re.IGNORECASE)
_UNIT = re.compile(
    r"(?:apt|apartment|ste|suite|unit|bldg|building|fl|floor|rm|room|lot|spc|space|trlr|apto|oficina|of|local|piso|wohnung)"
    r"(?:\.?\s?#?\s?\d[\w-]{0,5}|(?:\.\s?|\s)#?\s?[\w-]{1,6}|#\s?[\w-]{1,6})"
    r"|#\s?\w{1,6}|\d{1,3}(?:st|nd|rd|th) fl(?:oor|r)?\.?",
    re.IGNORECASE,
)


def is_street(value: str) -> bool:
    """Whether `value` reads as a street with its number, a box, or a second line of an address."""
    if not 3 <= len(value) <= 160 or value.isdecimal() or _COMPANY.search(value):
        return False
    return _is_numbered(value) or (value.count(" ") < _WORDS and bool(_AT_END.fullmatch(_first_line(value))))


def _is_numbered(value: str) -> bool:
    line = _first_line(value)
    if _NUMBERED.fullmatch(line) and (_AFTER.search(line) or _CARDINAL.match(line)):
        return True
    if _BOX.match(value) or _UNIT.fullmatch(value):
        return True
    return bool(_FUSED.search(value) or _BEFORE.match(value) or _GRID.match(value))


def _first_line(value: str) -> str:
    return value.split("\n", 1)[0].split(", ", 1)[0]


def judge_addresses(sample: Sample) -> list[Evidence]:
    """Whether enough distinct values are street addresses or parts of one."""
    if sample.with_letters < AT_LEAST:
        return []
    step = max(1, len(sample.cells) // 24)
    whole = [value for value in sample.cells if "(" in value and _WHOLE.fullmatch(value)]
    if len(whole) >= 0.5 * len(sample):
        return prevailing(
            "contact.address",
            "whole addresses with their point on the map",
            sampled=len(sample),
            hits=whole,
            weight=0.9,
        )
    if not any(map(is_street, sample.cells[::step])):
        return []
    hits = [value for value in sample.cells if is_street(value)]
    numbered = sum(map(_is_numbered, hits))
    # Streets without numbers may be the names of stations or shops.
    weight, at_least = (0.92, AT_LEAST) if numbered >= len(hits) / 2 else (0.65, 0.7)
    return prevailing(
        "contact.address.street",
        "street addresses",
        sampled=len(sample),
        hits=hits,
        weight=weight,
        at_least=at_least,
    )
