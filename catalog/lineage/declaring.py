"""Edges by hand: where the content of a column goes that no event and no query tells of."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog import events
from catalog.lineage import propagation
from catalog.models import Column, Edge

SUBTYPES = {
    Edge.Kind.DIRECT: ("IDENTITY", "TRANSFORMATION", "AGGREGATION"),
    Edge.Kind.INDIRECT: ("JOIN", "FILTER", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL"),
}


@transaction.atomic
def declare(
    *,
    source: Column,
    target: Column,
    kind: str = Edge.Kind.DIRECT,
    subtype: str = "IDENTITY",
    masking: bool = False,
) -> Edge:
    """An edge between two columns of any systems; labels travel along it at once. Raises ValidationError."""
    _check(source, target, kind, subtype)
    now = timezone.now()
    edge, created = Edge.objects.get_or_create(
        source=source.data_set,
        source_column=source,
        target=target.data_set,
        target_column=target,
        job=None,
        origin=Edge.Origin.DECLARED,
        kind=kind,
        subtype=subtype,
        masking=masking,
        defaults={"first_seen_at": now, "last_seen_at": now},
    )
    if not created:
        if edge.gone_at is None:
            raise ValidationError("This edge is declared already: remove it first to declare another kind.")
        edge.last_seen_at, edge.gone_at = now, None
        edge.save(update_fields=["last_seen_at", "gone_at"])
    record(events.LINEAGE_DECLARED, edge, kind=str(kind), subtype=subtype, masking=masking)
    propagation.request()
    return edge


@transaction.atomic
def remove(edge: Edge) -> None:
    """Take a declared edge away, and with it the labels it carried. Raises ValidationError for any other edge."""
    if edge.origin != Edge.Origin.DECLARED:
        raise ValidationError(
            "Only an edge that was declared by hand can be removed: others go with their source."
        )
    if not Edge.objects.filter(pk=edge.pk, gone_at=None).update(gone_at=timezone.now()):
        return
    record(events.LINEAGE_REMOVED, edge)
    propagation.request()


def _check(source: Column, target: Column, kind: str, subtype: str) -> None:
    if kind not in SUBTYPES:
        raise ValidationError({"kind": f"Choose one of: {', '.join(SUBTYPES)}."})
    allowed = SUBTYPES[Edge.Kind(kind)]
    if subtype not in allowed:
        raise ValidationError({"subtype": f"A {kind} edge is one of: {', '.join(allowed)}."})
    if source.pk == target.pk:
        raise ValidationError({"target": "A column does not flow into itself."})
    for name, column in (("source", source), ("target", target)):
        if column.gone_at:
            raise ValidationError({name: f"{column} is gone from its store."})
