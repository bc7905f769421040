"""From what is known of each column to one rule for each, with its reason in words; closed by default.

First what a person says for this job, then the contract's masking for the use, then the advisor's first technique for
what the column holds. A column that none of them decides is refused: nothing passes because nobody looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.contracts.document import TECHNIQUES, Document, root_of
from retention.anonymization.advising import Described, category_of, of_contract, suggest
from retention.anonymization.rules import KEEP, Rule, RuleSet
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.uses import key_of

# Who tells persons apart best, where the job does not say.
_PERSON = ("id.customer", "id.account", "id.employee", "id", "id.national", "contact.email", "id.username")
_WATCHED = (Sensitivity.DIRECT, Sensitivity.PSEUDONYMOUS)
MOST_NAMED = 20


@dataclass(frozen=True)
class Undecided:
    """A column without a rule, and what would help."""

    column: str
    why: str


@dataclass(frozen=True)
class Resolution:
    """The rules; `undecided` columns have none yet. `watched` are direct identifiers that nobody kept on purpose."""

    rules: RuleSet
    undecided: tuple[Undecided, ...] = ()
    watched: tuple[str, ...] = ()
    person_category: str = ""

    def require_complete(self) -> None:
        """TechniqueError naming the columns that nobody decided about."""
        if self.undecided:
            named = "; ".join(f"{each.column} ({each.why})" for each in self.undecided[:MOST_NAMED])
            more = "; …" if len(self.undecided) > MOST_NAMED else ""
            raise TechniqueError(
                f"Nobody decided what becomes of {len(self.undecided)} columns: {named}{more}.",
                "Add them to the contract, review them in the catalog, or give rules for them.",
            )


def require_allowed(document: Document | None, use: str) -> None:
    """TechniqueError where the contract forbids the use, or lists those allowed and this is none of them."""
    if document is None:
        return
    wanted = key_of(use)
    if wanted in map(key_of, document.forbidden_uses):
        raise TechniqueError(
            f"The contract of {document.data_set} forbids the use {use}.",
            "Use other data, or agree on a new version.",
        )
    allowed = (*document.allowed_uses, *document.purposes)
    if document.allowed_uses and wanted not in map(key_of, allowed):
        raise TechniqueError(
            f"The contract of {document.data_set} allows {', '.join(document.allowed_uses)}, and not {use}.",
            "Agree on it with the owner.",
        )


def require_known(document: Document | None, columns: Iterable[str]) -> None:
    """TechniqueError where the contract speaks of columns that the source does not have."""
    present = set(columns)
    declared = [item.name for item in document.fields] if document else []
    missing = [name for name in declared if not {name, root_of(name)} & present]
    if missing:
        raise TechniqueError(
            f"The contract has columns that the source does not have: {', '.join(missing[:MOST_NAMED])}.",
            "Name the contract of this source, or correct it.",
        )


def resolve(
    columns: Sequence[Described],
    *,
    use: str,
    document: Document | None = None,
    given: Mapping[str, Rule] | None = None,
    person: str = "",
) -> Resolution:
    """A rule for each column. Raises TechniqueError for a forbidden use and for what is said about unknown columns."""
    names = [column.name for column in columns]
    require_allowed(document, use)
    require_known(document, names)
    for name in (*(given or {}), *([person] if person else [])):
        if name not in names:
            raise TechniqueError(
                f"There is no column {name} in the source.", f"It has {', '.join(names[:MOST_NAMED])}."
            )
    chosen = person or _person_of(columns)
    nested = _nested(document)
    rules, undecided = [], []
    for column in columns:
        found = (given or {}).get(column.name) or _rule(column, use, chosen, nested.get(column.name, {}))
        if isinstance(found, Rule):
            rules.append(found)
        else:
            undecided.append(Undecided(column.name, found))
    telling = next((column for column in columns if column.name == chosen), None)
    rule_set = RuleSet(tuple(rules), use=use, person=chosen)
    return Resolution(
        rule_set,
        tuple(undecided),
        tuple(column.name for column in columns if is_watched(column, rule_set.of(column.name))),
        telling.category if telling and telling.category in CATEGORIES else "",
    )


def is_watched(column: Described, rule: Rule | None) -> bool:
    """Whether no value of the column may come out: it names persons, and is not kept on purpose."""
    return rule is not None and rule.technique not in (KEEP, "drop") and column.sensitivity in _WATCHED


def _rule(column: Described, use: str, person: str, inside: Mapping[str, object]) -> Rule | str:
    """The rule of one column, or why there is none."""
    said = next((how for name, how in column.masking.items() if key_of(name) == key_of(use)), None)
    if said is not None:
        return _of_contract(column, said, use, person)
    if inside:
        return "the contract has rules for what lies inside it only: give one for the whole column"
    suggestions = suggest(column, use=use, person=person)
    if suggestions:
        best = suggestions[0]
        return Rule(column.name, best.technique, best.parameters, f"{_what(column)}: {best.why}")
    if column.sensitivity == Sensitivity.NONE:
        return "a scan says that it is not personal, and nobody confirmed it"
    return "no technique fits what it holds" if category_of(column) else "nobody said what it holds"


def _of_contract(column: Described, said: object, use: str, person: str) -> Rule | str:
    reason = f"The contract says so for {use}."
    if isinstance(said, Mapping):
        return Rule(column.name, str(said["technique"]), dict(said.get("parameters") or {}), reason)
    if said not in TECHNIQUES:
        return f"the contract says {said}, which is no technique"
    advised = of_contract(str(said), column, person=person)
    if advised is None:
        return (
            f"the contract says {said}, and no technique does that to {column.type} of this content: name one"
        )
    return Rule(column.name, advised.technique, dict(advised.parameters), f"{reason[:-1]}: {said}.")


def _what(column: Described) -> str:
    title = CATEGORIES[column.category].title if column.category in CATEGORIES else ""
    if column.contains and not title:
        inside = ", ".join(CATEGORIES[key].title for key in column.contains if key in CATEGORIES)
        title = f"Text with {inside}"
    how = {"contract": "by the contract", "review": "confirmed", "scan": "not reviewed, so taken for it"}
    return f"{title or 'Content'} ({how.get(column.known_by, 'nobody said')})"


def _person_of(columns: Sequence[Described]) -> str:
    for category in _PERSON:
        for column in columns:
            if column.category == category and CATEGORIES[category].unique:
                return column.name
    return ""


def _nested(document: Document | None) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for item in document.fields if document else ():
        if root_of(item.name) != item.name and any(how != KEEP for how in item.masking.values()):
            found.setdefault(root_of(item.name), {})[item.name] = item.masking
    return found
