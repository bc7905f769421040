"""MERGE, UPDATE and DELETE: what gets into a table that was there before."""

from __future__ import annotations

from sqlglot import exp

from catalog.lineage.sql_expressions import CTEs
from catalog.lineage.sql_flows import Effect, fill
from catalog.lineage.sql_inserts import assign, changed
from catalog.lineage.sql_model import Decisions, Rows
from catalog.lineage.sql_queries import Reader


def merge_into(node: exp.Merge, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    scope = reader.scope()
    table = reader.names.table(node.this)
    target = changed(table, node.this, reader)
    reader.add(scope, node.args["using"], ctes)
    offered = scope.star()
    source = list(scope.relations)
    scope.relations.insert(0, target)
    reader.decide(node.args.get("on"), "JOIN", scope, ctes)
    effect.writes.append(table)
    known = reader.names.columns(table) or []
    for when in node.args["whens"].expressions:
        reader.decide(when.args.get("condition"), "FILTER", scope, ctes)
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            if any(isinstance(part, exp.Star) for part in then.expressions):
                _fill_all(effect, table, offered)
            else:
                assign(then.expressions, table, scope, ctes, reader, effect)
        elif isinstance(then, exp.Insert):
            values = then.expression
            if not isinstance(values, exp.Expr):
                _fill_all(effect, table, offered)
                continue
            only = reader.scope()
            only.relations = source
            rows = reader.values([values], ctes, only)
            into = then.this.expressions if isinstance(then.this, exp.Tuple | exp.Schema) else []
            columns = [reader.names.fold(column.this) for column in into] or list(known)
            rows = rows.named(columns or [value.name for value in values.expressions])
            fill(effect, table, rows, {})
    fill(effect, table, Rows(), _from_others(reader, table))
    return effect


def update(node: exp.Update, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    scope = reader.scope()
    source = node.args.get("from_")
    if source is not None:
        reader.add(scope, source.this, ctes)
    named = node.this
    meant = next((r for r in scope.relations if r.table and r.name.lower() == named.name.lower()), None)
    if meant is not None and len(named.parts) == 1:  # UPDATE t … FROM table AS t
        table = meant.table
    else:
        table = reader.names.table(named)
        scope.relations.insert(0, changed(table, named, reader))
    for join in named.args.get("joins") or []:
        reader.join(scope, join, ctes)
    reader.read.pop(table, None)
    where = node.args.get("where")
    reader.decide(where, "FILTER", scope, ctes)
    assign(node.expressions, table, scope, ctes, reader, effect)
    fill(effect, table, Rows(), _from_others(reader, table))
    return effect


def delete(node: exp.Delete, reader: Reader, ctes: CTEs) -> Effect:
    """Nothing gets in; where other tables say which rows go, they decide about what is left."""
    effect = Effect()
    if not isinstance(node.this, exp.Table):
        return effect
    table = reader.names.table(node.this)
    scope = reader.scope()
    scope.relations.append(changed(table, node.this, reader))
    using = node.args.get("using")
    for other in using if isinstance(using, list) else []:
        reader.add(scope, other, ctes)
    reader.decide(node.args.get("where"), "FILTER", scope, ctes)
    reader.read.pop(table, None)
    if reader.read:
        fill(effect, table, Rows(), _from_others(reader, table))
    return effect


def _fill_all(effect: Effect, table: str, rows: Rows) -> None:
    """UPDATE SET *, INSERT *, INSERT ROW: columns go to those of their name."""
    fill(effect, table, rows, {})


def _from_others(reader: Reader, table: str) -> Decisions:
    """What decides, without the changed table's own columns: these were there before."""
    return {key: None for key in reader.decisions if key[0].table != table}
