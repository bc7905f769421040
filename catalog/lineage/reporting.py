"""From events to reports on edges: what the facets say, else what the SQL says, else that inputs get into outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from catalog.lineage.canonical import Name
from catalog.lineage.columns import Columns
from catalog.lineage.edges import EdgeReport, Flow
from catalog.lineage.event import DataSetRead, Event
from catalog.lineage.flowing import NamedFlow
from catalog.lineage.runs import KnownJob
from catalog.lineage.statements import Reading, read_sql
from catalog.models import DataSet, Edge

DIALECTS = {
    "athena": "athena", "awsathena": "athena", "bigquery": "bigquery", "databricks": "databricks", "hive": "hive",
    "mssql": "tsql", "mysql": "mysql", "oracle": "oracle", "postgres": "postgres", "redshift": "redshift",
    "snowflake": "snowflake", "sqlite": "sqlite", "trino": "trino",
}  # fmt: skip
NOTHING = Reading((), frozenset(), "")


@dataclass(frozen=True)
class Said:
    """What one event says of edges: flows by their origin, and the targets about which that is all."""

    event: Event
    flows: Mapping[str, list[NamedFlow]]
    complete_for: frozenset[Name]
    problem: str


def said(event: Event, data_sets: Mapping[Name, DataSet], columns: Columns) -> Said:
    """The facets win over the SQL, and either over bare inputs and outputs."""
    outputs = event.outputs()
    told = {one.name for one in outputs if one.sources is not None} | event.entries.keys()
    silent = {one.name: one for one in outputs if one.name not in told}
    reading = _read_statement(event, silent, data_sets, columns)
    bare = [
        NamedFlow(source.name, None, target, None)
        for target in silent
        if target not in reading.targets
        for source in event.inputs()
    ]
    read = reading.targets if not reading.problem else frozenset()
    return Said(
        event,
        {Edge.Origin.EVENT.value: [*event.flows(), *bare], Edge.Origin.SQL.value: list(reading.flows)},
        frozenset(told | read) if event.complete else frozenset(),
        reading.problem,
    )


def reports(
    one: Said,
    *,
    data_sets: Mapping[Name, DataSet],
    columns: Columns,
    jobs: Mapping[Name, KnownJob],
    runs: Mapping[UUID, int],
) -> Iterator[EdgeReport]:
    """By primary keys. What is complete is so for either origin: where one tells now, the other one did before."""
    event = one.event
    complete_for = frozenset(data_sets[name].pk for name in one.complete_for)
    for origin, flows in one.flows.items():
        if flows or complete_for:
            yield EdgeReport(
                origin=origin,
                job=jobs[event.job.name].pk if event.job else None,
                run=runs.get(event.run) if event.run else None,
                at=event.at,
                flows=tuple(_flow(flow, data_sets, columns) for flow in flows),
                complete_for=complete_for,
            )


def _read_statement(
    event: Event, silent: Mapping[Name, DataSetRead], data_sets: Mapping[Name, DataSet], columns: Columns
) -> Reading:
    statement = event.job.statement if event.job else None
    if statement is None or not silent:
        return NOTHING
    if not statement.dialect:
        statement = replace(statement, dialect=_dialect(event, silent))
    known = {
        one.name: tuple(field.path for field in one.facets.schema)
        if one.facets.schema
        else tuple(columns.by_name[data_sets[one.name].pk])
        for one in event.data_sets
    }
    return read_sql(
        statement, inputs=_aliases(event.inputs()), outputs=_aliases(silent.values()), columns=known
    )


def _dialect(event: Event, outputs: Iterable[Name]) -> str:
    """What the statement is written in, by the store it writes to, or the engine that ran it."""
    schemes = {namespace.partition("://")[0] for namespace, _ in outputs}
    found = next((DIALECTS[scheme] for scheme in sorted(schemes) if scheme in DIALECTS), "")
    return found or ("spark" if event.job and event.job.kind.startswith("SPARK") else "")


def _aliases(data_sets: Iterable[DataSetRead]) -> dict[Name, list[str]]:
    return {one.name: [one.name[1], *(name for _, name in one.facets.symlinks)] for one in data_sets}


def _flow(flow: NamedFlow, data_sets: Mapping[Name, DataSet], columns: Columns) -> Flow:
    """A column that a connected store does not have leaves the edge between the data sets."""
    source, target = data_sets[flow.source], data_sets[flow.target]
    source_column = columns.find(source, flow.source_column)
    target_column = columns.find(target, flow.target_column)
    return Flow(
        source=source.pk,
        source_column=source_column.pk if source_column else None,
        target=target.pk,
        target_column=target_column.pk if target_column else None,
        kind=flow.kind,
        subtype=flow.subtype,
        masking=flow.masking,
        evidence=flow.evidence,
    )
