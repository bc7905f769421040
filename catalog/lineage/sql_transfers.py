"""COPY, UNLOAD and LOAD: between tables and files."""

from __future__ import annotations

import re

from sqlglot import exp

from catalog.lineage.sql_commands import Unreadable, text_of_command
from catalog.lineage.sql_expressions import CTEs
from catalog.lineage.sql_flows import Effect, fill
from catalog.lineage.sql_model import Rows
from catalog.lineage.sql_queries import Reader

UNLOAD = re.compile(r"\(\s*(?:'((?:[^']|'')*)'|(SELECT\b.*|WITH\b.*))\s*\)\s*TO\s*'([^']*)'", re.I | re.S)


def copy(node: exp.Copy, reader: Reader, ctes: CTEs) -> Effect:
    """COPY from files into a table (`kind`), or from a table or query into files."""
    effect = Effect()
    inside, files = node.this, node.args.get("files") or []
    queries = [part for part in [inside, *files] if isinstance(part, exp.Query)]
    rows = reader.query(queries[0], ctes) if queries else Rows()
    paths = [part.name for part in files if isinstance(part, exp.Literal | exp.Var)]
    paths += [reader.names.table(part) for part in files if isinstance(part, exp.Table)]
    listed = inside.expressions if isinstance(inside, exp.Schema) else []
    inside = inside.this if isinstance(inside, exp.Schema) else inside
    table = reader.names.table(inside) if isinstance(inside, exp.Table) else ""
    if node.args.get("kind"):
        columns = [reader.names.fold(column) for column in listed]
        rows = rows.named(columns) if columns else rows
        effect.reads += paths
        fill(effect, table, Rows(rows.outputs, (*rows.rest, *paths)), reader.decisions)
    else:
        effect.reads += [table] if table else []
        rest = (table,) if table else rows.rest
        for path in paths:
            fill(effect, path, Rows(rows.outputs, rest), reader.decisions)
    return effect


def unload(node: exp.Command, reader: Reader, ctes: CTEs) -> Effect:
    """UNLOAD ('query') TO 'folder', the query quoted or not."""
    effect = Effect()
    found = UNLOAD.search(text_of_command(node))
    if found is None:
        raise Unreadable("this form of UNLOAD is not understood")
    query = found[1].replace("''", "'") if found[1] is not None else found[2]
    for parsed in reader.names.dialect.parse(query):
        fill(effect, found[3], reader.query(parsed, ctes), reader.decisions)
    return effect


def load(node: exp.LoadData, reader: Reader, ctes: CTEs) -> Effect:
    effect = Effect()
    path = node.args["inpath"].name
    effect.reads.append(path)
    fill(effect, reader.names.table(node.this), Rows([], (path,)), {})
    return effect
