"""Entities in free text, and what a column of text contains.

Reading takes milliseconds a text and loads a language model: it is for workers, never for a request.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from catalog.classification.masking import mask
from catalog.classification.text_spans import Span
from catalog.classification.verdict import Evidence
from catalog.classification.witness import EXAMPLES

MOST_TEXTS = 200
MOST_CHARACTERS = 60_000
LONGEST = 1_000  # characters of one text
LANGUAGES = ("en",)

CATEGORY_OF = {
    "PERSON": "name.full",
    "TITLE": "name",
    "EMAIL_ADDRESS": "contact.email",
    "PHONE_NUMBER": "contact.phone",
    "STREET_ADDRESS": "contact.address.street",
    "ZIP_CODE": "contact.address.postal_code",
    "LOCATION": "location",
    "AGE": "demographic.age",
    "NRP": "demographic.ethnicity",
    "ORGANIZATION": "employment.employer",
    "OCCUPATION": "employment.occupation",
    "CREDIT_CARD": "finance.card",
    "IBAN_CODE": "finance.iban",
    "BANK_ACCOUNT": "finance.account",
    "US_SSN": "id.national",
    "NATIONAL_ID": "id.national",
    "US_DRIVER_LICENSE": "id.license",
    "PASSPORT": "id.passport",
    "TAX_ID": "id.tax",
    "LICENSE_PLATE": "id.vehicle",
    "EMPLOYEE_ID": "id.employee",
    "CUSTOMER_ID": "id.customer",
    "MEDICAL_RECORD": "health.record",
    "USERNAME": "id.username",
    "PASSWORD": "credential.password",
    "IP_ADDRESS": "online.ip",
    "MAC_ADDRESS": "online.mac",
    "URL": "online.url",
    "DATE_TIME": "none.operational",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """A category that, inside text, makes the text personal: how sure a mention must be, and how many distinct ones.

    `form` is what a mention must look like; with `of_someone` two texts must have one, and must also speak of a person.
    """

    mentioned: str
    score: float = 0.8
    distinct: int = 2
    form: re.Pattern[str] = re.compile("")
    of_someone: bool = False


_SOMEONE = re.compile(
    r"\b(?:I|(?i:my|s?he|his|her|him|man|woman|girl|boy|mother|father|wife|husband|son|daughter|male|female"
    r"|patient|client|customer|applicant|employee|candidate|tenant|guest))\b"
)

# A town, a company, a date or a form of address says nothing of a person by itself, so such mentions are left out.
TELLING = {
    "name.full": Telling("a person", 0.85, form=re.compile(r"\S\s\S")),  # "Roth" alone may be a hall
    "contact.email": Telling("an e-mail address", distinct=1),
    "contact.phone": Telling("a telephone number"),
    "contact.address.street": Telling("a street address"),
    "demographic.age": Telling("an age", of_someone=True),
    "demographic.ethnicity": Telling("an origin, religion or political group", of_someone=True),
    "finance.card": Telling("a payment card number", distinct=1),
    "finance.iban": Telling("an IBAN", distinct=1),
    "finance.account": Telling("a bank account"),
    "online.ip": Telling("an IP address"),
    "online.mac": Telling("a MAC address"),
    "id.national": Telling("a national identity number", distinct=1),
    "id.license": Telling("a driving licence number"),
    "id.passport": Telling("a passport number"),
    "id.tax": Telling("a tax number"),
    "health.record": Telling("a health record or insurance number"),
    "credential.password": Telling("a password"),
}


def recognize(texts: Sequence[str], *, language: str = "en") -> list[list[Span]]:
    """The entities of each text, for many texts at once: what workers call. ValueError for a language not supported."""
    if language not in LANGUAGES:
        raise ValueError(
            f"No recognizer for the language {language!r}; there is one for {', '.join(LANGUAGES)}."
        )
    return list(find_spans(texts))


def find_spans(texts: Sequence[str]) -> Iterator[list[Span]]:
    """The entities of each English text, in order, read in batches. OSError where the model is not installed."""
    # By name: the module imports spaCy and Presidio, which processes that read no text never need.
    yield from importlib.import_module("catalog.classification.text_reading").read(texts)


@dataclass(slots=True)
class _Mentions:
    distinct: dict[str, None] = field(default_factory=dict)
    texts: int = 0


def judge_text(values: Sequence[str]) -> list[Evidence]:
    """What free text contains, by category: for most, one mention proves nothing and two distinct ones are needed.

    At most `MOST_TEXTS` values, spread over all given, and `MOST_CHARACTERS` characters are read.
    """
    texts = _spread(values)
    mentions: dict[str, _Mentions] = {}
    for text, spans in zip(texts, recognize(texts) if texts else (), strict=True):
        seen = set()
        of_someone = bool(_SOMEONE.search(text)) or any(span.kind == "PERSON" for span in spans)
        for span in spans:
            category, mention = CATEGORY_OF[span.kind], text[span.start : span.end]
            telling = TELLING.get(category)
            if telling is None or span.score < telling.score or not telling.form.search(mention):
                continue
            if of_someone or not telling.of_someone:
                mentions.setdefault(category, _Mentions()).distinct[mention] = None
                seen.add(category)
        for category in seen:
            mentions[category].texts += 1
    return [
        Evidence(
            origin="entity",
            category=category,
            detail=f"{found.texts} of {len(texts)} texts mention {TELLING[category].mentioned}.",
            weight=0.6,
            sampled=len(texts),
            matched=found.texts,
            examples=tuple(mask(hit, category) for hit in list(found.distinct)[:EXAMPLES]),
            contained=True,
        )
        for category, found in sorted(mentions.items())
        if len(found.distinct) >= TELLING[category].distinct and found.texts > TELLING[category].of_someone
    ]


def _spread(values: Sequence[str]) -> list[str]:
    step = max(1, -(-len(values) // MOST_TEXTS))
    texts, characters = [], 0
    for value in values[::step]:
        text = value[:LONGEST]
        characters += len(text)
        if characters > MOST_CHARACTERS:
            break
        texts.append(text)
    return texts
