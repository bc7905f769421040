"""The flows that reading SQL yields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from catalog.lineage.sql_expressions import text_of
from catalog.lineage.sql_model import AGGREGATION, BARE, SUBTYPES, Decisions, Output, Ref, Rows, Via

DIRECT, INDIRECT = "direct", "indirect"


@dataclass(frozen=True, slots=True)
class SqlFlow:
    """Content of the source gets into the target (direct), or decides about it (indirect).

    No column means the whole table: `SELECT *` of a table whose columns nobody knows, a filter that decides about whole
    rows. An empty `source_table` means one of `candidates`: a join names a column without saying whose it is.
    `subtype` as OpenLineage names it: IDENTITY, TRANSFORMATION, AGGREGATION; JOIN, FILTER, GROUP_BY, SORT, WINDOW,
    CONDITIONAL. With `masking` the value cannot be told from the result.
    """

    source_table: str
    source_column: str | None
    target_table: str
    target_column: str | None
    kind: str
    subtype: str
    masking: bool
    expression: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class SqlLineage:
    """What a script does with data.

    `sources` are read and were there before; `targets` are left behind and not read again on the way; what comes
    between has its flows only. `problem` says what could not be read, one line for each statement; the rest counts.
    """

    sources: frozenset[str]
    targets: frozenset[str]
    flows: tuple[SqlFlow, ...]
    problem: str


@dataclass(slots=True)
class Effect:
    """What one statement does."""

    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    flows: list[SqlFlow] = field(default_factory=list)
    created: dict[str, list[str] | None] = field(
        default_factory=dict
    )  # with their columns, where these are known
    temporary: set[str] = field(default_factory=set)
    dropped: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)


def fill(effect: Effect, target: str, rows: Rows, decisions: Decisions) -> None:
    """`rows` get into `target`, whose columns they are already named after."""
    effect.writes.append(target)
    for output in rows.outputs:
        effect.flows += of_output(output, target)
    effect.flows += [between(table, target) for table in rows.rest]
    effect.flows += of_decisions(decisions, target, None)


def of_output(output: Output, target: str) -> Iterable[SqlFlow]:
    """Into one column."""
    node = output.node.this if isinstance(output.node, exp.Alias) else output.node
    expression = text_of(node) if output.sources else ""
    for ref, via in output.sources.items():
        yield _flow(ref, target, output.name, DIRECT, SUBTYPES[via.subtype], via.masking, expression)
    yield from of_decisions(output.decided, target, output.name, expression)


def of_decisions(
    decisions: Decisions, target: str, column: str | None, expression: str = ""
) -> Iterable[SqlFlow]:
    """What decides about a column, or about the rows of the whole target; where nobody knows whose it is, nothing."""
    for ref, subtype in decisions:
        if ref.table:
            yield _flow(ref, target, column, INDIRECT, subtype, False, expression)


def between(source: str, target: str) -> SqlFlow:
    """All of one table into another."""
    return _flow(Ref(source, None), target, None, DIRECT, SUBTYPES[0], False, "")


def through(earlier: SqlFlow, later: SqlFlow) -> SqlFlow | None:
    """The flow that two make together where the first ends in the table that the second starts from."""
    into, out_of = earlier.target_column, later.source_column
    if earlier.kind == DIRECT and into is not None and out_of is not None and into.lower() != out_of.lower():
        return None
    direct = earlier.kind == later.kind == DIRECT
    if not direct and earlier.kind == INDIRECT and later.kind == INDIRECT:
        return None
    if (
        earlier.kind == INDIRECT
        and into is not None
        and out_of is not None
        and into.lower() != out_of.lower()
    ):
        return None
    source_column, target_column = earlier.source_column, later.target_column
    if direct and into is None and source_column is None:  # `SELECT *` before: the same name there
        source_column = out_of
    if direct and out_of is None and target_column is None:  # `SELECT *` after
        target_column = into
    via = _via(later).after(_via(earlier)) if direct else BARE
    subtype = SUBTYPES[via.subtype] if direct else (earlier if earlier.kind == INDIRECT else later).subtype
    ref = Ref(earlier.source_table, source_column, earlier.candidates)
    kind = DIRECT if direct else INDIRECT
    expression = later.expression or earlier.expression
    return _flow(ref, later.target_table, target_column, kind, subtype, via.masking, expression)


def _via(flow: SqlFlow) -> Via:
    return Via(flow.masking, SUBTYPES.index(flow.subtype) if flow.subtype in SUBTYPES else AGGREGATION)


def _flow(
    ref: Ref, target: str, column: str | None, kind: str, subtype: str, masking: bool, expression: str
) -> SqlFlow:
    return SqlFlow(ref.table, ref.column, target, column, kind, subtype, masking, expression, ref.candidates)
