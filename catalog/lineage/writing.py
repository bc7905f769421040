"""A batch of events into the catalog: names, columns, jobs, runs, edges, labels, and the events themselves.

The number of statements does not grow with the number of events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit.ledger.recording import record
from catalog import events as entries
from catalog.lineage import bulk, edges, propagation
from catalog.lineage.canonical import Name
from catalog.lineage.columns import Columns
from catalog.lineage.event import Event, Kind, read_event
from catalog.lineage.naming import rename, resolve
from catalog.lineage.reporting import Said, reports, said
from catalog.lineage.runs import KnownJob, store_jobs, store_runs
from catalog.lineage.structure import learn
from catalog.lineage.tagging import store_tags
from catalog.models import LineageEvent

MOST_NEWER = 200  # events looked at again where older ones come late


@transaction.atomic
def write(batch: Sequence[Event]) -> None:
    """Write what is new in `batch`; writing it again changes nothing."""
    fresh = _unknown(batch)
    if not fresh:
        return
    renamed = list(_renamed(fresh))
    data_sets = resolve(_names(fresh), same=[*_symlinked(fresh), *renamed])
    for now, before in renamed:
        rename(data_sets[now], before=before, now=now)
    columns = Columns(data_sets.values())
    told = [said(event, data_sets, columns) for event in fresh]
    learn(columns, fresh, data_sets, _mentioned(told))
    jobs = store_jobs(fresh, {one.event.job.name: one.problem for one in told if one.event.job})
    runs = store_runs(fresh, jobs)
    found = [
        report
        for one in told
        for report in reports(one, data_sets=data_sets, columns=columns, jobs=jobs, runs=runs)
    ]
    newer = _newer(fresh, jobs)
    found += _completed(newer, jobs)
    moved = edges.store(found)
    labels = store_tags(fresh, data_sets, columns, newer=newer)
    if labels and not moved:
        propagation.request()
    _keep(fresh, jobs, runs)
    if moved or labels:
        record(entries.LINEAGE_RECEIVED, events=len(fresh), edges_changed=moved, labels=labels)


def _keep(batch: Sequence[Event], jobs: Mapping[Name, KnownJob], runs: Mapping[UUID, int]) -> None:
    """The events themselves; those that another batch stored meanwhile are passed over."""
    values: dict[str, list[Any]] = {
        "digest": [event.digest for event in batch],
        "kind": [event.kind.value for event in batch],
        "event_type": [event.event_type for event in batch],
        "event_time": [event.at for event in batch],
        "job": [jobs[event.job.name].pk if event.job else None for event in batch],
        "run": [runs.get(event.run) if event.run else None for event in batch],
        "payload": [event.body for event in batch],
    }
    bulk.insert(LineageEvent, values, key=("digest",), conflict=bulk.SKIP)


def _unknown(batch: Sequence[Event]) -> list[Event]:
    """Those that were not received before, each once, the oldest first."""
    by_digest = {event.digest: event for event in batch}
    known = LineageEvent.objects.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    for digest in known:
        by_digest.pop(bytes(digest), None)
    return sorted(by_digest.values(), key=lambda event: (event.at, event.digest))


def _names(batch: Sequence[Event]) -> set[Name]:
    named = {one.name for event in batch for one in event.data_sets}
    flows = [flow for event in batch for flow in event.flows()]
    return (
        named
        | {flow.source for flow in flows}
        | {flow.target for flow in flows}
        | {name for event in batch for name in event.entries}
    )


def _symlinked(batch: Sequence[Event]) -> Iterator[tuple[Name, Name]]:
    for event in batch:
        for one in event.data_sets:
            for symlink in one.facets.symlinks:
                yield one.name, symlink


def _renamed(batch: Sequence[Event]) -> Iterator[tuple[Name, Name]]:
    """What a data set is called now, and what it was called before."""
    for event in batch:
        for one in event.data_sets if event.complete else ():
            if one.facets.lifecycle == "RENAME" and one.facets.previous:
                yield one.name, one.facets.previous


def _mentioned(told: Sequence[Said]) -> Iterator[tuple[Name, str, datetime]]:
    for one in told:
        for flows in one.flows.values():
            for flow in flows:
                if flow.source_column:
                    yield flow.source, flow.source_column, one.event.at
                if flow.target_column:
                    yield flow.target, flow.target_column, one.event.at


def _newer(batch: Sequence[Event], jobs: Mapping[Name, KnownJob]) -> list[Event]:
    """Where events come late: those received before that were said later, and completely. One query more then."""
    late = [event for event in batch if event.job is None or _is_late(event, jobs[event.job.name])]
    if not late:
        return []
    of_jobs = Q(job__in={jobs[event.job.name].pk for event in late if event.job}) & (
        Q(kind=Kind.JOB) | Q(event_type="COMPLETE")
    )
    names = {one.name[1] for event in late if event.job is None for one in event.data_sets}
    of_data_sets = Q(kind=Kind.DATA_SET, payload__dataset__name__in=sorted(names))
    since = min(event.at for event in late)
    found = LineageEvent.objects.filter(of_jobs | of_data_sets, event_time__gt=since)
    return [read_event(payload) for payload in found.values_list("payload", flat=True)[:MOST_NEWER]]


def _completed(newer: Sequence[Event], jobs: Mapping[Name, KnownJob]) -> Iterator[edges.EdgeReport]:
    """Of which targets they said everything: what is older and not among it is over."""
    if not newer:
        return
    data_sets = resolve(_names(newer), external=False)
    columns = Columns(data_sets.values())
    for event in newer:
        one = said(event, data_sets, columns)
        only = Said(event, {origin: [] for origin in one.flows}, one.complete_for, "")
        yield from reports(only, data_sets=data_sets, columns=columns, jobs=jobs, runs={})


def _is_late(event: Event, job: KnownJob) -> bool:
    return job.before is not None and job.before > event.at
