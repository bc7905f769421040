"""Identifiers that only the words before them tell: licences, passports, accounts, national numbers.

For numbers of states Presidio's recognizers bring the forms, the check digits and the words that people use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from presidio_analyzer import PatternRecognizer
from presidio_analyzer.predefined_recognizers import (
    AuMedicareRecognizer,
    AuTfnRecognizer,
    CaSinRecognizer,
    DeTaxIdRecognizer,
    EsNieRecognizer,
    EsNifRecognizer,
    FiPersonalIdentityCodeRecognizer,
    InAadhaarRecognizer,
    InPanRecognizer,
    ItFiscalCodeRecognizer,
    KrRrnRecognizer,
    NhsRecognizer,
    PlPeselRecognizer,
    SePersonnummerRecognizer,
    SgFinRecognizer,
    ThTninRecognizer,
    TrNationalIdRecognizer,
    UkNinoRecognizer,
    UsItinRecognizer,
    UsMbiRecognizer,
    ZaIdNumberRecognizer,
)

from catalog.classification.text_spans import Rule, Span

_REACH = 64  # characters before a number in which its name counts
_NATIONAL: tuple[PatternRecognizer, ...] = tuple(
    recognizer()
    for recognizer in (
        AuMedicareRecognizer,
        AuTfnRecognizer,
        CaSinRecognizer,
        DeTaxIdRecognizer,
        EsNieRecognizer,
        EsNifRecognizer,
        FiPersonalIdentityCodeRecognizer,
        InAadhaarRecognizer,
        InPanRecognizer,
        ItFiscalCodeRecognizer,
        KrRrnRecognizer,
        NhsRecognizer,
        PlPeselRecognizer,
        SePersonnummerRecognizer,
        SgFinRecognizer,
        ThTninRecognizer,
        TrNationalIdRecognizer,
        UkNinoRecognizer,
        UsItinRecognizer,
        UsMbiRecognizer,
        ZaIdNumberRecognizer,
    )
)


def _named(recognizer: PatternRecognizer) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, recognizer.context))})\b", re.IGNORECASE)


_NAMES = tuple((recognizer, _named(recognizer)) for recognizer in _NATIONAL)
_ANY_NAME = re.compile("|".join(sorted({names.pattern for _, names in _NAMES})), re.IGNORECASE)


def _after(kind: str, words: str, value: str = r"(?=[\w-]*\d)[A-Z0-9](?:[ -]?[A-Z0-9]){4,18}") -> Rule:
    between = r"(?:\s?(?:numbers?|no\b\.?|nr\.?|id|code|#))*(?:\s(?:is|was|are|on file|ending))*\s?[:#=]?\s*"
    return Rule(kind, 0.85, re.compile(rf"\b(?:{words})\b{between}({value})(?![\w-])", re.IGNORECASE))


_LABELLED = (
    _after(
        "US_DRIVER_LICENSE",
        r"driv(?:er'?s?|er’s|ers'|ing)[ -]?(?:licen[cs]e|permit)|führerschein(?:nummer)?|permis de conduire",
    ),
    _after("PASSPORT", r"passport|reisepass|passeport|pasaporte|passaporto"),
    _after(
        "BANK_ACCOUNT",
        r"(?:bank|checking|savings|deposit)? ?accounts?|acct\.?|kontonummer",
        r"\d(?:[ -]?\d){5,16}",
    ),
    _after(
        "MEDICAL_RECORD",
        r"medical record|mrn|patient (?:id|number)|health (?:plan|insurance|card)|insurance (?:id|policy|member)",
    ),
    _after("EMPLOYEE_ID", r"employee(?: id)?|staff id|personnel|badge"),
    _after("CUSTOMER_ID", r"customer(?: id)?|client id|membership|member id|kundennummer"),
    _after("TAX_ID", r"tax (?:id(?:entification)?|file|payer)|tin|ein|vat|steuernummer"),
    _after(
        "LICENSE_PLATE",
        r"licen[cs]e plate|number plate|vehicle registration|kennzeichen",
        r"(?=[\w-]*\d)[A-Z0-9](?:[ -]?[A-Z0-9]){3,8}",
    ),
    Rule(
        "PASSWORD",
        0.85,
        re.compile(
            r"\b(?:passwor[dt]|passwd|pwd|passphrase)\b(?:\s(?:is|was))?\s?[:=]?\s*"
            r"(?=\S*\d)([^\s,;]{5,40})(?<![.!?])",
            re.IGNORECASE,
        ),
    ),
    Rule(
        "USERNAME",
        0.8,
        re.compile(
            r"\b(?:user ?name|user ?id|login(?: name)?|handle)(?:\s(?:is|was))?\s?[:=]\s*([\w.@-]{3,40})",
            re.IGNORECASE,
        ),
    ),
)


def find_identifiers(text: str) -> Iterator[Span]:
    """Identifiers in `text` that follow their name, and national numbers that are near theirs."""
    for rule in _LABELLED:
        yield from rule.find(text)
    if not _ANY_NAME.search(text):
        return
    for recognizer, names in _NAMES:
        if not names.search(text):
            continue
        for found in recognizer.analyze(text, recognizer.supported_entities):
            if names.search(text, max(0, found.start - _REACH), min(len(text), found.end + 16)):
                yield Span("NATIONAL_ID", found.start, found.end, 0.9)
