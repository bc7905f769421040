"""Looking at samples of values: what every column of a system holds, data set by data set."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit.ledger.recording import record
from catalog import events, precedents
from catalog.connectors.base import Connector, ConnectorError, Unreachable
from catalog.crawling import crawl, remember_problem, system_of
from catalog.following import follow_again
from catalog.judging import Judged, judge
from catalog.labelling import disagrees, revise, settle, suggestions
from catalog.lineage import propagation
from catalog.models import EXTERNAL, Column, DataSet, Label, System
from governance.console.jobs import JobFailed, Progress, enqueue, job
from governance.console.models import Job

SAMPLE_ROWS = 1_000
VERDICT_FIELDS = ("category", "sensitivity", "confidence", "contains", "questioned", "sampled", "distinct")


def request(system: System, *, kind: str = "catalog.scan") -> Job:
    """A job that scans the system (or `catalog.crawl`: reads its structure only), or the one that already waits.

    Raises ValidationError for a system that nothing connects to.
    """
    if not system.connectable:
        raise ValidationError(
            f"{system.name} is known from lineage only: connect it as a system of its kind."
        )
    with transaction.atomic():
        System.objects.select_for_update().get(pk=system.pk)
        active = active_jobs(system).filter(kind=kind).first()
        words = "Read the structure of" if kind == "catalog.crawl" else "Scan"
        return active or enqueue(kind, title=f"{words} {system.name}", system=system.pk)


def request_nightly() -> list[Job]:
    """Jobs for the systems that are to be scanned every night."""
    return [
        request(system)
        for system in System.objects.filter(nightly=True).exclude(kind=EXTERNAL).order_by("pk")
    ]


def jobs_of(system: System) -> QuerySet[Job]:
    """Its crawls and scans, the latest first."""
    return Job.objects.filter(kind__in=["catalog.scan", "catalog.crawl"], arguments__system=system.pk)


def active_jobs(system: System) -> QuerySet[Job]:
    return jobs_of(system).exclude(state__in=Job.FINISHED)


@job("catalog.scan", on_failure=remember_problem)
def scan(running: Job, *, system: int) -> Iterator[Progress]:
    """Crawl, then sample and classify. Goes on after the last finished data set if a worker died."""
    target = system_of(system)
    try:
        with target.connect() as connector:
            yield from _scan(running, target, connector)
    except ConnectorError as problem:
        raise JobFailed(str(problem)) from problem


def _scan(running: Job, system: System, connector: Connector) -> Iterator[Progress]:
    cursor = dict(running.cursor)
    if not cursor:
        yield Progress(0, None, f"Reading the structure of {system.name}")
        crawled = crawl(system, connector, running=running)
        cursor = {"after": 0, "data_sets": 0, "columns": 0, "problems": 0}
        yield Progress(0, crawled.data_sets, f"Found {crawled}.", cursor)
    waiting = list(system.data_sets.filter(gone_at=None, pk__gt=cursor["after"]).order_by("pk"))
    total = cursor["data_sets"] + len(waiting)
    for data_set in waiting:
        yield Progress(cursor["data_sets"], total, f"Reading {data_set.name}")
        if data_set.scanned_at and data_set.scanned_at >= running.queued_at:  # the worker died right after it
            columns, problem = data_set.columns.filter(gone_at=None).count(), data_set.problem
        else:
            columns, problem = scan_data_set(data_set, connector)
        cursor = {
            "after": data_set.pk,
            "data_sets": cursor["data_sets"] + 1,
            "columns": cursor["columns"] + columns,
            "problems": cursor["problems"] + bool(problem),
        }
        yield Progress(cursor["data_sets"], total, problem or f"{data_set.name}: {columns} columns", cursor)
    _finish(system, cursor)
    yield Progress(total, total, _summary(cursor), cursor)


def scan_data_set(data_set: DataSet, connector: Connector) -> tuple[int, str]:
    """Sample and classify one data set; how many columns it has, and what was wrong with it, if anything.

    What cannot be read is judged by its names alone. Raises Unreachable where the whole store is gone.
    """
    sample, problem = None, data_set.problem
    columns = list(data_set.columns.filter(gone_at=None, nested_in=None))
    if columns or not problem:  # one broken message is a problem, and the others can be read
        try:
            sample = connector.sample(data_set.name, rows=SAMPLE_ROWS)
        except ConnectorError as refused:
            if isinstance(refused, Unreachable):
                connector.check()  # the whole store, or one slow table?
            problem = problem or str(refused)[:500]
    judged = judge(data_set, columns, sample)
    with transaction.atomic():
        _store(judged)
        moment = {"scanned_at": timezone.now()} if sample is not None else {}
        DataSet.objects.filter(pk=data_set.pk).update(problem=problem, **moment)
    return len(judged), problem


def _store(judged: list[Judged]) -> None:
    """Write labels and verdicts of one data set, in a handful of statements."""
    pks = [each.column.pk for each in judged]
    columns = {c.pk: c for c in Column.objects.select_for_update().filter(pk__in=pks).order_by("pk")}
    labels: dict[int, list[Label]] = {}
    scans_or_live = Q(origin=Label.Origin.SCAN) | Q(state__in=(Label.State.SUGGESTED, Label.State.CONFIRMED))
    current = Label.objects.filter(scans_or_live, column__in=pks).exclude(state=Label.State.SUPERSEDED)
    for label in current.order_by("made_at", "pk"):
        labels.setdefault(label.column_id, []).append(label)
    added, withdrawn, changed, live = [], [], {}, {}
    for each in judged:
        pk = each.column.pk
        if pk not in columns:
            continue  # its system was removed meanwhile
        column = columns[pk]
        revision = revise(labels.get(pk, []), suggestions(column, each.verdict))
        added += revision.added
        withdrawn += revision.withdrawn
        live[pk] = list(revision.live)
        before = (column.questioned, column.sampled, column.distinct)
        column.questioned |= disagrees(column, revision)
        column.sampled = None if each.values is None else len(each.values)
        column.distinct = None if each.values is None else pc.count_distinct(each.values).as_py()
        moved = settle(column, revision.live)
        if moved or before != (column.questioned, column.sampled, column.distinct):
            changed[pk] = column
    carried = precedents.carried([columns[pk] for pk in live], live)
    added += carried.added
    changed |= {column.pk: column for column in carried.changed}
    gone = [label.pk for label in (*withdrawn, *carried.withdrawn)]
    Label.objects.filter(pk__in=gone).update(state=Label.State.SUPERSEDED)
    Label.objects.bulk_create(added, batch_size=1_000)
    Column.objects.bulk_update(changed.values(), VERDICT_FIELDS, batch_size=500)


@transaction.atomic
def _finish(system: System, cursor: dict) -> None:
    follow_again(system)
    System.objects.filter(pk=system.pk).update(scanned_at=timezone.now(), problem="")
    facts = {name: cursor[name] for name in ("data_sets", "columns", "problems")}
    record(events.SYSTEM_SCANNED, system, **facts)
    propagation.request()


def _summary(cursor: dict) -> str:
    words = f"Scanned {cursor['columns']} columns of {cursor['data_sets']} data sets."
    return f"{words} {cursor['problems']} could not be read." if cursor["problems"] else words
