"""Lineage labels brought up to what reaches each column: only differences are written, a verdict follows them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db import connection, transaction
from django.db.models import Q

from audit.ledger.recording import record
from catalog import events
from catalog.labelling import Revision, disagrees, settle
from catalog.lineage.explaining import Explanation, explain
from catalog.lineage.spreading import Arrival
from catalog.models import Column, Label

DETECTOR = "lineage-1"
CHUNK = 1_000
VERDICT_FIELDS = ("category", "sensitivity", "confidence", "contains", "questioned")
# One plain UPDATE: Django's bulk_update writes a CASE of as many branches as there are rows, for each field.
_WRITE = """
UPDATE catalog_column AS here
SET category = now.category, sensitivity = now.sensitivity, confidence = now.confidence,
    contains = now.contains, questioned = now.questioned
FROM jsonb_to_recordset(%s::jsonb) AS now(
    id bigint, category text, sensitivity text, confidence float8, contains text[], questioned boolean
)
WHERE here.id = now.id
"""
Arrivals = Mapping[int, Sequence[Arrival]]
Signature = tuple[str, bool, int, int, int, int, float]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one chunk changed."""

    columns: int = 0
    added: int = 0
    withdrawn: int = 0
    questioned: int = 0


def differing(arrivals: Arrivals) -> list[int]:
    """The columns whose lineage labels are not what arrives there, in order. Reads all such labels once."""
    live = Label.objects.filter(origin=Label.Origin.LINEAGE, state=Label.State.SUGGESTED).order_by(
        "column_id"
    )
    same: set[int] = set()
    others: set[int] = set()
    rows = live.only("column_id", "category", "contained", "confidence", "evidence").iterator(
        chunk_size=10_000
    )
    for column, labels in groupby(rows, key=lambda label: label.column_id):
        agrees = {_told(label) for label in labels} == {_signature(a) for a in arrivals.get(column, ())}
        (same if agrees else others).add(column)
    return sorted(others | (arrivals.keys() - same))


def store(columns: Sequence[int], arrivals: Arrivals) -> Iterator[Tally]:
    """Write the difference for `columns`, a chunk at a time, each recorded in the ledger with its change."""
    for start in range(0, len(columns), CHUNK):
        chunk = columns[start : start + CHUNK]
        explanation = explain([a for pk in chunk for a in arrivals.get(pk, ())])
        yield _store_chunk(chunk, arrivals, explanation)


@transaction.atomic
def _store_chunk(pks: Sequence[int], arrivals: Arrivals, explanation: Explanation) -> Tally:
    columns = list(Column.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk"))
    labels: dict[int, list[Label]] = {column.pk: [] for column in columns}
    counts = Q(state=Label.State.SUGGESTED) | Q(state=Label.State.CONFIRMED)
    for label in Label.objects.filter(counts, column__in=list(labels)).order_by("made_at", "pk"):
        labels[label.column_id].append(label)
    added: list[Label] = []
    withdrawn: list[int] = []
    changed: list[Column] = []
    questioned = 0
    for column in columns:
        revision = _revise(column, labels[column.pk], arrivals.get(column.pk, ()), explanation)
        added += revision.added
        withdrawn += [label.pk for label in revision.withdrawn]
        raises = not column.questioned and disagrees(column, revision)
        questioned += raises
        column.questioned |= raises
        if settle(column, revision.live) or raises:
            changed.append(column)
    Label.objects.filter(pk__in=withdrawn).update(state=Label.State.SUPERSEDED)
    Label.objects.bulk_create(added, batch_size=1_000)
    _write_verdicts(changed)
    tally = Tally(len(columns), len(added), len(withdrawn), questioned)
    if added or withdrawn:
        record(
            events.LABELS_PROPAGATED,
            added=tally.added,
            withdrawn=tally.withdrawn,
            questioned=tally.questioned,
        )
    return tally


def _write_verdicts(columns: Sequence[Column]) -> None:
    rows = [
        {"id": column.pk, **{name: getattr(column, name) for name in VERDICT_FIELDS}} for column in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [json.dumps(rows)])


def _revise(
    column: Column, live: Sequence[Label], arriving: Collection[Arrival], explanation: Explanation
) -> Revision:
    """The difference between the column's lineage labels and what arrives; labels of other origins stay."""
    own = {_told(label): label for label in live if label.origin == Label.Origin.LINEAGE}
    wanted = {_signature(arrival): arrival for arrival in arriving}
    added = [
        _label(column, arrival, explanation)
        for signature, arrival in wanted.items()
        if signature not in own and arrival.edge in explanation.edges
    ]
    withdrawn = [label for signature, label in own.items() if signature not in wanted]
    gone = {label.pk for label in withdrawn}
    return Revision(added, withdrawn, [label for label in live if label.pk not in gone] + added)


def _label(column: Column, arrival: Arrival, explanation: Explanation) -> Label:
    claim = arrival.claim
    evidence = {
        "origin": "lineage",
        "category": claim.category,
        "detail": explanation.of(arrival),
        "weight": round(arrival.confidence, 4),
        "sampled": 0,
        "matched": 0,
        "valid": 0,
        "examples": [],
        "contained": claim.contained,
        "column": arrival.origin,
        "edge": arrival.edge,
        "job": explanation.job(arrival.edge),
        "steps": arrival.steps,
        "masked": bool(arrival.masked_by),
        "masked_by": arrival.masked_by,
        "indirect": arrival.hinted,
    }
    return Label(
        column=column,
        origin=Label.Origin.LINEAGE,
        category=claim.category,
        sensitivity=claim.sensitivity,
        contained=claim.contained,
        confidence=round(arrival.confidence, 4),
        evidence=[evidence],
        state=Label.State.SUGGESTED,
        detector=DETECTOR,
    )


def _signature(arrival: Arrival) -> Signature:
    claim, strength = arrival.claim, round(arrival.confidence, 4)
    where = (arrival.origin, arrival.edge, arrival.steps, arrival.masked_by)
    return claim.category, claim.contained, *where, strength


def _told(label: Label) -> Signature:
    said = label.evidence[0]
    where = (said["column"], said["edge"], said["steps"], said["masked_by"])
    return label.category, label.contained, *where, label.confidence
