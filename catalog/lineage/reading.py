"""What propagation starts from: the edges between columns, and what those columns are known to be by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from catalog.lineage.spreading import Base, Flows
from catalog.lineage.transforming import Claim, passage
from catalog.models import Column, Edge, Label

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """What columns are by themselves, which of them a person has decided on, and what persons refused."""

    bases: dict[int, list[Base]]
    decided: set[int]
    refused: set[tuple[int, str, int]]


def live_edges() -> QuerySet[Edge]:
    """Edges from column to column that are there now."""
    return Edge.objects.filter(gone_at=None, source_column__isnull=False, target_column__isnull=False)


def read_flows() -> Iterator[int | Flows]:
    """The edges that carry labels, read once. Yields how many it has so far, and at last the edges themselves.

    An edge that is known between data sets only, or concerns all columns of the target alike, carries none.
    """
    flows = Flows()
    gone = set(Column.objects.filter(gone_at__isnull=False).order_by().values_list("pk", flat=True))
    rows = (
        live_edges()
        .order_by("source_column_id", "pk")
        .values_list("pk", "source_column_id", "target_column_id", "kind", "subtype", "masking", "confidence")
    )
    for read, (edge, source, target, kind, subtype, masking, confidence) in enumerate(
        rows.iterator(chunk_size=CHUNK)
    ):
        found = passage(kind, subtype, masking)
        if found and source != target and source not in gone and target not in gone:
            factor, effect = found
            flows.add(source, target, factor=factor * min(confidence, 1.0), effect=effect, edge=edge)
        if read % CHUNK == 0:
            yield read
    yield flows


def read_known() -> Known:
    """What the sources of edges are known to be without lineage: the person's decision, else the best suggestion.

    Lineage labels are no base, so two columns of a cycle cannot hold each other's label up.
    """
    sources = Exists(live_edges().filter(source_column=OuterRef("pk")).order_by())
    bases: dict[int, list[Base]] = {}
    decided: set[int] = set()
    cleared: set[int] = set()
    confirmed = Column.objects.filter(sources, gone_at=None, state=Column.State.CONFIRMED)
    for pk, category, sensitivity in (
        confirmed.order_by("pk").values_list("pk", "category", "sensitivity").iterator(chunk_size=CHUNK)
    ):
        decided.add(pk)
        if sensitivity == "none":
            cleared.add(pk)
        else:
            bases[pk] = [Base(Claim(category, sensitivity), 1.0)]
    for pk, category, sensitivity, contained, confidence in _suggested(sources):
        if pk not in (cleared if contained else decided):
            bases.setdefault(pk, []).append(Base(Claim(category, sensitivity, contained), confidence))
    return Known(bases, decided, _refused())


def _suggested(sources: Exists) -> Iterator[tuple[int, str, str, bool, float]]:
    """The best whole suggestion of each source, as `settle` ranks them, and all that are contained in it."""
    found = (
        Label.objects.filter(
            Exists(Column.objects.filter(sources, pk=OuterRef("column"), gone_at=None)),
            state=Label.State.SUGGESTED,
        )
        .exclude(origin__in=[Label.Origin.LINEAGE, Label.Origin.PERSON])
        .annotate(by_people=Case(When(origin=Label.Origin.PRECEDENT, then=1), default=0))
        .order_by("column_id", "contained", "-by_people", "-confidence", "pk")
        .values_list("column_id", "category", "sensitivity", "contained", "confidence")
    )
    before = 0
    for row in found.iterator(chunk_size=CHUNK):
        column, _, _, contained, _ = row
        if contained or column != before:
            yield row
        before = column


def _refused() -> set[tuple[int, str, int]]:
    rejected = Label.objects.filter(origin=Label.Origin.LINEAGE, state=Label.State.REJECTED)
    return {
        (column, category, evidence[0]["column"])
        for column, category, evidence in rejected.values_list("column_id", "category", "evidence")
    }
