"""Examples a steward may see: the form of a value without the value."""

from __future__ import annotations

import re

from catalog.classification.vocabulary import CATEGORIES, Sensitivity, within

LONGEST = 32
_HIDDEN = re.compile(r"\w", re.UNICODE)
_DIGIT = re.compile(r"\d")
_FULLY_HIDDEN = ("credential", "health", "biometric", "demographic")


def mask(value: str, category: str) -> str:
    """Hide `value` so far that its form shows but its content does not: `l****@e******.br`, `L***`.

    Sensitive, secret and demographic values are hidden entirely, as are very short ones.
    """
    value = value[:LONGEST]
    known = CATEGORIES.get(category)
    secret = known is None or known.sensitivity is Sensitivity.SENSITIVE
    if secret or len(value) < 3 or any(within(category, key) for key in _FULLY_HIDDEN):
        return _HIDDEN.sub("*", value)
    if "@" in value:
        local, _, domain = value.partition("@")
        host, _, rest = domain.partition(".")
        suffix = rest.rpartition(".")[2]
        return _keep_first(local) + "@" + _keep_first(host) + (f".{suffix}" if suffix else "")
    if within(category, "contact.phone") or within(category, "contact.fax"):
        hidden = max(len(_DIGIT.findall(value)) - 2, 0)
        return _DIGIT.sub("*", value, count=hidden) if hidden else _HIDDEN.sub("*", value)
    return _keep_first(value)


def _keep_first(text: str) -> str:
    return text[:1] + _HIDDEN.sub("*", text[1:])
