"""Custom properties of ODCS: a list of names and values, read and set as if it were a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LIST = "customProperties"


def custom(place: Mapping[str, Any]) -> dict[str, Any]:
    """The custom properties of a contract, an object or a property; of two with one name the first."""
    found: dict[str, Any] = {}
    for item in place.get(LIST) or ():
        found.setdefault(item["property"], item["value"])
    return found


def set_custom(place: dict[str, Any], name: str, value: Any) -> None:
    """Set one of them in its place, add it, or (with nothing) take it out; an empty list still says something."""
    items = list(place.get(LIST) or ())
    at = next((at for at, item in enumerate(items) if item["property"] == name), len(items))
    keep = value is not None and value != "" and value != {}
    items[at : at + 1] = (
        [{**(items[at] if at < len(items) else {}), "property": name, "value": value}] if keep else []
    )
    if items:
        place[LIST] = items
    else:
        place.pop(LIST, None)


def set_or_drop(place: dict[str, Any], key: str, value: Any, *, was: Any) -> None:
    """Set a plain member where it differs from what the place says already; take it out where it is nothing."""
    if value == was:
        return
    if value or value is False:
        place[key] = value
    else:
        place.pop(key, None)
