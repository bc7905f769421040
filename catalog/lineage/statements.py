"""The SQL of a job, read where its event does not say which column comes from which.

The tables of a statement are found among the data sets that its event names: by their own name or a symlink, as far as
the statement spells it. What cannot be read, or names other tables, is told as the job's problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from catalog.lineage.canonical import Name
from catalog.lineage.facets import told
from catalog.lineage.flowing import LONGEST_EVIDENCE, NamedFlow
from catalog.lineage.sql import SqlLineage, parse
from catalog.lineage.typed import Node

LONGEST = 100_000
LONGEST_PROBLEM = 500
MOST_PARTS = 8  # of the name of a table in a statement
_PARTS = re.compile(r"[./]")
Aliases = Mapping[Name, Iterable[str]]
Schema = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    query: str
    dialect: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The flows of a statement and the data sets it fills; `problem` is empty where all of it could be read."""

    flows: tuple[NamedFlow, ...]
    targets: frozenset[Name]
    problem: str


def read_statement(facets: Node) -> Statement | None:
    """The facet `sql` of a job. Raises BadEvent."""
    facet = told(facets, "sql")
    return (
        Statement(facet.name("query", most=LONGEST * 10), facet.text("dialect", most=40)) if facet else None
    )


def read_sql(
    statement: Statement, *, inputs: Aliases, outputs: Aliases, columns: Mapping[Name, tuple[str, ...]]
) -> Reading:
    """Flows from `inputs` to `outputs` (data sets, each with all its names), whose `columns` are known or not."""
    if len(statement.query) > LONGEST:
        return Reading((), frozenset(), f"Its SQL is longer than {LONGEST:,} characters and was not read.")
    everywhere = {**inputs, **outputs}
    schema = {
        ".".join(_parts(alias)): columns[name]
        for name, aliases in everywhere.items()
        if columns.get(name)
        for alias in aliases
    }
    found = _parsed(statement.query, statement.dialect, tuple(sorted(schema.items())))
    return _reading(found, inputs, outputs)


@lru_cache(maxsize=512)
def _parsed(query: str, dialect: str, schema: Schema) -> SqlLineage:
    """A job sends the same statement at its start and its end, and again each night."""
    return parse(query, dialect=dialect, schema=dict(schema))


def _reading(found: SqlLineage, inputs: Aliases, outputs: Aliases) -> Reading:
    among_inputs, among_outputs = _by_ending(inputs), _by_ending(outputs)
    sources = {table: _find(table, among_inputs) or _find(table, among_outputs) for table in found.sources}
    targets = {table: _find(table, among_outputs) for table in found.targets}
    flows = tuple(_flows(found, sources, targets))
    missing = sorted(table for table, name in {**targets, **sources}.items() if name is None)
    problem = found.problem
    if not problem and missing:
        problem = f"Its SQL names tables that its event does not: {', '.join(missing)}."
    filled = frozenset(flow.target for flow in flows)
    return Reading(flows, filled, problem[:LONGEST_PROBLEM])


def _flows(
    found: SqlLineage, sources: Mapping[str, Name | None], targets: Mapping[str, Name | None]
) -> Iterator[NamedFlow]:
    for flow in found.flows:
        source, target = sources.get(flow.source_table), targets.get(flow.target_table)
        if source and target:
            yield NamedFlow(
                source,
                flow.source_column,
                target,
                flow.target_column,
                flow.kind,
                flow.subtype,
                flow.masking,
                flow.expression[:LONGEST_EVIDENCE],
            )


def _by_ending(data_sets: Aliases) -> dict[tuple[str, ...], set[Name]]:
    """The data sets by every ending that a statement may spell: looked up, however many tables it has."""
    found: dict[tuple[str, ...], set[Name]] = {}
    for name, aliases in data_sets.items():
        for alias in aliases:
            parts = [part.casefold() for part in _parts(alias)][-MOST_PARTS:]
            for start in range(len(parts)):
                found.setdefault(tuple(parts[start:]), set()).add(name)
    return found


def _find(table: str, endings: Mapping[tuple[str, ...], set[Name]]) -> Name | None:
    """The one data set whose name ends as the statement spells it; None where none does, or several do."""
    fitting = endings.get(tuple(part.casefold() for part in _parts(table)), set())
    return next(iter(fitting)) if len(fitting) == 1 else None


def _parts(name: str) -> list[str]:
    return [part.strip('"`[]') for part in _PARTS.split(name) if part.strip('"`[]')]
