"""Reads what stands in a FROM: tables, sub-queries, table functions, files, pivots and joins."""

from __future__ import annotations

from sqlglot import exp

from catalog.lineage.sql_expressions import CTEs, ExpressionReader
from catalog.lineage.sql_model import TRANSFORMATION, Output, Rows, Sources, Via, merge
from catalog.lineage.sql_scopes import ALL, Relation, Scope
from catalog.lineage.sql_transformations import QUERIES

FILE_READERS = (exp.ReadCSV, exp.ReadParquet)


class FromReader(ExpressionReader):
    """Puts the items of a FROM into a scope."""

    def add(self, scope: Scope, node: exp.Expr, ctes: CTEs, *, shown: bool = True) -> None:
        """Put one item of a FROM, and what is joined to it, into the scope."""
        alias = node.args.get("alias")
        names = self._alias_columns(node)
        name = alias.name if isinstance(alias, exp.TableAlias) else ""
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Func):
            self._function(scope, node.this, name, names, ctes, shown=shown)
        elif isinstance(node, exp.Table):
            self._table(scope, node, name, names, ctes, shown=shown)
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.Subquery) and not name:
            self.add(scope, node.this, ctes, shown=shown)
        elif isinstance(node, exp.Subquery | exp.Values):
            around = scope.parent
            rows = self.query(node, ctes, around).named(names)
            scope.relations.append(Relation(name, rows, shown=shown))
        elif isinstance(node, exp.Lateral | exp.TableFromRows) and isinstance(node.this, QUERIES):
            rows = self.query(node.this, ctes, scope).named(names)
            scope.relations.append(Relation(name, rows, shown=shown))
        else:
            self._function(scope, node, name, names, ctes, shown=shown)
        self._pivot(scope, node, ctes)
        for lateral in node.args.get("laterals") or []:
            self.add(scope, lateral, ctes)
        for join in node.args.get("joins") or []:
            self.join(scope, join, ctes)

    def join(self, scope: Scope, join: exp.Join, ctes: CTEs) -> None:
        """Add what is joined, and what decides which of its rows belong together."""
        kind = f"{join.kind} {join.side}".upper()
        self.add(scope, join.this, ctes, shown="SEMI" not in kind and "ANTI" not in kind)
        if join.method.upper() == "NATURAL":
            scope.using.add(ALL)
        for column in join.args.get("using") or []:
            scope.using.add(column.name.lower())
            self.decide(exp.column(column.name), "JOIN", scope, ctes)
        self.decide(join.args.get("on"), "JOIN", scope, ctes)

    def _table(
        self, scope: Scope, node: exp.Table, name: str, columns: list[str], ctes: CTEs, *, shown: bool
    ) -> None:
        own = node.name
        if len(node.parts) == 1 and own.lower() in ctes:
            rows = ctes[own.lower()].named(columns)
            scope.relations.append(Relation(name or own, rows, shown=shown))
            return
        table = self.names.table(node)
        rows = self.stored(table).named(columns)
        scope.relations.append(Relation(name or own, rows, table, shown=shown))
        self.read[table] = None

    def _function(
        self, scope: Scope, node: exp.Expr, name: str, columns: list[str], ctes: CTEs, *, shown: bool
    ) -> None:
        """A table function: each of its columns is made of all its arguments; a reader of files is the files."""
        if isinstance(node, FILE_READERS):
            for path in node.find_all(exp.Literal):
                if path.is_string:
                    self.read[path.name] = None
                    rows = self.stored(path.name).named(columns)
                    scope.relations.append(Relation(name, rows, path.name, shown=shown))
            return
        alias = node.args.get("alias")
        content = [child for child in node.iter_expressions() if child is not alias]
        made: Sources = {}
        for child in content:
            merge(made, self.output("", child, scope, ctes).sources, via=Via(False, TRANSFORMATION))
        rows = Rows([Output(column, made) for column in columns])
        scope.relations.append(Relation(name, rows, computed=made, shown=shown))

    def _pivot(self, scope: Scope, node: exp.Expr, ctes: CTEs) -> None:
        """PIVOT and UNPIVOT give the last relation new columns, made of what they name."""
        for pivot in node.args.get("pivots") or []:
            if not isinstance(pivot, exp.Pivot) or not scope.relations:
                continue
            relation = scope.relations.pop()
            inside = self.scope()
            inside.relations.append(relation)
            made: Sources = {}
            for part in [*pivot.expressions, *(pivot.args.get("fields") or [])]:
                merge(made, self.output("", part, inside, ctes).sources, via=Via(False, TRANSFORMATION))
            used = {ref.column for ref in made}
            kept = [o for o in relation.rows.outputs if not any(ref.column in used for ref in o.sources)]
            new = [Output(column.name, made) for column in pivot.args.get("columns") or []]
            rows = Rows([*kept, *new], relation.rows.rest)
            name = pivot.alias or relation.name
            scope.relations.append(Relation(name, rows, computed=None if rows.rest else made))
