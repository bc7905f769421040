"""Reads expressions: which columns a value is made of, and which decide about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from catalog.lineage.sql_model import BARE, LARGEST, Decisions, Output, Ref, Rows, TooLarge, merge
from catalog.lineage.sql_names import Names
from catalog.lineage.sql_scopes import Scope
from catalog.lineage.sql_transformations import leaves

CTEs = Mapping[str, Rows]


class ExpressionReader(ABC):
    """Reads one statement, and remembers the tables it reads and what decides about its rows."""

    def __init__(self, names: Names, *, aliases_at_once: bool = False) -> None:
        self.names = names
        self.aliases_at_once = aliases_at_once
        self.read: dict[str, None] = {}
        self.decisions: Decisions = {}
        self.steps = 0

    def scope(self, parent: Scope | None = None) -> Scope:
        return Scope(parent, self.aliases_at_once)

    @abstractmethod
    def query(self, node: exp.Expr | None, ctes: CTEs, parent: Scope | None = None) -> Rows:
        """What a query returns; nothing where `node` is none."""

    def output(
        self, name: str, node: exp.Expr, scope: Scope, ctes: CTEs, *, alias_first: bool = False
    ) -> Output:
        """What an expression is made of, as a column called `name`."""
        result = Output(name, node=node)
        for leaf, via, role in leaves(node):
            found = self._leaf(leaf, scope, ctes, alias_first=alias_first)
            self._count(len(found.sources) + len(found.decided))
            merge(result.sources, found.sources, via=via)
            if role:
                result.decided |= {(ref, role): None for ref in found.sources}
            result.decided |= found.decided
        return result

    def decide(self, node: exp.Expr | None, subtype: str, scope: Scope, ctes: CTEs, **how: bool) -> None:
        """Everything in `node` decides about the rows."""
        if node is not None:
            found = self.output("", node, scope, ctes, **how)
            self.decisions |= {(ref, subtype): None for ref in found.sources}

    def stored(self, table: str) -> Rows:
        """All columns of a stored table, as far as the schema knows them."""
        columns = self.names.columns(table)
        if columns is None:
            return Rows([], (table,))
        return Rows([Output(column, {Ref(table, column): BARE}) for column in columns])

    def values(self, tuples: Sequence[exp.Expr], ctes: CTEs, parent: Scope | None) -> Rows:
        """The rows of VALUES: most hold constants, some a sub-query or a column of the query around."""
        outputs: list[Output] = []
        for row in tuples:
            for place, value in enumerate(row.expressions if isinstance(row, exp.Tuple) else [row]):
                if place == len(outputs):
                    outputs.append(Output(f"column{place + 1}"))
                if not isinstance(value, exp.Literal):
                    found = self.output("", value, self.scope(parent), ctes)
                    merge(outputs[place].sources, found.sources)
                    outputs[place].decided |= found.decided
                    outputs[place].node = value
        return Rows(outputs)

    def _leaf(self, leaf: exp.Expr, scope: Scope, ctes: CTEs, *, alias_first: bool) -> Output:
        if isinstance(leaf, exp.Column) and not isinstance(leaf.this, exp.Star):
            return scope.resolve(leaf, self.names.fold(leaf.this), alias_first=alias_first)
        if isinstance(leaf, exp.Star | exp.Column):  # count(*), count(t.*)
            return Output("*", {Ref(table, None): BARE for table in scope.tables()})
        if isinstance(leaf, exp.Exists):
            self.query(leaf.this, ctes, scope)
            return Output("")
        rows = self.query(leaf, ctes, scope)
        result = Output("", {Ref(table, None): BARE for table in rows.rest})
        for output in rows.outputs:
            merge(result.sources, output.sources)
            result.decided |= output.decided
        return result

    def _alias_columns(self, node: exp.Expr) -> list[str]:
        alias = node.args.get("alias")
        columns: Iterable[exp.Expr] = (
            alias.args.get("columns") or [] if isinstance(alias, exp.TableAlias) else []
        )
        return [self.names.fold(column) for column in columns]

    def _count(self, steps: int) -> None:
        self.steps += 1 + steps
        if self.steps > LARGEST:
            raise TooLarge


def text_of(node: exp.Expr | None, *, longest: int = 400) -> str:
    """An expression as text; cut, and empty where it is too deep to be written down."""
    if node is None:
        return ""
    try:
        return node.sql(comments=False)[:longest]
    except RecursionError:
        return ""
