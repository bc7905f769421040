"""The words that engineers tag fields with in schemas, and what they mean in ours.

Written as `privacy.category`, `privacy.sensitivity`, `privacy.masking` and `privacy.retention_days`; read also in
the spellings that are common: `pii`, `sensitivity`, `classification`, `category`, `data_category`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.contracts.document import MOST_DAYS, Field, is_masking
from catalog.contracts.problems import ContractError, Problem

PREFIX = "privacy."
_CATEGORY = ("privacy.category", "category", "data_category", "pii_category", "pii_type", "pii")
_SENSITIVITY = (
    "privacy.sensitivity",
    "sensitivity",
    "privacy.classification",
    "classification",
    "privacy",
    "pii",
)
_MASKING = ("privacy.masking", "masking")
_RETENTION = ("privacy.retention_days", "retention_days")
_YES, _NO = ("true", "yes", "1", "pii", "personal"), ("false", "no", "0", "non-pii", "public", "none")
_SYNONYMS = {
    "email": "contact.email",
    "e-mail": "contact.email",
    "phone": "contact.phone",
    "address": "contact.address",
    "name": "name.full",
    "ip": "online.ip",
    "ip_address": "online.ip",
    "ssn": "id.national",
    "iban": "finance.iban",
}
KNOWN = frozenset({*_CATEGORY, *_SENSITIVITY, *_MASKING, *_RETENTION})


def tagged(field: Field, attributes: Mapping[str, Any]) -> Field:
    """The field with what the attributes of it in a schema say. Raises ContractError for words that mean nothing."""
    given = {key.casefold(): value for key, value in attributes.items()}
    category = next(filter(None, (_category(key, given[key]) for key in _CATEGORY if key in given)), "")
    sensitivity = next(filter(None, (_sensitivity(given[key]) for key in _SENSITIVITY if key in given)), "")
    if category and CATEGORIES[category].sensitivity == sensitivity:
        sensitivity = ""  # the category says it
    for key in ("privacy.category", "privacy.sensitivity"):
        if key in given and not (category if key == "privacy.category" else sensitivity or category):
            raise _meaningless(field, key, given[key])
    days = next((given[key] for key in _RETENTION if key in given), None)
    return replace(
        field,
        category=category or field.category,
        sensitivity=sensitivity or field.sensitivity,
        masking=dict(_masking(field, next((given[key] for key in _MASKING if key in given), {})))
        or field.masking,
        retention_days=field.retention_days if days is None else _days(field, days),
    )


def attributes_of(field: Field) -> dict[str, Any]:
    """What a schema says of the field, under our own spellings; only what is declared."""
    said = {
        "privacy.category": field.category,
        "privacy.sensitivity": field.sensitivity,
        "privacy.masking": _written(field.masking),
        "privacy.retention_days": field.retention_days,
    }
    return {key: value for key, value in said.items() if value}


def _category(key: str, value: Any) -> str:
    word = str(value).strip().casefold()
    if word in CATEGORIES:
        return word
    return _SYNONYMS.get(word, "") if key != "category" else ""


def _sensitivity(value: Any) -> str:
    word = str(value).strip().casefold()
    if word in list(Sensitivity):
        return word
    if word in _YES:
        return Sensitivity.DIRECT.value  # which kind is not said: the most care
    return Sensitivity.NONE.value if word in _NO else ""


def _masking(field: Field, value: Any) -> Iterator[tuple[str, Any]]:
    """`analytics: hash, support: mask`, or a mapping of the same; techniques with parameters as JSON."""
    for use, given in _pairs(field, value):
        how = given.strip() if isinstance(given, str) else given
        if not str(use).strip():
            continue
        if not is_masking(how):
            raise _meaningless(field, "privacy.masking", value)
        yield str(use).strip(), how


def _pairs(field: Field, value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise _meaningless(field, "privacy.masking", value) from None
    if isinstance(value, Mapping):
        return value.items()
    return [part.partition(":")[::2] for part in str(value).split(",")]


def _written(masking: Mapping[str, Any]) -> str:
    if any(isinstance(how, Mapping) for how in masking.values()):
        return orjson.dumps(dict(masking)).decode()
    return ", ".join(f"{use}: {technique}" for use, technique in masking.items())


def _days(field: Field, value: Any) -> int:
    text = str(value).strip()
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise _meaningless(field, "privacy.retention_days", value)
    return int(text)


def _meaningless(field: Field, key: str, value: Any) -> ContractError:
    problem = Problem(
        f"“{str(value)[:60]}” means nothing as {key}.", "Use the words of the form.", field.name
    )
    return ContractError(problem)
