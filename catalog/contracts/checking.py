"""Where reality, or a use of the data, breaks a contract. Pure: no database, no files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.classification.vocabulary import CATEGORIES, Sensitivity, within
from catalog.contracts.document import KEEP, Document, Field, root_of, word_of
from catalog.contracts.loading import Loaded
from catalog.contracts.seen import Observed, Seen
from catalog.contracts.types import same_type

TELLING = (Sensitivity.DIRECT, Sensitivity.SENSITIVE)  # not for another use as they are
DROP = "drop"
# Whose values still show what they were, so that one may find them there.
STILL_TELLING = ("generalize", "perturb", "noise", "substitute", "date_shift", "ff1", "token", "redact_text")
CODES = {
    "missing_column": "A column of the contract is not there.",
    "extra_column": "A column is there that the contract does not have.",
    "type_changed": "A column is of another type.",
    "may_be_null": "A column that must not be empty may be, or is.",
    "declared_not_personal": "A column declared not to be personal holds personal data.",
    "undeclared": "A column holds personal data, and the contract does not say so.",
    "retention_missing": "A personal column has no retention.",
    "use_forbidden": "The contract forbids the use.",
    "use_not_allowed": "The contract does not list the use among those allowed.",
    "masking_missing": "A use other than the purpose sees a direct identifier or sensitive data unmasked.",
    "not_masked": "The contract asks for masking for the use, and the values are not masked.",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach: `code` is a key of CODES, `field` the column (empty: the whole), `line` of the contract's file."""

    code: str
    field: str
    message: str
    remedy: str
    line: int | None = None


def check(loaded: Loaded, *, observed: Observed | None = None, use: str = "") -> list[Breach]:
    """All breaches, in the order of the contract; those of the structure only where something was observed.

    A use that is not one of the purposes needs masking for each direct identifier and each sensitive column.
    """
    document = loaded.document
    found = [*_uses(document, use)]
    if use and not found and use not in document.purposes:
        found += _masking(document, use)
    found += _retention(document)
    if observed:
        found += _structure(document, observed, use)
        found += _content(document, observed, use)
    placed = [
        Breach(b.code, b.field, b.message, b.remedy, loaded.line_of(b.field, _ATTRIBUTE.get(b.code, "")))
        for b in found
    ]
    order = {item.name: number for number, item in enumerate(document.fields)}
    return sorted(placed, key=lambda breach: order.get(breach.field, -1 if not breach.field else len(order)))


_ATTRIBUTE = {
    "type_changed": "type",
    "may_be_null": "nullable",
    "declared_not_personal": "category",
    "use_forbidden": "forbidden_uses",
    "use_not_allowed": "allowed_uses",
    "not_masked": "masking",
}


def _uses(document: Document, use: str) -> Iterator[Breach]:
    if use in document.forbidden_uses:
        yield Breach(
            "use_forbidden",
            "",
            f"{use} is forbidden for {document.data_set}.",
            "Use other data, or agree on a new version.",
        )
    elif use and document.allowed_uses and use not in (*document.allowed_uses, *document.purposes):
        allowed = ", ".join(document.allowed_uses)
        yield Breach(
            "use_not_allowed",
            "",
            f"{use} is not among the allowed uses: {allowed}.",
            "Agree on it with the owner.",
        )


def _retention(document: Document) -> Iterator[Breach]:
    for item in document.personal:
        if document.retention_of(item) is None:
            yield Breach(
                "retention_missing",
                item.name,
                f"{item.name} is personal ({_kind(item)}), and nothing says how long it is kept.",
                "Set retention_days on the column or the data set.",
            )


def _masking(document: Document, use: str) -> Iterator[Breach]:
    for item in document.fields:
        if item.level in TELLING and use not in item.masking:
            yield Breach(
                "masking_missing",
                item.name,
                f"{item.name} ({_kind(item)}) has no masking for {use}.",
                f"Add masking: {{{use}: hash}} (or {KEEP}, on purpose).",
            )


def _structure(document: Document, observed: Observed, use: str) -> Iterator[Breach]:
    seen = {column.name: column for column in observed.columns}
    for item in document.fields:
        column, dropped = seen.get(item.name), word_of(item.masking.get(use)) == DROP
        if column is None:
            if not dropped and not _inside_unseen(item, seen):
                yield _missing(item, observed)
        else:
            yield from _shape(item, column, observed, masked=word_of(item.masking.get(use, KEEP)) != KEEP)
    declared = {item.name for item in document.fields}
    for column in observed.columns:
        if column.name not in declared and not _inside_declared(column.name, declared):
            yield Breach(
                "extra_column",
                column.name,
                f"{observed.where} has the column {column.name}, which the contract does not.",
                f"Add it to the contract{_as_what(column)}, or take it out of the data.",
            )


def _missing(item: Field, observed: Observed) -> Breach:
    folded = {column.name.casefold(): column.name for column in observed.columns}
    near = folded.get(item.name.casefold())
    return Breach(
        "missing_column",
        item.name,
        f"{observed.where} has no column {item.name}.",
        f"It has {near}: spell it so."
        if near
        else "Bring the column back, or agree on a new version without it.",
    )


def _shape(item: Field, column: Seen, observed: Observed, *, masked: bool) -> Iterator[Breach]:
    if (
        column.kind is not None
        and not masked
        and not same_type(item.type, column.type, found_kind=column.kind)
    ):
        yield Breach(
            "type_changed",
            item.name,
            f"{item.name} is {column.type} in {observed.where}; the contract says {item.type}.",
            "Change it back, or agree on a new version.",
        )
    if not item.nullable and column.nullable:
        yield Breach(
            "may_be_null",
            item.name,
            f"{item.name} may be empty in {observed.where}; the contract says it is not.",
            "Fill it, or agree on a new version with nullable: true.",
        )


def _content(document: Document, observed: Observed, use: str) -> Iterator[Breach]:
    seen = {column.name: column for column in observed.columns}
    for item in document.fields:
        if (column := seen.get(item.name)) is None:
            continue
        yield from _claims(item, column)
        technique = word_of(item.masking.get(use, KEEP))
        if technique == DROP:
            yield Breach(
                "not_masked",
                item.name,
                f"{item.name} is still in {observed.where}; for {use} it must go.",
                "Leave it out.",
            )
        elif technique != KEEP and not technique.startswith(STILL_TELLING) and _shows(item, column):
            yield Breach(
                "not_masked",
                item.name,
                f"For {use}, {item.name} must be masked ({technique}), and it looks like: {_title(column.looks_like)}.",
                f"Apply {technique} before the data are handed on.",
            )


def _claims(item: Field, column: Seen) -> Iterator[Breach]:
    if not column.personal or item.personal:
        return
    inside = [key for key in column.contains if CATEGORIES[key].sensitivity != Sensitivity.NONE]
    own = column.category and CATEGORIES[column.category].sensitivity != Sensitivity.NONE
    what = _title(column.category) if own else f"text with {', '.join(map(_title, inside))}"
    category = column.category if own else "content.free_text"
    reason = f" ({column.why})" if own and column.why else ""
    if item.level is Sensitivity.NONE:
        yield Breach(
            "declared_not_personal",
            item.name,
            f"{item.name} is declared not personal; it holds {what}{reason}.",
            f"Declare category: {category}, or have the column reviewed.",
        )
    else:
        yield Breach(
            "undeclared",
            item.name,
            f"{item.name} holds {what}{reason}, and the contract does not say so.",
            f"Add category: {category}, or have the column reviewed.",
        )


def _shows(item: Field, column: Seen) -> bool:
    """Whether the values still are what the column is declared (or known) to hold; a hash looks like a pseudonym."""
    if not column.looks_like or CATEGORIES[column.looks_like].sensitivity not in (
        *TELLING,
        Sensitivity.QUASI,
    ):
        return False
    return not item.category or within(column.looks_like, item.category.split(".")[0])


def _inside_unseen(item: Field, seen: Iterable[str]) -> bool:
    """A path within a column that is there, of which nobody has looked inside."""
    root = root_of(item.name)
    if root == item.name or root not in seen:
        return False
    return not any(name != root and name.startswith((f"{root}.", f"{root}[]")) for name in seen)


def _inside_declared(name: str, declared: set[str]) -> bool:
    """A path within a column whose inside the contract leaves open."""
    root = root_of(name)
    return (
        root != name
        and root in declared
        and not any(other.startswith((f"{root}.", f"{root}[]")) for other in declared)
    )


def _as_what(column: Seen) -> str:
    return f" (category: {column.category})" if column.category else ""


def _kind(item: Field) -> str:
    return item.level.title if item.level else ""


def _title(category: str) -> str:
    title = CATEGORIES[category].title
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
