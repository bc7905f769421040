"""Edges written and withdrawn, many reports in two statements, with the same result in whatever order they come.

Times are those of the reports. An edge lives if it was seen at or after the last complete report on its target by the
same origin and job; so a report that comes late adds to the past and takes nothing back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from catalog.lineage import propagation
from catalog.lineage.bulk import arrays


@dataclass(frozen=True, slots=True)
class Flow:
    """Content of the source gets into the target, by primary keys; without a column, of or into all of the data set."""

    source: int
    source_column: int | None
    target: int
    target_column: int | None
    kind: str
    subtype: str = ""
    masking: bool = False
    evidence: str = ""
    confidence: float = 1.0


@dataclass(frozen=True)
class EdgeReport:
    """What one run, view or statement says. `complete_for`: data sets about whose sources it says everything."""

    origin: str
    job: int | None
    run: int | None
    at: datetime
    flows: tuple[Flow, ...]
    complete_for: frozenset[int]


Key = tuple[int, int | None, int, int | None, int | None, str, str, str, bool]


@transaction.atomic
def store(reports: Sequence[EdgeReport]) -> bool:
    """Bring the edges up to what `reports` say; whether any came or went, and then labels will follow.

    Two statements, however many reports.
    """
    came = _upsert(reports)
    went = _withdraw(reports)
    if came or went:
        propagation.request()
    return came or went


def _upsert(reports: Sequence[EdgeReport]) -> bool:
    first: dict[Key, datetime] = {}
    last: dict[Key, tuple[datetime, int | None, Flow]] = {}
    for report in sorted(reports, key=lambda report: report.at):
        for flow in report.flows:
            key = _key(report, flow)
            if flow.source == flow.target and flow.source_column == flow.target_column:
                continue
            first.setdefault(key, report.at)
            last[key] = (report.at, report.run, flow)
    if not last:
        return False
    rows = [
        (*key, first[key], at, run, flow.evidence[:500], flow.confidence)
        for key, (at, run, flow) in last.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, arrays(rows))
        return bool(cursor.fetchone()[0])


def _withdraw(reports: Sequence[EdgeReport]) -> bool:
    latest: dict[tuple[str, int | None, int], datetime] = {}
    for report in reports:
        for target in report.complete_for:
            key = (report.origin, report.job, target)
            latest[key] = max(report.at, latest.get(key, report.at))
    if not latest:
        return False
    rows = [(*key, at) for key, at in sorted(latest.items(), key=lambda item: (item[0][2], item[0][1] or 0))]
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW, arrays(rows))
        return cursor.rowcount > 0


def _key(report: EdgeReport, flow: Flow) -> Key:
    ends = (flow.source, flow.source_column, flow.target, flow.target_column)
    return *ends, report.job, report.origin, str(flow.kind), flow.subtype[:40], flow.masking


# The outer SELECT still sees the table as it was before: so it tells which edges were not there, or were gone.
_UPSERT = """
WITH stored AS (
  INSERT INTO catalog_edge AS known (
    source_id, source_column_id, target_id, target_column_id, job_id, origin, kind, subtype, masking,
    first_seen_at, last_seen_at, run_id, evidence, confidence
  )
  SELECT * FROM unnest(
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[],
    %s::boolean[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::text[], %s::float8[]
  ) AS given
  ORDER BY 3, 1, 4, 2, 5, 6, 7, 8, 9
  ON CONFLICT ON CONSTRAINT edge_once DO UPDATE SET
    first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
    gone_at = CASE WHEN excluded.last_seen_at >= known.gone_at THEN NULL ELSE known.gone_at END,
    run_id = CASE WHEN excluded.last_seen_at >= known.last_seen_at THEN excluded.run_id ELSE known.run_id END,
    evidence = CASE WHEN excluded.last_seen_at >= known.last_seen_at THEN excluded.evidence ELSE known.evidence END,
    confidence = CASE
      WHEN excluded.last_seen_at >= known.last_seen_at THEN excluded.confidence ELSE known.confidence END
  RETURNING id, gone_at
)
SELECT count(*) FROM stored LEFT JOIN catalog_edge AS before USING (id)
WHERE stored.gone_at IS NULL AND (before.id IS NULL OR before.gone_at IS NOT NULL)
"""

_WITHDRAW = """
UPDATE catalog_edge AS known SET gone_at = complete.at
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[]) AS complete (origin, job, target, at)
WHERE known.target_id = complete.target AND known.gone_at IS NULL AND known.origin = complete.origin
  AND known.job_id IS NOT DISTINCT FROM complete.job AND known.last_seen_at < complete.at
"""
