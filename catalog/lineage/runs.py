"""Jobs and runs as events tell of them: two statements for a batch, with the same result in whatever order it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from catalog.lineage.bulk import arrays
from catalog.lineage.canonical import Name
from catalog.lineage.event import ENDS, Event, JobRead

# A later state in this list counts, whenever its event comes.
STATES = ["", "OTHER", "START", "RUNNING", "ABORT", "FAIL", "COMPLETE"]


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A stored job, and until when it was known before this batch."""

    pk: int
    before: datetime | None


@dataclass
class _Job:
    last: datetime
    kind: str = ""
    description: str = ""
    sql: str = ""
    facets: dict[str, Any] = field(default_factory=dict)
    parent: Name | None = None


def store_jobs(events: Sequence[Event], problems: Mapping[Name, str]) -> dict[Name, KnownJob]:
    """Write the jobs of `events`, the oldest first, and their parents; `problems`: why their SQL could not be read."""
    jobs: dict[Name, _Job] = {}
    for event in events:
        for read in (event.parent, event.job):
            if read:
                job = jobs.setdefault(read.name, _Job(event.at))
                job.last = max(job.last, event.at)
                _tell(job, read)
        if event.job and event.parent and event.parent.name != event.job.name:
            jobs[event.job.name].parent = event.parent.name
    if not jobs:
        return {}
    rows = [
        (
            *name,
            job.kind,
            job.description,
            job.sql,
            problems.get(name, ""),
            orjson.dumps(job.facets).decode(),
            job.last,
        )
        for name, job in sorted(jobs.items())
    ]
    with connection.cursor() as cursor:
        cursor.execute(_JOBS, arrays(rows))
        known = {(namespace, name): KnownJob(pk, at) for pk, namespace, name, at in cursor.fetchall()}
        pairs = [(known[name].pk, known[job.parent].pk) for name, job in sorted(jobs.items()) if job.parent]
        if pairs:
            cursor.execute(_PARENTS, arrays(pairs))
    return known


def _tell(job: _Job, read: JobRead) -> None:
    job.kind = read.kind or job.kind
    job.description = read.description or job.description
    job.sql = read.statement.query if read.statement else job.sql
    job.facets |= read.facets or {}


def store_runs(events: Sequence[Event], jobs: Mapping[Name, KnownJob]) -> dict[UUID, int]:
    """Write the runs of `events`, the oldest first; their primary keys."""
    runs: dict[UUID, list[Any]] = {}
    for event in events:
        if event.run is None or event.job is None:
            continue
        row = runs.setdefault(event.run, [event.run, jobs[event.job.name].pk, "", None, None, event.at, None])
        row[2] = max(row[2], event.event_type, key=STATES.index)
        if event.event_type == "START":
            row[3] = min(row[3] or event.at, event.at)
        if event.event_type in ENDS:
            row[4] = max(row[4] or event.at, event.at)
        row[5] = max(row[5], event.at)
        row[6] = event.parent_run or row[6]
    if not runs:
        return {}
    rows = [runs[run] for run in sorted(runs)]
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [*arrays(rows), STATES, STATES])
        return dict(cursor.fetchall())


# The outer SELECT still sees the jobs as they were before.
_JOBS = """
WITH stored AS (
  INSERT INTO catalog_lineage_job AS known (
    namespace, name, kind, description, sql, problem, facets, last_seen_at, first_seen_at
  )
  SELECT given.*, now() FROM unnest(
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[]
  ) AS given
  ON CONFLICT (namespace, name) DO UPDATE SET
    kind = CASE WHEN excluded.kind = '' OR (excluded.last_seen_at < known.last_seen_at AND known.kind <> '')
      THEN known.kind ELSE excluded.kind END,
    description = CASE WHEN excluded.description = ''
        OR (excluded.last_seen_at < known.last_seen_at AND known.description <> '')
      THEN known.description ELSE excluded.description END,
    sql = CASE WHEN excluded.sql = '' OR (excluded.last_seen_at < known.last_seen_at AND known.sql <> '')
      THEN known.sql ELSE excluded.sql END,
    problem = CASE WHEN excluded.sql = '' OR (excluded.last_seen_at < known.last_seen_at AND known.sql <> '')
      THEN known.problem ELSE excluded.problem END,
    facets = CASE WHEN excluded.last_seen_at < known.last_seen_at
      THEN excluded.facets || known.facets ELSE known.facets || excluded.facets END,
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
  RETURNING id, namespace, name
)
SELECT stored.id, stored.namespace, stored.name, before.last_seen_at
FROM stored LEFT JOIN catalog_lineage_job AS before USING (id)
"""

_PARENTS = """
UPDATE catalog_lineage_job AS known SET parent_id = given.parent
FROM unnest(%s::bigint[], %s::bigint[]) AS given (id, parent)
WHERE known.id = given.id AND known.parent_id IS DISTINCT FROM given.parent
"""

_RUNS = """
INSERT INTO catalog_lineage_run AS known (
  run_id, job_id, state, started_at, ended_at, last_event_at, parent_run_id
)
SELECT * FROM unnest(
  %s::uuid[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::uuid[]
)
ON CONFLICT (run_id) DO UPDATE SET
  state = CASE WHEN array_position(%s::text[], excluded.state::text) > array_position(%s::text[], known.state::text)
    THEN excluded.state ELSE known.state END,
  started_at = least(known.started_at, excluded.started_at),
  ended_at = greatest(known.ended_at, excluded.ended_at),
  last_event_at = greatest(known.last_event_at, excluded.last_event_at),
  parent_run_id = coalesce(excluded.parent_run_id, known.parent_run_id)
RETURNING run_id, id
"""
