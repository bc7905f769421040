"""An external data set turns out to be another one: its names, edges, columns and labels go there, and it goes."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from audit.ledger.recording import record
from catalog import events
from catalog.lineage import propagation
from catalog.models import Column, DataSet, DataSetName, Label


@transaction.atomic
def merge(external: DataSet, into: DataSet) -> None:
    """A fixed number of statements. What a hold or a request still refers to stays, marked as gone."""
    record(events.LINEAGE_MERGED, into, was=str(external))
    moved, matched = _columns(external, into)
    if into.system.connectable:
        matched |= dict.fromkeys(moved)  # the store has no such column: its edges stay, on the data set
    else:
        Column.objects.filter(pk__in=moved).update(data_set=into)
    same: dict[str, Any] = {"froms": list(matched), "tos": list(matched.values())}
    with connection.cursor() as cursor:
        cursor.execute(_EDGES, {"old": external.pk, "new": into.pk, **same})
        cursor.execute(_LABELS, {"origins": [Label.Origin.FACET, Label.Origin.PERSON], **same})
    DataSetName.objects.filter(data_set=external).update(data_set=into)
    into.activities.add(*external.activities.all())
    _remove(external)
    propagation.request()


def _columns(external: DataSet, into: DataSet) -> tuple[list[int], dict[int, int | None]]:
    """Columns of `external` that `into` has not, and for the others which one they are."""
    theirs = dict(into.columns.values_list("name", "pk"))
    folded = {name.casefold(): pk for name, pk in theirs.items()}
    mine = dict(external.columns.values_list("name", "pk"))
    matched: dict[int, int | None] = {}
    for name, pk in mine.items():
        same = theirs.get(name) or (folded.get(name.casefold()) if into.system.connectable else None)
        if same:
            matched[pk] = same
    return [pk for pk in mine.values() if pk not in matched], matched


def _remove(external: DataSet) -> None:
    system = external.system
    try:
        with transaction.atomic():
            external.delete()
    except ProtectedError:
        DataSet.objects.filter(pk=external.pk, gone_at=None).update(gone_at=timezone.now())
        return
    if not system.connectable and not system.data_sets.exists():
        system.delete()


# Edges that become the same one are one: seen first when the first was, last when the last was, live if any is.
_EDGES = """
WITH same (old, new) AS (SELECT * FROM unnest(%(froms)s::bigint[], %(tos)s::bigint[])),
touched AS (
  DELETE FROM catalog_edge WHERE source_id = %(old)s OR target_id = %(old)s RETURNING *
),
renamed AS (
  SELECT
    CASE source_id WHEN %(old)s THEN %(new)s ELSE source_id END AS source_id,
    CASE WHEN s.old IS NULL THEN source_column_id ELSE s.new END AS source_column_id,
    CASE target_id WHEN %(old)s THEN %(new)s ELSE target_id END AS target_id,
    CASE WHEN t.old IS NULL THEN target_column_id ELSE t.new END AS target_column_id,
    job_id, origin, kind, subtype, masking, run_id, evidence, confidence, first_seen_at, last_seen_at, gone_at
  FROM touched LEFT JOIN same AS s ON s.old = source_column_id LEFT JOIN same AS t ON t.old = target_column_id
)
INSERT INTO catalog_edge AS known (
  source_id, source_column_id, target_id, target_column_id, job_id, origin, kind, subtype, masking,
  run_id, evidence, confidence, first_seen_at, last_seen_at, gone_at
)
SELECT
  source_id, source_column_id, target_id, target_column_id, job_id, origin, kind, subtype, masking,
  max(run_id), (array_agg(evidence ORDER BY last_seen_at DESC))[1], max(confidence),
  min(first_seen_at), max(last_seen_at), CASE WHEN bool_or(gone_at IS NULL) THEN NULL ELSE max(gone_at) END
FROM renamed
WHERE source_id <> target_id OR source_column_id IS DISTINCT FROM target_column_id
GROUP BY source_id, source_column_id, target_id, target_column_id, job_id, origin, kind, subtype, masking
ON CONFLICT ON CONSTRAINT edge_once DO UPDATE SET
  first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
  last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
  gone_at = CASE
    WHEN known.gone_at IS NULL OR excluded.gone_at IS NULL THEN NULL ELSE greatest(known.gone_at, excluded.gone_at) END
"""

_LABELS = """
UPDATE catalog_label SET column_id = same.new
FROM unnest(%(froms)s::bigint[], %(tos)s::bigint[]) AS same (old, new)
WHERE column_id = same.old AND same.new IS NOT NULL AND origin = ANY(%(origins)s)
"""
