"""Properties of ODCS, nested as they are, and our flat list of fields; one is turned into the other and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.connectors.base import Kind
from catalog.contracts.document import MOST_DAYS, Field, is_masking
from catalog.contracts.odcs_custom import custom, set_custom, set_or_drop
from catalog.contracts.problems import Path
from catalog.contracts.types import kind_of

Plain = dict[str, Any]
Placed = tuple[str, Mapping[str, Any], Path]  # the name of a field, its property, and where that stands
LOGICAL = ("string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean")
_LOGICAL_OF = {
    Kind.TEXT: "string",
    Kind.UUID: "string",
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "number",
    Kind.FLOAT: "number",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp",
    Kind.TIME: "time",
    Kind.JSON: "object",
    Kind.ARRAY: "array",
}
_INSIDE = ("properties", "items")


def read(properties: Sequence[Mapping[str, Any]]) -> tuple[list[Field], dict[str, Plain]]:
    """The fields, each before what lies inside it, and what ODCS says of each, under its path."""
    pairs = [(get(place, name), place) for name, place, _ in _places(properties, "", ())]
    kept = {item.name: _own(place) for item, place in pairs}
    return [item for item, _ in pairs], kept


def write(fields: Sequence[Field], kept: Mapping[str, Plain]) -> list[Plain]:
    """Properties as they were read, but for what the fields say otherwise; new ones for new fields."""
    made: dict[str, Plain] = {}
    top: list[Plain] = []
    for item in fields:
        above, name = _above(item.name, made)
        place = put(deepcopy(kept.get(item.name, {})), item, name=name)
        if not above:
            top.append(place)
        elif name == "[]":
            made[above]["items"] = place
        else:
            made[above].setdefault("properties", []).append(place)
        made[item.name] = place
    return top


def get(place: Mapping[str, Any], path: str) -> Field:
    """What a property says in our words."""
    said = custom(place)
    category = str(said.get("category") or "")
    masking = said.get("masking")
    return Field(
        name=path,
        type=str(place.get("physicalType") or place.get("logicalType") or ""),
        nullable=not place.get("required", False),
        unique=bool(place.get("unique", False)),
        category=category if category in CATEGORIES else "",
        sensitivity=_sensitivity(said.get("sensitivity")) or _sensitivity(place.get("classification")),
        description=str(place.get("description") or ""),
        retention_days=days_of(said),
        masking={use: how for use, how in masking.items() if is_masking(how)}
        if isinstance(masking, dict)
        else {},
        tags=tuple(place.get("tags") or ()),
    )


def days_of(said: Mapping[str, Any]) -> int | None:
    """The retention that custom properties give, where it is a number of days."""
    days = said.get("retentionDays")
    return days if isinstance(days, int) and not isinstance(days, bool) and 0 < days <= MOST_DAYS else None


def paths(properties: Sequence[Mapping[str, Any]]) -> dict[str, Path]:
    """Where in the text of `properties` each field stands."""
    return {name: at for name, _, at in _places(properties, "", ())}


def put(place: Plain, item: Field, *, name: str) -> Plain:
    """The property with what the field says otherwise; what says the same stays as it is spelled."""
    was = get(place, item.name)
    if not place and name != "[]":
        place = {"name": name}
    if item.type != was.type:
        _put_type(place, item.type)
    set_or_drop(place, "required", not item.nullable, was=not was.nullable)
    set_or_drop(place, "unique", item.unique, was=was.unique)
    set_or_drop(place, "description", item.description, was=was.description)
    set_or_drop(place, "tags", list(item.tags), was=list(was.tags))
    if item.sensitivity != was.sensitivity:
        _put_sensitivity(place, item.sensitivity)
    for key, value, before in (
        ("category", item.category, was.category),
        ("retentionDays", item.retention_days, was.retention_days),
        ("masking", dict(item.masking), dict(was.masking)),
    ):
        if value != before:
            set_custom(place, key, value)
    return place


def _put_type(place: Plain, spelling: str) -> None:
    for key in ("logicalType", "physicalType", "logicalTypeOptions"):
        place.pop(key, None)
    if spelling in LOGICAL:
        place["logicalType"] = spelling
    elif spelling:
        logical = _LOGICAL_OF.get(kind_of(spelling))
        place |= ({"logicalType": logical} if logical else {}) | {"physicalType": spelling}


def _put_sensitivity(place: Plain, sensitivity: str) -> None:
    """As the classification, unless another scheme of classification has that place."""
    set_custom(place, "sensitivity", None)
    if _sensitivity(place.get("classification")) or "classification" not in place:
        set_or_drop(place, "classification", sensitivity, was=None)
    else:
        set_custom(place, "sensitivity", sensitivity)


def _sensitivity(value: Any) -> str:
    return str(value) if value in list(Sensitivity) else ""


def _places(properties: Sequence[Mapping[str, Any]], above: str, at: Path) -> Iterator[Placed]:
    for number, place in enumerate(properties):
        yield from _place(f"{above}{place.get('physicalName') or place['name']}", place, (*at, number))


def _place(path: str, place: Mapping[str, Any], at: Path) -> Iterator[Placed]:
    yield path, place, at
    if isinstance(place.get("items"), Mapping):
        yield from _place(f"{path}[]", place["items"], (*at, "items"))
    yield from _places(place.get("properties") or [], f"{path}.", (*at, "properties"))


def _own(place: Mapping[str, Any]) -> Plain:
    return {key: value for key, value in place.items() if key not in _INSIDE or not value}


def _above(name: str, made: Mapping[str, Plain]) -> tuple[str, str]:
    """The nearest field that this one lies in, and its name within; a name may have dots of its own."""
    if name.endswith("[]") and name[:-2] in made:
        return name[:-2], "[]"
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        above = ".".join(parts[:cut])
        if above in made:
            return above, ".".join(parts[cut:])
    return "", name
