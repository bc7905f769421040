"""Postal addresses in text, in one line or several, of many countries.

An address within a sentence is one entity. On a label, where each line stands by itself, the street, the unit, the
place and the postal code are entities of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from spacy.lang.en.stop_words import STOP_WORDS

from catalog.classification.dictionaries import fold
from catalog.classification.text_lexicon import plain_words
from catalog.classification.text_spans import Rule, Span, settle

_CAP = r"[^\W\d_a-zß-öø-ÿ][\w.'’-]*"
_LINK = (
    r"(?:de|da|do|dos|das|del|della|di|du|des|la|le|les|van|von|der|den|of|the|and|y|e|al|el|en|auf|am|an|im|zum|zur"
    r"|nad|pod|sur|u)"
)
_NAME = rf"{_CAP}(?:[ ](?:{_LINK}[ ]){{0,2}}{_CAP}){{0,4}}"
_NAMED = rf"{_NAME}(?:[ ]{_LINK}[ ]{_CAP})?"
_ANY = r"[^\W\d_][\w.'’/-]*(?: [^\W\d_][\w.'’/-]*){0,4}?"
_ENGLISH = (
    r"(?:street|st|str|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|parkway|pkwy|highway|hwy|circle|cir"
    r"|terrace|ter|square|sq|trail|trl|loop|alley|plaza|crescent|cres|close|grove|row|route|rte|mews|pike|run|path|walk|turnpike"
    r"|parade|freeway|expressway|quay|wharf|gardens|hill|ridge|point|crossing|bend|cove|pass|view|estate)"
)
_FRONT = (
    r"(?:rue|avenue|av\.?|bd|boulevard|all[ée]e|chemin|place|quai|impasse|cours|via|viale|piazza|corso|largo|vicolo|calle|c/|carrera|cra|avda?\.?"
    r"|avenida|paseo|plaza|camino|rambla|rua|travessa|rodovia|alameda|estrada|ul\.|ulica|aleja|al\.|pl\.|nám\.|náměstí|trg|strada|bulevardul|calea|jalan|jl\.?)"
)
_FUSED = (
    r"[^\W\d_]\w*(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ring|damm|ufer|straat|laan|gracht|plein|kade|dijk|singel|wei|pad|gat(?:a|an|e)?|v[äe]gen"
    r"|v[aä]g|vei(?:en)?|vegen|gade|vej|allé|stræde|utca|katu|tie|kuja|tee|tänav|iela|gatvė|braut|stígur|vegur|ulice|ova|ská|cesta|gaten|stien)"
)
_AFTER_WORD = (
    r"(?:u\.|utca|út|útja|tér|tere|krt\.?|rkp\.?|sor|köz|kapu|ter|terrasse|vei|plads|tee|mnt|pst|tn)"
)
_NUMBER = r"\d{1,5}(?:[-/]\d{1,4})?[a-dA-D]?"
_UNIT = r"(?:apt|apartment|ste|suite|unit|flat|bldg|building|floor|fl|room|rm|lot)\b\.?\s?#?\s?[\w-]{1,6}|#\s?\w{1,6}"
_DIRECTION = r"(?:\s+(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?)?"
_LEADING = rf"(?:(?i:{_UNIT}),?\s+)?(?:{_NUMBER},?\s+)?"

_WORDS = re.compile(r"[^\W\d_]{2,}")


_ALONE = 0.75  # "13 Agenda 2016" is no address unless a unit, a place or a code follows


def _names_something(value: str) -> bool:
    """Whether some word of a street is no plain English word: else "5 Things You Should 7" would be one."""
    words = [fold(word) for word in _WORDS.findall(value)]
    return len(value) < 120 and any(word not in plain_words() for word in words)


_START = r"(?<![\w.,/-])"


def _has_no_stop_word(value: str) -> bool:
    return STOP_WORDS.isdisjoint(word.lower() for word in _WORDS.findall(value))


def _rule(score: float, pattern: str, check: Callable[[str], bool] | None = _names_something) -> Rule:
    return Rule("STREET_ADDRESS", score, re.compile(rf"{_START}({pattern})", re.UNICODE), check)


_WHOLE = _rule(
    0.97,
    r"(?:PSC\s\d+,?\sBox\s\d+|(?i:Unit)\s\d+\s?,?\s(?i:Box)\s\d+|US[A-Z]{0,3}\s[\w'’-]+)"
    r"\s*,?\s*(?i:APO|FPO|DPO)\s(?i:AA|AE|AP)\s\d{5}(?:-\d{4})?",
)
_STREETS = (
    _rule(0.93, rf"{_LEADING}P\.?\s?O\.?\s?(?i:Box)\s+\d+\b|Postfach\s\d+|Casella [Pp]ostale\s\d+", None),
    _rule(
        0.92,
        rf"{_LEADING}{_NUMBER},?\s+(?:[NSEW]\.?\s)?(?:\d{{1,4}}(?:st|nd|rd|th)|{_NAMED})"
        rf"[ ](?i:{_ENGLISH})\b\.?{_DIRECTION}",
        None,
    ),
    _rule(
        0.85,
        rf"{_LEADING}{_NUMBER},?[ ]{_ANY}[ ](?:street|str|avenue|ave|road|rd|boulevard|blvd)\b\.?",
        _has_no_stop_word,
    ),
    _rule(0.92, rf"{_LEADING}(?i:{_FRONT})[ ](?:{_LINK}[ ]|l['’]|d['’])*{_NAME},?[ ]{_NUMBER}\b"),
    _rule(0.92, rf"{_LEADING}{_NUMBER},?\s+(?i:{_FRONT})[ ](?:{_LINK}[ ]|l['’]|d['’])*{_NAME}"),
    _rule(0.92, rf"{_LEADING}(?:{_CAP}[ ]){{0,2}}{_FUSED},?[ ]{_NUMBER}\b\.?"),
    _rule(0.92, rf"{_LEADING}{_NAME}[ ]{_AFTER_WORD}[ ]{_NUMBER}\b\.?"),
    _rule(_ALONE, rf"{_NUMBER}[ ]{_NAME}[ ]{_NUMBER}\b\.?"),
    _rule(0.85, rf"{_NUMBER}[ ]{_NAME}(?=[ ,\n]+(?:Apt|Suite|Ste|Unit|Flat)\b)"),
    _rule(
        0.85,
        rf"(?:[Tt]he )?[Cc]orner of {_LEADING}{_NAME}(?: {_NUMBER}\b\.?)? and {_LEADING}{_NAME}(?: {_NUMBER}\b)?",
    ),
)
# Where a sentence has a place for an address, a name with a number is one.
_CUED = Rule(
    "STREET_ADDRESS",
    0.85,
    re.compile(
        r"\b(?:address(?:es)?(?: is|:| to)?|(?:lives?|lived|living|located) (?:on|at|in)"
        r"|(?:is|are|stop|side|enter|off) (?:on|at|of)|meet (?:you |me )?at"
        r"|(?:sent?|return|move[sd]?|deliver(?:ed)?) to)\s+"
        rf"({_LEADING}{_NAME}[ ]{_NUMBER}\b\.?|{_NUMBER}[ ]{_NAME}(?= [Ss]t(?:reet|\.)))",
        re.UNICODE,
    ),
)
_UNITS = re.compile(rf"(?:[ ]{_NAME}(?=\s+(?i:{_UNIT})))?(?:,?\s+(?i:{_UNIT}))+(?!\w)")
_CITY_WORD = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]*(?:[.'’-]+[^\W\d_]+)*\.?"
_CITY = rf"{_CITY_WORD}(?:[ ](?:{_LINK}[ ]){{0,2}}{_CITY_WORD}){{0,4}}(?:[ ]\({_NAME}\))?"
_CODE = (
    r"(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{5}-\d{3,4}|\d{4}\s[A-Z]{2}|\d{3}\s\d{2}"
    r"|\d{2}-\d{3}|\d{4}-\d{3}|\d{3,6})(?![\w-]| \d)"
)
# An empty region is exported by data frames as "nan".
_BREAK = r"[ \t]*,?[ \t]*\n(?:[ \t>?]*\n)?[ \t>?]*"
_LINE = re.compile(
    rf"{_BREAK}(?:(?P<unit>(?i:{_UNIT})(?!\w))|(?P<lone>{_CODE})"
    rf"|(?P<city>,?[ ]?(?:{_CITY}|nan))(?:,[ ]?(?P<region>[A-Z]{{2,3}}|nan))?(?:,?[ ](?P<code>{_CODE}))?)(?![\w:@])"
)
_SAME_LINE = re.compile(
    rf",?[ ](?:(?P<first>{_CODE})[ ])?(?P<city>{_CITY})(?:,?[ ](?P<region>{_CITY}|nan))?"
    rf"(?:,?[ ](?P<code>{_CODE}))?(?!\w)"
)
_MOST_LINES = 4
_LABEL = re.compile(r"(?:^|\n)[ \t>?]*$")


def find_addresses(text: str) -> Iterator[Span]:
    """Addresses in `text`, with unit, place, country and postal code as far as they follow the street."""
    found = list(_WHOLE.find(text))
    yield from found
    for street in settle([span for rule in (*_STREETS, _CUED) for span in rule.find(text)]):
        if any(street.start < other.end and other.start < street.end for other in found):
            continue
        lines = _lines_below(text, _after_units(text, street.end))
        if len(lines) > 1 and _LABEL.search(text, 0, street.start):
            yield from _label(text, street, lines)
        else:
            end = _whole_end(text, street, lines)
            certain = end > street.end or street.score > _ALONE
            yield Span(
                "STREET_ADDRESS", street.start, end, max(street.score, 0.9) if certain else street.score
            )
            place = _SAME_LINE.match(text, end) if end == street.end and text[end : end + 1] == "," else None
            if place:
                yield _part(text, "LOCATION", *place.span("city"), 0.7)


def _after_units(text: str, end: int) -> int:
    found = _UNITS.match(text, end)
    return found.end() if found else end


def _lines_below(text: str, end: int) -> list[re.Match[str]]:
    lines: list[re.Match[str]] = []
    while len(lines) < _MOST_LINES and (found := _LINE.match(text, end)):
        lines.append(found)
        end = found.end()
    return lines


def _whole_end(text: str, street: Span, lines: list[re.Match[str]]) -> int:
    if lines:
        return lines[-1].end()
    end = _after_units(text, street.end)
    place = _SAME_LINE.match(text, end)
    # "…, Paris" after a bare street is a place of its own; after a unit, or with a region or code, it belongs.
    if place and (end > street.end or place["region"] or place["code"] or place["first"]):
        return place.end()
    return end


def _label(text: str, street: Span, lines: list[re.Match[str]]) -> Iterator[Span]:
    yield street
    below = lines[0].start()
    if below > street.end:
        yield _part(text, "STREET_ADDRESS", street.end, below, street.score)
    for line in lines:
        for group, kind in (("unit", "STREET_ADDRESS"), ("city", "LOCATION"), ("region", "LOCATION")):
            if line[group]:
                yield _part(text, kind, *line.span(group), street.score)
        for group in ("code", "lone"):
            if line[group]:
                yield _part(text, "ZIP_CODE", *line.span(group), street.score)


def _part(text: str, kind: str, start: int, end: int, score: float) -> Span:
    while start < end and text[start] in " ,\t\n":
        start += 1
    return Span(kind, start, end, score)
