"""Tags of producers on columns, as labels of their own: the latest tags of a producer replace its earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from catalog.labelling import Revision, disagrees, settle
from catalog.lineage.canonical import Name
from catalog.lineage.columns import Columns
from catalog.lineage.event import Event
from catalog.lineage.facets import Tag
from catalog.lineage.tag_words import Meaning, meaning_of
from catalog.models import Column, DataSet, Label

DETECTOR = "tags-1"
VERDICT_FIELDS = ("category", "sensitivity", "confidence", "contains", "questioned")


def store_tags(
    events: Sequence[Event],
    data_sets: Mapping[Name, DataSet],
    columns: Columns,
    *,
    newer: Sequence[Event] = (),
) -> int:
    """Add and withdraw labels as the tags of `events`, the oldest first, have it; how many changed.

    `newer` are events that were received before and outdate what late ones say.
    """
    latest: dict[tuple[int, str], tuple[datetime, tuple[Tag, ...], DataSet]] = {}
    outdated = {
        (one.name, event.producer): event.at
        for event in sorted(newer, key=lambda event: event.at)
        for one in event.data_sets
        if one.facets.tags is not None
    }
    for event in events:
        for one in event.data_sets:
            if one.facets.tags is not None and event.at >= outdated.get((one.name, event.producer), event.at):
                data_set = data_sets[one.name]
                latest[data_set.pk, event.producer] = (event.at, one.facets.tags, data_set)
    if not latest:
        return 0
    labels: dict[int, list[Label]] = {}
    for label in Label.objects.filter(column__data_set__in={pk for pk, _ in latest}).order_by(
        "made_at", "pk"
    ):
        labels.setdefault(label.column_id, []).append(label)
    held: dict[int, list[Column]] = {pk: [] for pk, _ in latest}
    for column in Column.objects.filter(data_set__in=list(held)).order_by("data_set_id", "position"):
        held[column.data_set_id].append(column)
    added: list[Label] = []
    withdrawn: list[Label] = []
    for (pk, producer), (at, tags, data_set) in latest.items():
        wanted = _meanings(tags, data_set, columns)
        for column in held[pk]:
            new, old = _revise(column, labels.get(column.pk, []), wanted.get(column.pk), producer, at)
            added += new
            withdrawn += old
    _write(added, withdrawn, labels, {column.pk: column for some in held.values() for column in some})
    return len(added) + len(withdrawn)


def _meanings(tags: Sequence[Tag], data_set: DataSet, columns: Columns) -> dict[int, Meaning]:
    by_column: dict[int, list[Tag]] = {}
    for tag in tags:
        column = columns.find(data_set, tag.field or None)
        if column:
            by_column.setdefault(column.pk, []).append(tag)
    names = {column.pk: column.name for column in columns.by_name[data_set.pk].values()}
    found = {pk: meaning_of(given, names[pk]) for pk, given in by_column.items()}
    return {pk: meaning for pk, meaning in found.items() if meaning}


def _revise(
    column: Column, labels: Sequence[Label], meaning: Meaning | None, producer: str, at: datetime
) -> tuple[list[Label], list[Label]]:
    own = [
        label
        for label in labels
        if label.origin == Label.Origin.FACET and label.evidence[0]["producer"] == producer
    ]
    live = [label for label in own if label.state == Label.State.SUGGESTED]
    same = [
        label
        for label in live
        if meaning and (label.category, label.sensitivity) == (meaning.category, meaning.sensitivity)
    ]
    old = [label for label in live if label not in same]
    rejected = meaning and any(
        label.state == Label.State.REJECTED and label.category == meaning.category for label in own
    )
    new = [_label(column, meaning, producer, at)] if meaning and not same and not rejected else []
    return new, old


def _write(
    added: list[Label],
    withdrawn: list[Label],
    labels: Mapping[int, list[Label]],
    columns: Mapping[int, Column],
) -> None:
    gone = {label.pk for label in withdrawn}
    moved: dict[int, tuple[list[Label], list[Label]]] = {}
    for label in added:
        moved.setdefault(label.column_id, ([], []))[0].append(label)
    for label in withdrawn:
        moved.setdefault(label.column_id, ([], []))[1].append(label)
    changed: list[Column] = []
    for pk, (new, old) in sorted(moved.items()):
        column = columns[pk]
        live = [label for label in labels.get(pk, []) if label.pk not in gone and _counts(label)]
        revision = Revision(new, old, live + new)
        raises = not column.questioned and disagrees(column, revision)
        column.questioned |= raises
        if settle(column, revision.live) or raises:
            changed.append(column)
    Label.objects.filter(pk__in=gone).update(state=Label.State.SUPERSEDED)
    Label.objects.bulk_create(added, batch_size=1_000)
    Column.objects.bulk_update(changed, VERDICT_FIELDS, batch_size=500)


def _counts(label: Label) -> bool:
    by_person = label.origin == Label.Origin.PERSON and label.state == Label.State.CONFIRMED
    return by_person or label.state == Label.State.SUGGESTED


def _label(column: Column, meaning: Meaning, producer: str, at: datetime) -> Label:
    evidence = {
        "origin": "facet",
        "category": meaning.category,
        "detail": f"Its producer tagged it: {meaning.said}"[:500],
        "weight": meaning.confidence,
        "sampled": 0,
        "matched": 0,
        "valid": 0,
        "examples": [],
        "contained": False,
        "producer": producer,
        "at": at.isoformat(),
    }
    return Label(
        column=column,
        origin=Label.Origin.FACET,
        category=meaning.category,
        sensitivity=meaning.sensitivity,
        confidence=meaning.confidence,
        evidence=[evidence],
        state=Label.State.SUGGESTED,
        detector=DETECTOR,
    )
