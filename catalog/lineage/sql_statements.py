"""What each kind of statement does with data: what it reads, what it writes, and what flows from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from catalog.lineage.sql_changes import delete, merge_into, update
from catalog.lineage.sql_commands import Unreadable, command
from catalog.lineage.sql_expressions import CTEs
from catalog.lineage.sql_flows import Effect, between, fill
from catalog.lineage.sql_inserts import insert, multi_insert
from catalog.lineage.sql_model import Rows
from catalog.lineage.sql_names import Names
from catalog.lineage.sql_queries import Reader
from catalog.lineage.sql_transfers import copy, load, unload

WITHOUT_DATA = (
    exp.Analyze, exp.Attach, exp.Comment, exp.Commit, exp.Declare, exp.Describe, exp.Detach, exp.EndStatement,
    exp.Grant, exp.Kill, exp.Pragma, exp.Refresh, exp.Revoke, exp.Rollback, exp.Set, exp.Show, exp.Transaction,
    exp.TruncateTable, exp.Uncache, exp.Use,
)  # fmt: skip
TABLES, VIEWS = {"TABLE", "DYNAMIC TABLE"}, {"VIEW"}


def effect_of(
    statement: exp.Expr, names: Names, *, aliases_at_once: bool, in_body: bool, into: str = ""
) -> Effect:
    """What a statement does; `in_body`: inside a procedure, where SELECT INTO fills variables.

    A query fills the table `into`, where one is named. Raises Unreadable where it does something that cannot be told
    from it.
    """
    if isinstance(statement, WITHOUT_DATA):
        return Effect()
    reader = Reader(names, aliases_at_once=aliases_at_once)
    ctes = reader.with_ctes(statement, {})
    if isinstance(statement, exp.Query):
        effect = _select(statement, reader, ctes, in_body=in_body, filled=into)
    elif isinstance(statement, exp.Command) and statement.name.upper() == "UNLOAD":
        effect = unload(statement, reader, ctes)
    elif isinstance(statement, exp.Command):
        effect = command(statement, names)
    else:
        handler = HANDLERS.get(type(statement))
        if handler is None:
            raise Unreadable(f"{statement.key.upper()} is not understood")
        effect = handler(statement, reader, ctes)
    effect.reads += [table for table in reader.read if table not in effect.reads]
    return effect


def _select(node: exp.Query, reader: Reader, ctes: CTEs, *, in_body: bool, filled: str) -> Effect:
    effect = Effect()
    rows = reader.query(node, ctes)
    into = node.find(exp.Into)
    target = into.this if into is not None and not in_body else None
    if isinstance(target, exp.Table):
        table = reader.names.table(target)
        fill(effect, table, rows, reader.decisions)
        _created(effect, table, rows)
        if into is not None and (into.args.get("temporary") or table.startswith("#")):
            effect.temporary.add(table)
    elif filled:
        columns = reader.names.columns(filled) or []
        fits = not rows.rest and len(columns) == len(rows.outputs)
        fill(effect, filled, rows.named(columns) if fits else rows, reader.decisions)
    for call in node.find_all(exp.Anonymous):
        if call.name.lower() == "swap_partitions_between_tables" and len(call.expressions) == 4:
            source, exchanged = call.expressions[0].name, call.expressions[3].name
            effect.reads.append(source)
            effect.writes.append(exchanged)
            effect.flows.append(between(source, exchanged))
    return effect


def _create(node: exp.Create, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    kind = (node.args.get("kind") or "").upper()
    if kind not in TABLES | VIEWS:
        return effect
    target = node.this
    listed = target.expressions if isinstance(target, exp.Schema) else []
    table = reader.names.table(target.this if isinstance(target, exp.Schema) else target)
    properties = node.args.get("properties")
    held = properties.expressions if properties is not None else []
    columns = [reader.names.fold(part.this) for part in listed if isinstance(part, exp.ColumnDef)]
    columns += [reader.names.fold(part) for part in listed if isinstance(part, exp.Identifier)]
    rows = reader.query(node.expression, ctes)
    if node.expression is not None and columns:
        rows = rows.named(columns)
    fill(effect, table, rows, reader.decisions)
    clone = node.args.get("clone")
    like = next((part for part in [*listed, *held] if isinstance(part, exp.LikeProperty)), None)
    model = reader.names.table(clone.this) if clone is not None else None
    if model is not None:
        effect.flows.append(between(model, table))
    elif like is not None:  # only the structure is copied
        model = reader.names.table(like.this)
    if model is not None:
        effect.reads.append(model)
        effect.created[table] = list(reader.names.columns(model) or []) or None
    elif node.expression is None:
        effect.created[table] = columns or None
    else:
        _created(effect, table, rows)
    if table.startswith("#") or any(isinstance(part, exp.TemporaryProperty) for part in held):
        effect.temporary.add(table)
    return effect


def _cache(node: exp.Cache, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    table = reader.names.table(node.this)
    if node.expression is not None:
        rows = reader.query(node.expression, ctes)
        fill(effect, table, rows, reader.decisions)
        _created(effect, table, rows)
        effect.temporary.add(table)
    return effect


def _alter(node: exp.Alter, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    for action in node.args.get("actions") or []:
        if isinstance(action, exp.AlterRename) and isinstance(action.this, exp.Table):
            effect.renamed.append((reader.names.table(node.this), reader.names.table(action.this)))
        elif isinstance(action, exp.SwapTable):
            table, other = reader.names.table(node.this), reader.names.table(action.this)
            effect.reads.append(other)
            effect.writes.append(table)
            effect.flows += [between(other, table), between(table, other)]
    return effect


def _drop(node: exp.Drop, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    if (node.args.get("kind") or "").upper() in ("TABLE", "VIEW", "MATERIALIZED VIEW"):
        effect.dropped += [reader.names.table(table) for table in node.find_all(exp.Table)]
    return effect


def _call(node: exp.Execute, reader: Reader, ctes: CTEs) -> Effect:
    raise Unreadable(
        "it calls a procedure or builds its statement when it runs: what that does is not in this SQL"
    )


def _created(effect: Effect, table: str, rows: Rows) -> None:
    effect.created[table] = None if rows.rest else [output.name for output in rows.outputs]


HANDLERS: Mapping[type[exp.Expr], Callable[..., Effect]] = {
    exp.Insert: insert,
    exp.MultitableInserts: multi_insert,
    exp.Create: _create,
    exp.Cache: _cache,
    exp.Merge: merge_into,
    exp.Update: update,
    exp.Delete: delete,
    exp.Copy: copy,
    exp.LoadData: load,
    exp.Alter: _alter,
    exp.Drop: _drop,
    exp.Execute: _call,
}
