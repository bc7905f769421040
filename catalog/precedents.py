"""Decisions that people took, carried to like columns: of the same name and kind, where a scan found the same.

A carried decision is a suggestion with the weight of a person's word: the column stays unreviewed, and counts as
personal, until somebody confirms it. Where people decided otherwise on like columns, nothing is carried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from catalog.labelling import settle
from catalog.lineage import propagation
from catalog.models import Column, Label, Precedent
from governance.console.jobs import Progress, enqueue, job
from governance.console.models import Job

CONFIDENCE = 0.95
BATCH = 1_000
VERDICT_FIELDS = ("category", "sensitivity", "confidence", "contains")

Likeness = tuple[str, str, str]  # name, kind, what the scan found


@dataclass(frozen=True, slots=True)
class Decided:
    """One person's decision: `label` says what. A rejection, or None, takes an earlier one back."""

    column: Column
    found: str
    label: Label | None


@dataclass(frozen=True, slots=True)
class Carried:
    """Labels to add and to withdraw, and the columns whose verdict is another then (set in memory)."""

    added: list[Label]
    withdrawn: list[Label]
    changed: list[Column]


def found_by_scan(labels: Iterable[Label]) -> str:
    """The category that the scan is most sure of; empty where it suggests none."""
    scanned = [label for label in labels if label.origin == Label.Origin.SCAN and not label.contained]
    best = max(scanned, key=lambda label: label.confidence, default=None)
    return best.category if best else ""


def remember(decisions: Sequence[Decided]) -> None:
    """Keep them in place of earlier ones on the same columns, and carry them to like columns by a job."""
    earlier = Precedent.objects.filter(column__in=[each.column.pk for each in decisions], withdrawn_at=None)
    earlier.update(withdrawn_at=timezone.now())
    Precedent.objects.bulk_create(
        [
            Precedent(
                name=each.column.name.casefold(),
                kind=each.column.kind,
                found=each.found,
                category=each.label.category,
                sensitivity=each.label.sensitivity,
                column=each.column,
                made_by=each.label.made_by,
            )
            for each in decisions
            if each.label and each.label.state == Label.State.CONFIRMED
        ],
        batch_size=BATCH,
    )
    names = sorted({each.column.name.casefold() for each in decisions})
    for start in range(0, len(names), BATCH):
        part = names[start : start + BATCH]
        enqueue("catalog.carry", title="Carry decisions to like columns", names=part)


@job("catalog.carry")
def carry_job(running: Job, *, names: list[str]) -> Iterator[Progress]:
    """Carry, or take back, what was decided on columns of these names."""
    changed = 0
    for number, name in enumerate(names, start=1):
        like = Column.objects.filter(
            name__has_part=name, name__iexact=name, state=Column.State.UNREVIEWED, gone_at=None
        )
        pks = list(like.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(pks), BATCH):
            changed += carry_to(pks[start : start + BATCH])
        yield Progress(number, len(names), f"{changed} columns changed")
    if changed:
        propagation.request()


@transaction.atomic
def carry_to(pks: Sequence[int]) -> int:
    """Bring these columns' carried decisions up to date; how many changed their verdict."""
    columns = list(Column.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
    live: dict[int, list[Label]] = {column.pk: [] for column in columns}
    for label in Label.objects.filter(
        column__in=live, state__in=(Label.State.SUGGESTED, Label.State.CONFIRMED)
    ).order_by("made_at", "pk"):
        live[label.column_id].append(label)
    result = carried(columns, live)
    gone = [label.pk for label in result.withdrawn]
    Label.objects.filter(pk__in=gone).update(state=Label.State.SUPERSEDED)
    Label.objects.bulk_create(result.added, batch_size=BATCH)
    Column.objects.bulk_update(result.changed, VERDICT_FIELDS, batch_size=500)
    return len(result.changed)


def carried(columns: Sequence[Column], live: Mapping[int, list[Label]]) -> Carried:
    """What people decided on columns like these, as suggestions on them.

    `live` are the columns' suggested and confirmed labels by primary key, brought up to date too.
    """
    rulings = _rulings(columns, live)
    added, withdrawn, changed = [], [], []
    for column in columns:
        labels = live[column.pk]
        ruling = None if _decided(column, labels) else rulings.get(_likeness(column, labels))
        before = next((label for label in labels if label.origin == Label.Origin.PRECEDENT), None)
        after = _label(column, ruling) if ruling else None
        if _says(before) == _says(after):
            continue
        if before:
            withdrawn.append(before)
            labels.remove(before)
        if after:
            added.append(after)
            labels.append(after)
        if settle(column, labels):
            changed.append(column)
    return Carried(added, withdrawn, changed)


def _rulings(columns: Sequence[Column], live: Mapping[int, list[Label]]) -> dict[Likeness, Precedent]:
    """By likeness, the latest of the decisions that all say the same."""
    wanted = {_likeness(column, live[column.pk]) for column in columns}
    found: dict[Likeness, list[Precedent]] = {}
    of_names = Precedent.objects.filter(name__in={name for name, _, _ in wanted}, withdrawn_at=None)
    for precedent in of_names.select_related("made_by", "column__data_set").order_by("made_at", "pk"):
        found.setdefault((precedent.name, precedent.kind, precedent.found), []).append(precedent)
    return {
        likeness: precedents[-1]
        for likeness, precedents in found.items()
        if likeness in wanted and len({(each.category, each.sensitivity) for each in precedents}) == 1
    }


def _likeness(column: Column, labels: Iterable[Label]) -> Likeness:
    return column.name.casefold(), column.kind, found_by_scan(labels)


def _decided(column: Column, labels: Iterable[Label]) -> bool:
    return column.state == Column.State.CONFIRMED or any(
        label.origin == Label.Origin.PERSON for label in labels
    )


def _says(label: Label | None) -> tuple[str, str] | None:
    return (label.category, label.sensitivity) if label else None


def _label(column: Column, precedent: Precedent) -> Label:
    who = precedent.made_by.display_name if precedent.made_by else "a former member of staff"
    where = f" on {precedent.column.data_set.name}" if precedent.column else ""
    evidence = {
        "origin": "precedent",
        "category": precedent.category,
        "detail": f"Decided so by {who}{where}, for a column of the same name in which a scan found the same.",
        "weight": CONFIDENCE,
        "sampled": 0,
        "matched": 0,
        "valid": 0,
        "examples": [],
        "contained": False,
    }
    return Label(
        column=column,
        origin=Label.Origin.PRECEDENT,
        category=precedent.category,
        sensitivity=precedent.sensitivity,
        confidence=CONFIDENCE,
        evidence=[evidence],
        state=Label.State.SUGGESTED,
    )
