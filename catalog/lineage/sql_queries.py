"""Reads queries: where each column of the result comes from, and what decides which rows there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp

from catalog.lineage.sql_expressions import CTEs, text_of
from catalog.lineage.sql_from import FromReader
from catalog.lineage.sql_model import (
    Output,
    Ref,
    Rows,
    merge,
)
from catalog.lineage.sql_scopes import Relation, Scope

ROUNDS = 5  # of a recursive query, until nothing new comes to light
DECIDING = {
    "where": "FILTER",
    "prewhere": "FILTER",
    "having": "FILTER",
    "qualify": "FILTER",
    "connect": "FILTER",
    "group": "GROUP_BY",
    "order": "SORT",
    "distribute": "SORT",
    "sort": "SORT",
    "cluster": "SORT",
    "windows": "WINDOW",
}
BEFORE_ALIASES = {"where", "prewhere", "connect"}


class Reader(FromReader):
    """Reads the queries of one statement."""

    def query(self, node: exp.Expr | None, ctes: CTEs, parent: Scope | None = None) -> Rows:
        """What a query returns; nothing where `node` is none."""
        if node is None:
            return Rows()
        ctes = self.with_ctes(node, ctes, parent)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, ctes, parent)
        if isinstance(node, exp.Select):
            return self._select(node, ctes, parent)
        if isinstance(node, exp.Values):
            return self.values(node.expressions, ctes, parent)
        scope = self.scope(parent)
        if isinstance(node, exp.Table | exp.Subquery) and isinstance(node.this, exp.Table | exp.Identifier):
            self.add(scope, node, ctes)
            return scope.star()
        if isinstance(node, exp.Subquery | exp.Paren):
            rows = self.query(node.this, ctes, parent)
            scope.relations.append(Relation("", rows))
            self._decide(node, scope, ctes)
            return rows
        return Rows()

    def with_ctes(self, node: exp.Expr, ctes: CTEs, parent: Scope | None = None) -> CTEs:
        """`ctes` and those of the node's own WITH."""
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        known = dict(ctes)
        for cte in clause.expressions:
            name, columns = cte.alias.lower(), self._alias_columns(cte)
            if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                known[name] = self.query(cte.this.left, known, parent).named(columns)
                for _ in range(ROUNDS):
                    rows = self.query(cte.this, known, parent).named(columns)
                    settled = [o.sources for o in rows.outputs] == [o.sources for o in known[name].outputs]
                    known[name] = rows
                    if settled:
                        break
            else:
                known[name] = self.query(cte.this, known, parent).named(columns)
        return known

    def _select(self, node: exp.Select, ctes: CTEs, parent: Scope | None) -> Rows:
        scope = self.scope(parent)
        source = node.args.get("from_")
        if source is not None:
            self.add(scope, source.this, ctes)
        for lateral in node.args.get("laterals") or []:
            self.add(scope, lateral, ctes)
        for join in node.args.get("joins") or []:
            self.join(scope, join, ctes)
        rows = Rows()
        for projection in node.expressions:
            more = self._projection(projection, scope, ctes)
            rows.outputs += more.outputs
            rows.rest = tuple(dict.fromkeys([*rows.rest, *more.rest]))
            scope.aliases |= {output.name.lower(): output for output in more.outputs}
            self._count(len(more.outputs))
        self._decide(node, scope, ctes, rows.outputs)
        distinct = node.args.get("distinct")
        if distinct is not None:
            self.decide(distinct.args.get("on"), "GROUP_BY", scope, ctes)
        return rows

    def _projection(self, node: exp.Expr, scope: Scope, ctes: CTEs) -> Rows:
        if isinstance(node, exp.Star):
            return self._starred(scope.star(), node, scope, ctes)
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            relation = scope.relation([part.name.lower() for part in node.parts[:-1]])
            if relation is None:
                return Rows([scope.resolve(exp.column(node.parts[0].name), node.parts[0].name)])
            return self._starred(relation.rows, node.this, scope, ctes)
        if isinstance(node, exp.Aliases):
            made = self.output("", node.this, scope, ctes)
            return Rows([made.renamed(self.names.fold(alias)) for alias in node.aliases])
        return Rows([self.output(self._name(node), node, scope, ctes)])

    def _starred(self, rows: Rows, star: exp.Star, scope: Scope, ctes: CTEs) -> Rows:
        """`*` without what EXCEPT names and with what REPLACE and RENAME say."""
        left_out = {column.name.lower() for column in star.args.get("except_") or []}
        replaced = {e.alias.lower(): e for e in star.args.get("replace") or []}
        renamed = {
            e.this.name.lower(): self.names.fold(e.args["alias"]) for e in star.args.get("rename") or []
        }
        outputs = []
        for output in rows.outputs:
            name = output.name.lower()
            if name in replaced:
                outputs.append(self.output(output.name, replaced.pop(name).this, scope, ctes))
            elif name not in left_out:
                outputs.append(output.renamed(renamed[name]) if name in renamed else output)
        if rows.rest:  # the columns are not known: those that are named here must be there
            outputs += [self.output(e.alias, e.this, scope, ctes) for e in replaced.values()]
            outputs += [
                scope.resolve(exp.column(old), old).renamed(new)
                for old, new in renamed.items()
                if old not in {output.name.lower() for output in rows.outputs}
            ]
        return Rows(outputs, rows.rest)

    def _set_operation(self, node: exp.SetOperation, ctes: CTEs, parent: Scope | None) -> Rows:
        branches: list[tuple[exp.Expr, exp.SetOperation | None]] = []
        left: exp.Expr = node
        while isinstance(left, exp.SetOperation):  # long chains lean to the left
            branches.append((left.expression, left))
            left = left.this
            ctes = self.with_ctes(left, ctes, parent) if isinstance(left, exp.SetOperation) else ctes
        rows = self.query(left, ctes, parent)
        rows = Rows(
            [Output(o.name, dict(o.sources), dict(o.decided), o.node) for o in rows.outputs], rows.rest
        )
        for branch, operation in reversed(branches):
            more = self.query(branch, ctes, parent)
            if isinstance(operation, exp.Except):
                for output in more.outputs:
                    self.decisions |= {(ref, "FILTER"): None for ref in output.sources}
                self.decisions |= {(Ref(table, None), "FILTER"): None for table in more.rest}
            else:
                self._unite(rows, more, by_name=bool(operation and operation.args.get("by_name")))
        scope = self.scope(parent)
        scope.relations.append(Relation("", rows))
        self._decide(node, scope, ctes, rows.outputs)
        return rows

    def _unite(self, rows: Rows, more: Rows, *, by_name: bool) -> None:
        """Add the columns of another branch, by position, or by name where positions are not known."""
        by_name = by_name or bool(rows.rest or more.rest)
        places = {output.name.lower(): output for output in rows.outputs}
        for position, output in enumerate(more.outputs):
            if by_name:
                place = places.get(output.name.lower())
            else:
                place = rows.outputs[position] if position < len(rows.outputs) else None
            self._count(len(output.sources))
            if place is None:
                rows.outputs.append(output)
            else:
                merge(place.sources, output.sources)
                place.decided |= output.decided
        rows.rest = tuple(dict.fromkeys([*rows.rest, *more.rest]))

    def _decide(self, node: exp.Expr, scope: Scope, ctes: CTEs, outputs: Sequence[Output] = ()) -> None:
        """WHERE, GROUP BY, ORDER BY and the like of one query."""
        for clause, subtype in DECIDING.items():
            held = node.args.get(clause)
            for part in held if isinstance(held, list) else [held] if held is not None else []:
                for place in _positions(part):
                    if 0 < place <= len(outputs):
                        self.decisions |= {(ref, subtype): None for ref in outputs[place - 1].sources}
                self.decide(part, subtype, scope, ctes, alias_first=clause not in BEFORE_ALIASES)

    def _name(self, node: exp.Expr) -> str:
        """What a column of the result is called; an expression without a name by its own text."""
        if isinstance(node, exp.Alias):
            return self.names.fold(node.args["alias"])
        if isinstance(node, exp.Column):
            return self.names.fold(node.this)
        if isinstance(node, exp.Dot):
            return node.name
        if self.names.named_by_function and isinstance(node, exp.Cast):
            return self._name(node.this)
        if self.names.named_by_function and isinstance(node, exp.Func):
            return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        return text_of(node)


def _positions(node: exp.Expr) -> Iterable[int]:
    """The column numbers in GROUP BY 1, 2 and ORDER BY 3."""
    if isinstance(node, exp.Group | exp.Order):
        for by in node.expressions:
            value = by.this if isinstance(by, exp.Ordered) else by
            if isinstance(value, exp.Literal) and not value.is_string and value.name.isdigit():
                yield int(value.name)
