"""What one version of a contract says otherwise than another, and for whom that matters. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from catalog.classification.vocabulary import Sensitivity
from catalog.contracts.document import KEEP, Document, Field, shown_masking, word_of
from catalog.contracts.types import same_type

BREAKS = "breaks readers"  # programs that read the data may fail
LOOSENS = "protects less"  # the persons in the data are worse off
TIGHTENS = "protects more"
_CARE = (
    Sensitivity.NONE,
    Sensitivity.PSEUDONYMOUS,
    Sensitivity.QUASI,
    Sensitivity.DIRECT,
    Sensitivity.SENSITIVE,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """`field` is a column, empty for the data set as a whole; `before` or `after` is empty where it was not there."""

    field: str
    attribute: str
    before: str
    after: str
    effect: str = ""

    @property
    def attribute_title(self) -> str:
        return self.attribute.replace("_", " ").replace("odcs", "ODCS").replace("days", "in days")

    @property
    def tone(self) -> str:
        """The state word whose tone the effect has on a page."""
        return {BREAKS: "stale", LOOSENS: "broken", TIGHTENS: "active"}.get(self.effect, "none")


def compare(old: Document, new: Document) -> list[Difference]:
    """The differences, the data set's first, then the columns' in the order of the new version."""
    found = [*_of_whole(old, new)]
    before = {item.name: item for item in old.fields}
    after = {item.name: item for item in new.fields}
    for item in new.fields:
        if item.name in before:
            found += _of_field(before[item.name], item, old, new)
        else:
            found.append(Difference(item.name, "column", "", _summary(item)))
    found += [
        Difference(name, "column", _summary(item), "", BREAKS)
        for name, item in before.items()
        if name not in after
    ]
    return found


def _of_whole(old: Document, new: Document) -> Iterator[Difference]:
    for attribute in (item.name for item in fields(Document) if item.name not in ("fields", "odcs")):
        before, after = getattr(old, attribute), getattr(new, attribute)
        if before != after:
            effect = _effect_of_whole(attribute, before, after)
            yield Difference("", attribute, _shown(before), _shown(after), effect)
    if old.odcs != new.odcs:
        yield Difference("", "odcs", "other terms", "other terms")


def _effect_of_whole(attribute: str, before: Any, after: Any) -> str:
    if attribute == "retention_days":
        return _effect_of_days(before, after)
    if attribute == "forbidden_uses":
        return _effect_of_words(set(after) - set(before), set(before) - set(after))
    if attribute == "allowed_uses":  # none means that all are
        if not before or not after:
            return TIGHTENS if after else LOOSENS
        return _effect_of_words(set(before) - set(after), set(after) - set(before))
    return ""


def _effect_of_words(tighter: set[str], looser: set[str]) -> str:
    return LOOSENS if looser else TIGHTENS if tighter else ""


def _of_field(before: Field, after: Field, old: Document, new: Document) -> Iterator[Difference]:
    for attribute in (item.name for item in fields(Field)):
        one, other = getattr(before, attribute), getattr(after, attribute)
        if one == other:
            continue
        yield Difference(
            after.name, attribute, _shown(one), _shown(other), _effect(attribute, before, after, old, new)
        )


def _effect(attribute: str, before: Field, after: Field, old: Document, new: Document) -> str:
    match attribute:
        case "type":
            return "" if same_type(before.type, after.type) else BREAKS
        case "nullable":
            return BREAKS if after.nullable else ""
        case "unique":
            return BREAKS if before.unique else ""
        case "category" | "sensitivity":
            return _effect_of_care(_care(before), _care(after))
        case "retention_days":
            return _effect_of_days(old.retention_of(before), new.retention_of(after))
        case "masking":
            return _effect_of_words(_masked(after) - _masked(before), _masked(before) - _masked(after))
    return ""


def _effect_of_days(before: int | None, after: int | None) -> str:
    if before == after:
        return ""
    return LOOSENS if after is None or (before is not None and after > before) else TIGHTENS


def _effect_of_care(before: int, after: int) -> str:
    return LOOSENS if after < before else TIGHTENS if after > before else ""


def _care(item: Field) -> int:
    return _CARE.index(item.level) if item.level else 0


def _masked(item: Field) -> set[str]:
    return {use for use, technique in item.masking.items() if word_of(technique) != KEEP}


def _summary(item: Field) -> str:
    words = [item.type, item.category or item.sensitivity]
    return ", ".join(filter(None, words)) or "a column"


def _shown(value: Any) -> str:
    if value is None or value == "" or value == () or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    if hasattr(value, "items"):
        return ", ".join(f"{use}: {shown_masking(technique)}" for use, technique in value.items())
    return str(value)
