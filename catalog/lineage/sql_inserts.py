"""INSERT in all its forms, and the assignments that UPDATE and MERGE share with its ON CONFLICT."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from catalog.lineage.sql_commands import Unreadable
from catalog.lineage.sql_expressions import CTEs
from catalog.lineage.sql_flows import Effect, fill
from catalog.lineage.sql_model import Output, Rows
from catalog.lineage.sql_names import Names
from catalog.lineage.sql_queries import Reader
from catalog.lineage.sql_scopes import Relation, Scope


def insert(node: exp.Insert, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    rows = reader.query(node.expression, ctes)
    _write(node, rows, reader, effect)
    return effect


def multi_insert(node: exp.MultitableInserts, reader: Reader, ctes: CTEs) -> Effect:
    """INSERT ALL / FIRST of Oracle and Snowflake, and FROM … INSERT … INSERT of Hive: one source, many targets."""
    effect = Effect()
    source = node.args["source"]
    scope = reader.scope()
    reader.add(scope, source if isinstance(source, exp.Table) else exp.Subquery(this=source), ctes)
    for part in node.expressions:
        insert = part.this if isinstance(part, exp.ConditionalInsert) else part
        shared, reader.decisions = reader.decisions, dict(reader.decisions)
        if isinstance(part, exp.ConditionalInsert):
            reader.decide(part.expression, "FILTER", scope, ctes)
        content = insert.expression
        if content is None:
            rows = scope.star()
        elif isinstance(content, exp.Values):
            rows = reader.values(content.expressions, ctes, scope)
        else:
            if isinstance(content, exp.Select) and content.args.get("from_") is None:
                content = content.copy().from_(source.copy(), copy=False)
            rows = reader.query(content, ctes, scope)
        _write(insert, rows, reader, effect)
        reader.decisions = shared
    return effect


def _write(node: exp.Insert, rows: Rows, reader: Reader, effect: Effect) -> None:
    """The rows of one INSERT into its table (by its list of columns, else the table's own) or folder."""
    target = node.this
    if isinstance(target, exp.Directory):
        fill(effect, target.this.name, rows, reader.decisions)
        return
    listed = target.expressions if isinstance(target, exp.Schema) else []
    target = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(target, exp.Table):
        raise Unreadable("the target of its INSERT is no table")
    table = reader.names.table(target)
    columns = [
        reader.names.fold(column.this if isinstance(column, exp.ColumnDef) else column) for column in listed
    ]
    if not columns and not node.args.get("by_name"):
        columns = _partitioned(node, reader.names.columns(table) or [], reader.names)
    rows = rows if node.args.get("by_name") else rows.named(columns) if columns else rows
    fill(effect, table, rows, reader.decisions)
    conflict = node.args.get("conflict")
    if conflict is not None and conflict.expressions:
        scope = reader.scope()
        scope.relations += [
            changed(table, target, reader),
            Relation("excluded", rows),
            Relation("values", rows),
        ]
        assign(conflict.expressions, table, scope, {}, reader, effect)


def _partitioned(node: exp.Insert, columns: Sequence[str], names: Names) -> list[str]:
    """The table's columns in the order in which rows come: none for PARTITION (a = 1), those of PARTITION (a) last."""
    partition = node.args.get("partition") or node.this.args.get("partition")
    fixed: set[str] = set()
    last: list[str] = []
    for part in partition.expressions if isinstance(partition, exp.Partition) else []:
        named = part.this if isinstance(part, exp.EQ) else part
        (fixed.add if isinstance(part, exp.EQ) else last.append)(names.fold(named.this) if named.this else "")
    known = {column.lower(): column for column in columns}
    apart = {column.lower() for column in [*fixed, *last]}
    first = [column for key, column in known.items() if key not in apart]
    return [*first, *(known.get(column.lower(), column) for column in last)] if columns else []


def assign(
    assignments: Sequence[exp.Expr], table: str, scope: Scope, ctes: CTEs, reader: Reader, effect: Effect
) -> None:
    """`column = expression` of UPDATE, MERGE and ON CONFLICT; also `(a, b) = (…)`."""
    outputs: list[Output] = []
    for assignment in assignments:
        if not isinstance(assignment, exp.EQ):
            continue
        into, value = assignment.this, assignment.expression
        if not isinstance(into, exp.Tuple):
            outputs.append(reader.output(reader.names.fold(into.this), value, scope, ctes))
            continue
        columns = [reader.names.fold(column.this) for column in into.expressions]
        made = (
            reader.query(value, ctes, scope)
            if isinstance(value, exp.Query)
            else reader.values([value], ctes, scope)
        )
        outputs += made.named(columns).outputs
    fill(effect, table, Rows(outputs), {})


def changed(table: str, node: exp.Table, reader: Reader) -> Relation:
    return Relation(node.alias or node.name, reader.stored(table), table)
