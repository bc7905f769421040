"""Stores what SQL says: its tables found in the catalog, its flows as edges, the SQL itself as a job."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from catalog.connectors.base import Connector
from catalog.lineage import edges
from catalog.lineage.canonical import Name
from catalog.lineage.columns import Columns
from catalog.lineage.edges import EdgeReport, Flow
from catalog.lineage.naming import resolve
from catalog.lineage.sql import SqlFlow, SqlLineage
from catalog.lineage.structure import learn
from catalog.models import Column, DataSet, Edge, LineageJob, System

BATCH = 1_000
LONGEST_PROBLEM = 500
LONGEST_NAME = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """SQL as somebody keeps it (a view, a file), under the name of its job, and what it does."""

    name: str
    sql: str
    lineage: SqlLineage


@dataclass(frozen=True)
class Home:
    """Where SQL runs: the data sets that its tables are, and how a table that is none of them is named."""

    namespace: str
    data_sets: Mapping[str, DataSet] = field(default_factory=dict)
    spell: Callable[[str], str] = str

    @classmethod
    def of(cls, system: System, connector: Connector) -> Home:
        data_sets = {one.name: one for one in system.data_sets.select_related("system")}
        return cls(connector.lineage_namespace() or system.name, data_sets, connector.lineage_name)

    def schema(self) -> dict[str, list[str]]:
        """The columns of its data sets, in their order, for reading SQL."""
        columns: dict[str, list[str]] = {name: [] for name, one in self.data_sets.items() if not one.gone_at}
        known = {one.pk: name for name, one in self.data_sets.items() if not one.gone_at}
        found = Column.objects.filter(data_set__in=list(known), gone_at=None, nested_in=None)
        for data_set, column in found.order_by("data_set", "position").values_list("data_set", "name"):
            columns[known[data_set]].append(column)
        return {name: held for name, held in columns.items() if held}

    def name_of(self, table: str) -> Name:
        """By OpenLineage's naming: the address of a file, else the table in this store."""
        address = urlsplit(table) if "://" in table else None
        if address:
            return f"{address.scheme}://{address.netloc}", address.path.lstrip("/") or "/"
        if table.startswith("/"):
            return "file", table
        return self.namespace, self.spell(table)


@transaction.atomic
def store_sql(pieces: Sequence[Piece], home: Home, *, origin: Edge.Origin, kind: str, at: datetime) -> int:
    """Store the jobs and edges of `pieces`; how many flows there are.

    Edges that a piece no longer makes are withdrawn, unless part of it could not be read. A fixed number of statements,
    however many pieces.
    """
    if not pieces:
        return 0
    tables = {table for piece in pieces for table in _tables(piece.lineage)}
    data_sets = _data_sets({table for table in tables if len(table) <= LONGEST_NAME}, home)
    columns = _columns(pieces, data_sets, at)
    jobs = _store_jobs(pieces, home, kind, at)
    filled = _filled(jobs.values(), origin)
    reports = []
    for piece in pieces:
        job = jobs[_job_name(piece)]
        targets = {data_sets[table].pk for table in piece.lineage.targets if table in data_sets}
        flows = tuple(flow for one in piece.lineage.flows for flow in _flows(one, data_sets, columns))
        complete = frozenset() if piece.lineage.problem else frozenset(targets | filled.get(job, set()))
        reports.append(EdgeReport(origin, job, None, at, flows, complete))
    edges.store(reports)
    return sum(len(report.flows) for report in reports)


def _tables(lineage: SqlLineage) -> Iterator[str]:
    yield from lineage.targets
    for flow in lineage.flows:
        yield flow.target_table
        yield from [flow.source_table] if flow.source_table else flow.candidates


def _data_sets(tables: Collection[str], home: Home) -> dict[str, DataSet]:
    elsewhere = {table: home.name_of(table) for table in tables if table not in home.data_sets}
    resolved = resolve(list(elsewhere.values()))
    return {
        table: home.data_sets[table] if table in home.data_sets else resolved[elsewhere[table]]
        for table in tables
    }


def _columns(pieces: Sequence[Piece], data_sets: Mapping[str, DataSet], at: datetime) -> Columns:
    """The columns of these data sets; those of external ones that a flow names are made where they are missing."""
    columns = Columns(data_sets.values())
    named: dict[tuple[Name, str], None] = {}
    for piece in pieces:
        for flow in piece.lineage.flows:
            ends = ((flow.source_table, flow.source_column), (flow.target_table, flow.target_column))
            for table, column in ends:
                if column and table in data_sets and len(column) <= LONGEST_NAME and "\0" not in column:
                    named[_key(data_sets[table]), column] = None
    learn(
        columns,
        [],
        {_key(one): one for one in columns.data_sets.values()},
        [(key, column, at) for key, column in named if not _of(columns, key).system.connectable],
    )
    return columns


def _key(data_set: DataSet) -> Name:
    return str(data_set.pk), ""


def _of(columns: Columns, key: Name) -> DataSet:
    return columns.data_sets[int(key[0])]


def _store_jobs(pieces: Sequence[Piece], home: Home, kind: str, at: datetime) -> dict[str, int]:
    wanted = {
        _job_name(piece): LineageJob(
            namespace=home.namespace[:LONGEST_NAME],
            name=_job_name(piece),
            kind=kind,
            sql=piece.sql.replace("\0", ""),
            problem=piece.lineage.problem[:LONGEST_PROBLEM],
            last_seen_at=at,
        )
        for piece in pieces
    }
    stored = LineageJob.objects.bulk_create(
        wanted.values(),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["namespace", "name"],
        update_fields=["kind", "sql", "problem", "last_seen_at"],
    )
    return {job.name: job.pk for job in stored}


def _job_name(piece: Piece) -> str:
    return piece.name[:LONGEST_NAME]


def _filled(jobs: Collection[int], origin: Edge.Origin) -> dict[int, set[int]]:
    """What each job filled so far."""
    found: dict[int, set[int]] = {}
    live = Edge.objects.filter(job__in=list(jobs), origin=origin, gone_at=None)
    for job, target in live.values_list("job", "target").distinct():
        found.setdefault(job, set()).add(target)
    return found


def _flows(flow: SqlFlow, data_sets: Mapping[str, DataSet], columns: Columns) -> Iterator[Flow]:
    """As edges between what the catalog holds; a column of one of several tables is of each, with less certainty."""
    target = data_sets.get(flow.target_table)
    sources = [flow.source_table] if flow.source_table else flow.candidates
    for table in sources:
        source = data_sets.get(table)
        if source is None or target is None:
            continue
        certain = flow.source_column if flow.source_table else None
        source_column = columns.find(source, certain)
        target_column = columns.find(target, flow.target_column)
        yield Flow(
            source.pk,
            source_column.pk if source_column else None,
            target.pk,
            target_column.pk if target_column else None,
            flow.kind,
            flow.subtype,
            flow.masking,
            flow.expression,
            1 / len(sources),
        )
