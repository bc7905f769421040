"""Reading the structure of a system into the catalog: data sets, columns, foreign keys, and what drifted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog import drift, events
from catalog.connectors.base import ColumnInfo, Connector, ConnectorError, DataSetInfo
from catalog.following import follow_again
from catalog.foreign_keys import store_foreign_keys
from catalog.lineage import propagation
from catalog.lineage.naming import learn_names
from catalog.lineage.views import read_views, store_views
from catalog.models import Change, Column, DataSet, System
from catalog.nesting import follow_parents, give_way
from governance.console.jobs import JobFailed, Progress, job
from governance.console.models import Job

BATCH = 1_000
LONGEST_NAME = 400
INFO_FIELDS = ("name", "position", "data_type", "kind", "nullable", "max_length", "unique", "generated")
REVIEW_FIELDS = ("state", "reviewed_by", "reviewed_at", "questioned")


@dataclass(frozen=True, slots=True)
class Crawled:
    """How much a crawl found."""

    data_sets: int
    columns: int
    links: int
    changes: int

    def __str__(self) -> str:
        return (
            f"{self.data_sets} data sets, {self.columns} columns, {self.links} links, {self.changes} changes"
        )


def remember_problem(failed: Job, reason: str) -> None:
    """Show on the system why its last job failed."""
    System.objects.filter(pk=failed.arguments.get("system")).update(problem=reason[:500])


@job("catalog.crawl", on_failure=remember_problem)
def crawl_job(running: Job, *, system: int) -> Iterator[Progress]:
    """Crawl once. A store that does not answer fails the job; nothing is half written."""
    target = system_of(system)
    yield Progress(0, 1, f"Reading the structure of {target.name}")
    try:
        with target.connect() as connector:
            crawled = crawl(target, connector, running=running)
    except ConnectorError as problem:
        raise JobFailed(str(problem)) from problem
    yield Progress(1, 1, f"Found {crawled}.")


def system_of(pk: int) -> System:
    """The system a job is about; JobFailed where it was removed meanwhile."""
    found = System.objects.filter(pk=pk).first()
    if found is None:
        raise JobFailed("The system was removed from the catalog.")
    return found


def crawl(system: System, connector: Connector, *, running: Job | None = None) -> Crawled:
    """Bring the catalog up to what `connector` shows. Raises ConnectorError before anything is written."""
    found = [_storable(info) for info in connector.discover()]
    views = read_views(connector.definitions(), found)
    with transaction.atomic():
        locked = System.objects.select_for_update().get(pk=system.pk)
        first = locked.crawled_at is None
        now = timezone.now()
        data_sets, changes = _store_data_sets(locked, found, now)
        changes += _store_columns([info for info in found if not _hidden(info)], data_sets, changes, now)
        links = store_foreign_keys(locked, found, data_sets, now)
        follow_again(locked)
        learn_names(locked, connector)
        store_views(locked, connector, views, at=now)
        if first:
            changes = []  # nothing was known: nothing has drifted
        for change in changes:
            change.job = running
        Change.objects.bulk_create(changes, batch_size=BATCH)
        System.objects.filter(pk=locked.pk).update(crawled_at=now, problem="")
        crawled = Crawled(len(found), sum(len(info.columns) for info in found), links, len(changes))
        record(events.SYSTEM_CRAWLED, locked, **asdict(crawled))
        if changes:
            propagation.request()
    return crawled


def _storable(info: DataSetInfo) -> DataSetInfo:
    """What the catalog cannot hold becomes a problem of its own data set, and keeps no other one out."""
    if len(info.name) > LONGEST_NAME:
        digest = sha256(info.name.encode()).hexdigest()[:16]
        short = f"{info.name[: LONGEST_NAME - len(digest) - 1]}…{digest}"
        return DataSetInfo(
            short, info.kind, problem=f"Its name is too long. Use at most {LONGEST_NAME} characters."
        )
    if any(len(column.name) > LONGEST_NAME or "\0" in column.name for column in info.columns):
        problem = (
            f"A column's name is longer than {LONGEST_NAME} characters or has a zero byte. Rename the column."
        )
        return DataSetInfo(info.name, info.kind, problem=problem)
    return info


def _hidden(info: DataSetInfo) -> bool:
    """The store shows the data set but not what it consists of: what is known of its columns stays."""
    return bool(info.problem) and not info.columns


def _store_data_sets(
    system: System, found: Sequence[DataSetInfo], now: datetime
) -> tuple[dict[str, DataSet], list[Change]]:
    """Insert and update them in one statement; all of the system by name, and what changed."""
    known = {data_set.name: data_set for data_set in system.data_sets.all()}
    infos = {info.name: info for info in found}
    drifts = {name: drift.of_data_set(known.get(name), infos.get(name)) for name in {**known, **infos}}
    gone = [data_set.pk for name, data_set in known.items() if name not in infos and not data_set.gone_at]
    DataSet.objects.filter(pk__in=gone).update(gone_at=now)
    Column.objects.filter(data_set__in=gone, gone_at=None).update(gone_at=now)
    DataSet.objects.bulk_create(
        [
            DataSet(
                system=system,
                name=info.name,
                kind=info.kind,
                primary_key=list(info.primary_key),
                row_estimate=info.row_estimate,
                problem=info.problem[:500],
            )
            for info in found
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["system", "name"],
        update_fields=["kind", "primary_key", "row_estimate", "problem", "gone_at"],
    )
    stored = {data_set.name: data_set for data_set in system.data_sets.all()}
    changes = [_change(stored[name], found) for name, found in drifts.items() if found]
    return stored, changes


def _store_columns(
    found: Sequence[DataSetInfo], data_sets: dict[str, DataSet], moved: Sequence[Change], now: datetime
) -> list[Change]:
    """Insert the new ones, update the changed ones, mark the missing ones; the changes worth a look.

    Columns that come or go with their whole data set are no news of their own.
    """
    known: dict[int, list[Column]] = {}
    of_found = Column.objects.filter(data_set__in=[data_sets[info.name].pk for info in found], nested_in=None)
    for stored in of_found:
        known.setdefault(stored.data_set_id, []).append(stored)
    quiet = {change.data_set.pk for change in moved}
    added: list[Column] = []
    updated: list[Column] = []
    changes: list[Change] = []
    former_names: dict[int, str] = {}
    for data_set, info in ((data_sets[info.name], info) for info in found):
        for column, column_info in drift.pair(known.get(data_set.pk, []), info.columns):
            difference = drift.of_column(column, column_info)
            if difference and data_set.pk not in quiet:
                changes.append(_change(data_set, difference))
            if column is None and column_info:
                added.append(Column(data_set=data_set, **_values(column_info)))
            elif column:
                former_names[column.pk] = column.name
                if _apply(column, column_info, difference, now):
                    updated.append(column)
    give_way(added)
    Column.objects.bulk_create(added, batch_size=BATCH)
    Column.objects.bulk_update(updated, [*INFO_FIELDS, *REVIEW_FIELDS, "gone_at"], batch_size=BATCH // 2)
    follow_parents(updated, former_names)
    return changes


def _apply(column: Column, info: ColumnInfo | None, difference: drift.Drift | None, now: datetime) -> bool:
    """Bring one known column up to date, in memory; whether anything changed."""
    if info is None:
        newly_gone = column.gone_at is None
        column.gone_at = column.gone_at or now
        return newly_gone
    values = {**_values(info), "gone_at": None}
    if difference and difference.unsettles:
        values |= {
            "state": Column.State.UNREVIEWED,
            "reviewed_by": None,
            "reviewed_at": None,
            "questioned": False,
        }
    changed = any(getattr(column, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(column, name, value)
    return changed


def _values(info: ColumnInfo) -> dict:
    values = {name: getattr(info, name) for name in INFO_FIELDS}
    return {**values, "kind": str(info.kind), "data_type": info.data_type[:200]}


def _change(data_set: DataSet, difference: drift.Drift) -> Change:
    return Change(
        data_set=data_set,
        column_name=difference.column,
        sort=difference.sort,
        detail=difference.detail[:500],
    )
