"""What machines can check in text: addresses of the net, payment cards, IBANs, social security numbers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

import tldextract
from stdnum import iban, luhn
from stdnum.us import ssn

from catalog.classification.patterns import EMAIL, is_card
from catalog.classification.text_spans import Rule, Span

# No URL to fetch from: only the snapshot of the public suffix list in the package.
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

_LINK = re.compile(
    r"\b(?:https?|ftp)://[^\s<>\"'|]*[^\s<>\"'|.,;:!?)\]}]|\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[^\s<>\"']*[\w/])?",
    re.I,
)
_BARE_DOMAIN = re.compile(
    r"(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}[a-z]{2,12}\b(?![@\w-])(?:/[^\s<>\"']*[\w/])?",
    re.I,
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{2,39}(?![\w:])", re.I)
_MAC = re.compile(r"(?<![\w:-])[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}(?![\w:-])", re.I)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)")
_CARD_NAMED = re.compile(
    r"\b(?:cards?|cc|credit|debit|visa|mastercard|amex|maestro|discover)\b", re.IGNORECASE
)
_IBAN = re.compile(
    r"\b[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)\b", re.IGNORECASE
)
_SSN = re.compile(r"(?<![\w%-])\d{3}[- ]\d{2}[- ]\d{4}(?![\w-])")
_SSN_NAMED = re.compile(r"\b(?:ssn|social security)\b\D{0,24}(\d{9})\b", re.IGNORECASE)
# Suffixes that are also endings of files, abbreviations or names of software.
_DOUBTFUL = frozenset(
    {
        "py",
        "sh",
        "md",
        "rs",
        "pl",
        "zip",
        "mov",
        "name",
        "so",
        "ps",
        "cc",
        "java",
        "net",
        "js",
        "is",
        "it",
        "in",
        "no",
        "at",
        "to",
    }
)


def _has_suffix(host: str) -> bool:
    return bool(_SUFFIXES(host).top_domain_under_public_suffix)


def _is_bare_domain(value: str) -> bool:
    host = value.partition("/")[0]
    return (
        host.rpartition(".")[2].lower() not in _DOUBTFUL
        and len(host.partition(".")[0]) > 1
        and _has_suffix(host)
    )


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return True


_RULES = (
    Rule("EMAIL_ADDRESS", 1.0, EMAIL, lambda value: _has_suffix(value.rpartition("@")[2])),
    Rule("URL", 0.95, _LINK),
    Rule("URL", 0.6, _BARE_DOMAIN, _is_bare_domain),
    Rule("IP_ADDRESS", 0.95, _IPV4, _is_ip),
    Rule("IP_ADDRESS", 0.95, _IPV6, _is_ip),
    Rule("MAC_ADDRESS", 0.95, re.compile(f"({_MAC.pattern.replace(chr(92) + '1', chr(92) + '2')})", re.I)),
    Rule("IBAN_CODE", 1.0, _IBAN, iban.is_valid),
    Rule("US_SSN", 0.95, _SSN, lambda value: ssn.is_valid(value.replace(" ", "-"))),
    Rule("US_SSN", 0.95, _SSN_NAMED, ssn.is_valid),
)


def find_numbers(text: str) -> Iterator[Span]:
    """E-mail, web, IP and MAC addresses, IBANs, cards and US social security numbers, all checked where they can be."""
    for rule in _RULES:
        yield from rule.find(text)
    for found in _CARD.finditer(text):
        digits = found.group().replace(" ", "").replace("-", "")
        if is_card(found.group()):
            yield Span("CREDIT_CARD", found.start(), found.end(), 1.0)
        elif luhn.is_valid(digits) and _CARD_NAMED.search(text, max(0, found.start() - 60), found.start()):
            yield Span("CREDIT_CARD", found.start(), found.end(), 0.9)
