"""Forms that a whole value may have: addresses of the net, keys, hashes, coordinates, postal codes.

Regular expressions are linear in the value (no nested repetition) and run once per distinct value; a form whose
telling characters do not occur in the column at all is not tried.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import iban, imei, luhn

from catalog.classification.sample import Sample
from catalog.classification.verdict import Evidence
from catalog.classification.witness import prevailing

EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}", re.UNICODE
)


@dataclass(frozen=True, slots=True)
class Form:
    category: str
    title: str
    pattern: re.Pattern[str]
    weight: float
    needs: str = ""  # characters of which one at least must occur in the column
    at_least: float = 0.5
    valid: Callable[[str], bool] | None = None
    sure: bool = False  # one value of the form proves as much as many


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return True


# Prefix and length of Visa, Mastercard (both ranges), American Express, Discover, Diners, JCB, UnionPay, Maestro.
_CARD = re.compile(
    r"(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|6(?:011|5\d\d)\d{12}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|62\d{14,17}|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15})"
)


def is_card(value: str) -> bool:
    """Whether `value` has the length, the prefix and the check digit of a payment card number."""
    digits = value.replace(" ", "").replace("-", "")
    return bool(_CARD.fullmatch(digits)) and luhn.is_valid(digits)


def _latitude_pair(value: str) -> bool:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", value)[:2]]
    return len(numbers) == 2 and all(abs(number) <= 180 for number in numbers)


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.UNICODE)


FORMS: tuple[Form, ...] = (
    Form(
        "contact.email",
        "e-mail addresses",
        _re(r"(?:mailto:|[^@<>]{0,64}<)?" + EMAIL.pattern + r">?(?:\s?[;,/ -]\s?\S{0,80}@\S{0,80}){0,5}"),
        0.97,
        "@",
        0.3,
        sure=True,
    ),
    Form("contact.social", "social media names", _re(r"@\w{2,30}"), 0.75, "@", 0.6),
    Form(
        "contact.social",
        "profiles on social media",
        _re(
            r"https?://(?:www\.|[a-z]{2}\.)?(?:facebook|twitter|x|linkedin|instagram|tiktok|t)\.(?:com|me)/[^\s/]\S*"
        ),
        0.8,
        "/",
        0.6,
    ),
    Form(
        "online.url",
        "web addresses",
        _re(r"(?:[^()\s]{0,20} ?[^()\s]{0,20} ?\()?(?:(?:https?|ftp)://\S{3,}|www\.\S{3,})"),
        0.85,
        ":w",
        0.5,
    ),
    Form("online.ip", "IP addresses", _re(r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?"), 0.92, ".", 0.5, _is_ip),
    Form(
        "online.ip",
        "IPv6 addresses",
        _re(r"(?=.*::|(?:.*:){7})[0-9a-fA-F:.]{2,45}(?:/\d{1,3})?"),
        0.92,
        ":",
        0.5,
        _is_ip,
    ),
    Form(
        "online.mac",
        "MAC addresses",
        _re(r"[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}"),
        0.93,
        ":-",
    ),
    Form("online.user_agent", "browsers' user agents", _re(r"(?:Mozilla|Opera|Dalvik|curl)/\d.*"), 0.92, "/"),
    Form(
        "finance.iban",
        "IBANs",
        _re(r"[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,32}"),
        0.97,
        valid=iban.is_valid,
        at_least=0.3,
        sure=True,
    ),
    Form(
        "finance.card",
        "payment card numbers",
        _re(r"\d{4}(?:[ -]?\d){8,15}"),
        0.9,
        "0123456789",
        0.6,
        is_card,
    ),
    Form("id.device", "device numbers (IMEI)", _re(r"\d{15}"), 0.8, "0123456789", 0.8, imei.is_valid),
    Form(
        "id.vehicle",
        "vehicle identification numbers",
        _re(r"(?=[^\d]*\d)(?=.{0,10}[A-Z])[A-HJ-NPR-Z0-9]{11}[A-HJ-NPR-Z0-9]{2}\d{4}"),
        0.7,
        "0123456789",
        0.7,
    ),
    Form(
        "id.pseudonym",
        "UUIDs",
        _re(r"\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?"),
        0.6,
        "-",
        0.7,
    ),
    Form(
        "id.pseudonym",
        "hashes",
        _re(r"(?=.*[a-fA-F])(?=.*\d)(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128})"),
        0.7,
        "abcdefABCDEF",
        0.7,
    ),
    Form(
        "credential.password",
        "stored password hashes",
        _re(r"(?:\$(?:2[abxy]|argon2\w*|[156y]|scrypt)\$|pbkdf2_\w+\$)\S{20,}"),
        0.96,
        "$",
        0.3,
    ),
    Form(
        "credential.token",
        "access tokens",
        _re(
            r"eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*|(?:sk|pk|rk)_(?:live|test)_\w{16,}|gh[pousr]_\w{30,}|AKIA[0-9A-Z]{16}|xox[abpr]-[\w-]{10,}"
        ),
        0.95,
        "eskgAx",
        0.3,
    ),
    Form(
        "location.coordinates",
        "pairs of coordinates",
        _re(r"\(?-?\d{1,3}\.\d{3,}°?,\s?-?\d{1,3}\.\d{3,}°?\)?"),
        0.85,
        ",",
        0.6,
        _latitude_pair,
    ),
    Form(
        "location.coordinates",
        "points on a map",
        _re(r"(?:SRID=\d+;)?POINT ?Z? ?\(-?\d+(?:\.\d+)? -?\d+(?:\.\d+)?.{0,30}\)"),
        0.85,
        "(",
    ),
    Form(
        "location.coordinates",
        "degrees of latitude or longitude",
        _re(r"-?\d{1,3}[.,]\d{4,20}"),
        0.4,
        ".,",
        0.9,
    ),
    Form("contact.address.postal_code", "US postal codes", _re(r"\d{5}-\d{4}"), 0.6, "-", 0.6),
    Form(
        "contact.address.postal_code",
        "Canadian postal codes",
        _re(r"[ABCEGHJ-NPRSTVXYabceghj-nprstvxy]\d[A-Za-z] ?\d[A-Za-z]\d"),
        0.8,
    ),
    Form(
        "contact.address.postal_code",
        "British postal codes",
        _re(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}"),
        0.7,
    ),
    Form(
        "contact.address.postal_code", "Dutch postal codes", _re(r"[1-9]\d{3} ?[A-Z]{2}"), 0.5, at_least=0.8
    ),
)


def judge_patterns(sample: Sample) -> list[Evidence]:
    """Every form that enough of the distinct values have, with those whose checksum is right counted as valid."""
    found: list[Evidence] = []
    for form in FORMS:
        if form.needs and sample.characters.isdisjoint(form.needs):
            continue
        if not _worth_trying(form, sample):
            continue
        matched = [value for value in sample.cells if form.pattern.fullmatch(value)]
        valid = [value for value in matched if form.valid(value)] if form.valid else []
        found += prevailing(
            form.category,
            form.title,
            sampled=len(sample),
            hits=valid if form.valid else matched,
            weight=form.weight,
            valid=len(valid),
            at_least=form.at_least,
            few=form.sure,
        )
    return found


def _worth_trying(form: Form, sample: Sample) -> bool:
    """Look at a few values spread over the column before looking at all."""
    step = max(1, len(sample.cells) // 24)
    return any(form.pattern.fullmatch(value) for value in sample.cells[::step])
