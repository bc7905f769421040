"""From what a classifier found to labels, and from labels to the verdict on a column. Pure: writes nothing.

A scan adds labels and withdraws its own earlier ones, only where they differ; it never touches a person's. What a
person rejected stays rejected until a witness speaks for it that had not spoken before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from catalog.classification.verdict import Evidence, Verdict
from catalog.classification.vocabulary import CATEGORIES, within
from catalog.models import Column, Label

DETECTOR = "2"  # changes when the same values may be judged otherwise
MOST = 3  # suggestions kept for one column
SAME = 0.05  # a confidence that moved by less says the same
STRONG = 0.8  # confidence from which a suggestion questions a person's decision
FAINT = 0.3  # confidence up to which lineage is only a hint: shown, but no verdict


@dataclass(frozen=True, slots=True)
class Revision:
    """What a scan does to a column's labels."""

    added: list[Label]
    withdrawn: list[Label]
    live: list[Label]


def suggestions(column: Column, verdict: Verdict) -> list[Label]:
    """The verdict as labels, not saved yet."""
    best = [
        _label(column, finding.category, finding.confidence, finding.evidence)
        for finding in verdict.findings[:MOST]
    ]
    inside = [
        _label(column, category, max(item.weight for item in items), items, contained=True)
        for category in verdict.contains
        if (items := [item for item in verdict.contained if item.category == category])
    ]
    return best + inside


def revise(labels: Sequence[Label], found: Iterable[Label]) -> Revision:
    """Compare what a scan found with the column's labels, whatever their state or origin.

    A scan adds and withdraws its own only: what lineage, a contract or an earlier decision suggests stays.
    """
    open_ones = [label for label in labels if label.state == Label.State.SUGGESTED]
    suggested = {_key(label): label for label in open_ones if label.origin == Label.Origin.SCAN}
    others = [label for label in open_ones if label.origin != Label.Origin.SCAN]
    rejected = [
        label for label in labels if label.state == Label.State.REJECTED and label.origin == Label.Origin.SCAN
    ]
    added, kept = [], []
    for label in found:
        earlier = suggested.get(_key(label))
        if earlier and abs(earlier.confidence - label.confidence) < SAME:
            kept.append(earlier)
        elif not any(_same_claim(label, no) and witnesses(label) <= witnesses(no) for no in rejected):
            added.append(label)
    stays = {label.pk for label in kept}
    withdrawn = [label for label in suggested.values() if label.pk not in stays]
    decided = [label for label in labels if _decides(label)]
    return Revision(added, withdrawn, kept + added + others + decided)


def settle(column: Column, live: Sequence[Label]) -> bool:
    """Set the verdict that `live` labels give; whether it changed.

    A person's label comes first, then what people decided on like columns, then the most confident suggestion. A
    confirmed column keeps its category.
    """
    live = [label for label in live if not _hints(label)]
    whole = [label for label in live if not label.contained]
    best = max(whole, key=_rank, default=None)
    values: dict = {"contains": sorted({label.category for label in live if label.contained})}
    if column.state == Column.State.UNREVIEWED:
        values |= {
            "category": best.category if best else "",
            "sensitivity": best.sensitivity if best else "",
            "confidence": best.confidence if best else 0,
        }
    changed = any(getattr(column, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(column, name, value)
    return changed


def disagrees(column: Column, revision: Revision) -> bool:
    """Whether something new speaks strongly against what a person decided about the column."""
    if column.state != Column.State.CONFIRMED:
        return False
    return any(
        _speaks_against(label, column)
        and not any(
            _same_claim(label, earlier) and earlier.confidence >= STRONG for earlier in revision.withdrawn
        )
        for label in revision.added
    )


def witnesses(label: Label) -> frozenset[str]:
    """Who spoke for it: name, pattern, entity, values."""
    return frozenset(item["origin"] for item in label.evidence if item["weight"] > 0)


def _rank(label: Label) -> tuple[int, float]:
    by_people = {Label.Origin.PERSON: 2, Label.Origin.PRECEDENT: 1}
    return by_people.get(Label.Origin(label.origin), 0), label.confidence


def _hints(label: Label) -> bool:
    return label.origin == Label.Origin.LINEAGE and label.confidence <= FAINT


def _decides(label: Label) -> bool:
    return label.origin == Label.Origin.PERSON and label.state == Label.State.CONFIRMED


def _key(label: Label) -> tuple[str, bool, str]:
    return label.category, label.contained, label.detector


def _same_claim(one: Label, other: Label) -> bool:
    return (one.category, one.contained) == (other.category, other.contained)


def _speaks_against(label: Label, column: Column) -> bool:
    if label.contained:
        return not column.personal
    akin = within(label.category, column.category) or within(column.category, label.category)
    parts_of_a_name = within(label.category, "name") and within(column.category, "name")
    return label.confidence >= STRONG and not akin and not parts_of_a_name


def _label(
    column: Column, category: str, confidence: float, evidence: Iterable[Evidence], *, contained: bool = False
) -> Label:
    return Label(
        column=column,
        origin=Label.Origin.SCAN,
        category=category,
        sensitivity=str(CATEGORIES[category].sensitivity),
        contained=contained,
        confidence=confidence,
        evidence=[{**asdict(item), "examples": list(item.examples)} for item in evidence],
        state=Label.State.SUGGESTED,
        detector=DETECTOR,
    )
