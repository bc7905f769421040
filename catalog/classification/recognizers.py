"""The Presidio analyzer: spaCy for persons and places, Presidio's recognizers with checksums, and three of our own.

Nothing is fetched: the model is an installed package, and top-level domains come from the list in tldextract.
"""

from __future__ import annotations

import re

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    SpacyRecognizer,
    UsSsnRecognizer,
)

# No URL to fetch from: only the snapshot of the public suffix list in the package.
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

_STREET_WORDS = (
    "street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|parkway|pkwy|highway|hwy|circle|cir|terrace"
    "|square|trail|loop|alley|plaza|crescent|cres|close|grove|row|route|mews"
)
_ADDRESS_PATTERNS = [
    Pattern(
        "numbered street", rf"\b\d{{1,6}}[A-Za-z]?,?\s+(?:[\w.'’-]+\s+){{1,4}}(?:{_STREET_WORDS})\b\.?", 0.75
    ),
    Pattern(
        "street before number",
        r"\b(?:[\w'’-]+(?:straße|strasse|gasse|platz|weg|allee|straat|laan|gatan|gata|vägen|veien|katu|utca)|(?:rue|via|calle|rua|avenida"
        r"|viale|piazza|carrera|ul\.)\s+[\w.'’ -]{2,40}?),?\s+\d{1,5}\b",
        0.75,
    ),
    Pattern("box", r"\bP\.?\s?O\.?\s?Box\s+\d+\b", 0.75),
]
_AGE_PATTERNS = [
    Pattern("years old", r"\b\d{1,3}(?=[ -]?(?:years?|yrs?|y\.?o\.?)(?:[ -]old)?\b)", 0.4),
    Pattern("years old, spelled out", r"\b\d{1,3}(?=[ -](?:years?|yrs?)[ -](?:old|of age)\b)", 0.85),
    Pattern(
        "aged",
        r"(?<=\baged )\d{1,3}\b|(?<=\bage )\d{1,3}\b|(?<=\bage of )\d{1,3}\b|(?<=\bage: )\d{1,3}\b",
        0.8,
    ),
]
_PHONE_PATTERNS = [
    Pattern(
        "international",
        r"(?<![\w+])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}\b",
        0.75,
    ),
    Pattern(
        "separated",
        r"(?<![\w-])(?:1[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?\b",
        0.75,
    ),
    Pattern("with a leading zero", r"(?<![\w-])\(?0\d{1,4}\)?[ .-]\d{2,4}(?:[ .-]\d{2,4}){1,3}\b", 0.65),
]


class _OfflineEmailRecognizer(EmailRecognizer):
    """Presidio's e-mail recognizer, asking the packaged list of suffixes and never the net."""

    def validate_result(self, pattern_text: str) -> bool:
        return _SUFFIXES(pattern_text).fqdn != ""


def make_analyzer(model: str) -> AnalyzerEngine:
    """An analyzer for English text on the installed spaCy package `model`; OSError if there is none such."""
    flags = re.DOTALL | re.MULTILINE | re.IGNORECASE
    registry = RecognizerRegistry(
        recognizers=[
            SpacyRecognizer(supported_entities=["PERSON", "NRP", "LOCATION"]),
            _OfflineEmailRecognizer(),
            CreditCardRecognizer(),
            IbanRecognizer(),
            IpRecognizer(),
            UsSsnRecognizer(),
            PatternRecognizer("STREET_ADDRESS", patterns=_ADDRESS_PATTERNS, global_regex_flags=flags),
            PatternRecognizer(
                "AGE", patterns=_AGE_PATTERNS, global_regex_flags=flags, context=["age", "old", "aged"]
            ),
            PatternRecognizer("PHONE_NUMBER", patterns=_PHONE_PATTERNS, global_regex_flags=flags),
        ]
    )
    engine = SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": model}],
        ner_model_configuration=NerModelConfiguration(
            labels_to_ignore=["CARDINAL", "ORDINAL", "QUANTITY", "PERCENT", "MONEY"]
        ),
    )
    # Loaded here, because the engine would download a model that it does not find.
    engine.nlp = {"en": spacy.load(model)}  # type: ignore[assignment]
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
