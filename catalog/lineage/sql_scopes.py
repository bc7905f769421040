"""What a name means inside a query: the tables and sub-queries in its FROM, and those of the queries around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from catalog.lineage.sql_model import (
    BARE,
    LARGEST,
    TRANSFORMATION,
    Output,
    Ref,
    Rows,
    Sources,
    TooLarge,
    Via,
    merge,
)

ALL = "*"
ROW_OF_A_TRIGGER = {"new", "old", "inserted", "deleted"}


@dataclass(slots=True)
class Relation:
    """One thing in a FROM. `computed`: what a table function is fed with, where its columns have no names."""

    name: str
    rows: Rows
    table: str = ""  # where it is a stored table itself
    computed: Sources | None = None
    shown: bool = True  # its columns are part of `*`: not those of a semi-join
    columns: dict[str, Output] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = {}
        for output in self.rows.outputs:
            known = self.columns.get(output.name.lower())
            self.columns[output.name.lower()] = _both(known, output) if known else output

    @property
    def open(self) -> bool:
        """It may have columns that nobody told."""
        return bool(self.rows.rest)

    def find(self, name: str) -> Output | None:
        """Its column of that name, known or presumed."""
        if name.lower() in self.columns:
            return self.columns[name.lower()]
        if self.computed is not None:
            return Output(name, self.computed)
        rest = self.rows.rest
        if not rest:
            return Output(name, {Ref(self.table, name): BARE}) if self.table else None
        ref = Ref(rest[0], name) if len(rest) == 1 else Ref("", name, rest)
        return Output(name, {ref: BARE})

    def whole(self) -> Output:
        """A row of it as one value."""
        sources: Sources = dict(self.computed or {})
        for output in self.rows.outputs:
            merge(sources, output.sources, via=Via(False, TRANSFORMATION))
        merge(sources, {Ref(table, None): Via(False, TRANSFORMATION) for table in self.rows.rest})
        return Output(self.name, sources)


@dataclass(slots=True)
class Scope:
    """A query's FROM, with the query around it for what it cannot resolve itself."""

    parent: Scope | None = None
    aliases_at_once: bool = False  # the dialect lets a column use the alias of one before it
    relations: list[Relation] = field(default_factory=list)
    using: set[str] = field(default_factory=set)  # columns that a join makes one of; ALL in a natural join
    aliases: dict[str, Output] = field(default_factory=dict)

    def resolve(self, column: exp.Column, name: str, *, alias_first: bool = False) -> Output:
        """What a column in an expression stands for; `name` is its own name as the store spells it."""
        parts = [part.name.lower() for part in column.parts]
        if len(parts) > 1:
            return self._qualified(parts, name)
        if alias_first and parts[0] in self.aliases:
            return self.aliases[parts[0]]
        return self._unqualified(name)

    def relation(self, qualifier: list[str]) -> Relation | None:
        """The one that a qualifier names, by alias or, failing that, by its table's own name; here or around."""
        dotted = ".".join(qualifier)
        for relation in self.relations:
            if relation.name.lower() == dotted:
                return relation
        for relation in self.relations:
            table = relation.table.lower()
            if table and (table == dotted or table.endswith("." + dotted) or dotted.endswith("." + table)):
                return relation
        return self.parent.relation(qualifier) if self.parent else None

    def star(self) -> Rows:
        """All columns, those that a join made one only once, and the tables whose columns nobody knows."""
        outputs: list[Output] = []
        places: dict[str, int] = {}
        for relation in self.relations:
            for output in relation.rows.outputs if relation.shown else []:
                name = output.name.lower()
                if name in places and self._merged(name):
                    outputs[places[name]] = _both(outputs[places[name]], output)
                else:
                    places[name] = len(outputs)
                    outputs.append(output)
            if relation.computed and relation.shown and not relation.rows.outputs:
                outputs.append(Output(relation.name, relation.computed))
        rest = dict.fromkeys(table for r in self.relations if r.shown for table in r.rows.rest)
        if len(outputs) > LARGEST:
            raise TooLarge
        return Rows(outputs, tuple(rest))

    def tables(self) -> tuple[str, ...]:
        """Every stored table under it."""
        found: dict[str, None] = {}
        for relation in self.relations:
            found |= dict.fromkeys([relation.table] if relation.table else relation.rows.tables())
        return tuple(found)

    def _merged(self, name: str) -> bool:
        return name in self.using or ALL in self.using

    def _qualified(self, parts: list[str], name: str) -> Output:
        for length in range(len(parts) - 1, 0, -1):
            relation = self.relation(parts[:length])
            if relation is not None:
                field_of = name if length == len(parts) - 1 else parts[length]
                return relation.find(field_of) or Output(name)
        if parts[0] in ROW_OF_A_TRIGGER:
            return Output(name)
        return self._unqualified(parts[0])  # a field of a column

    def _unqualified(self, name: str) -> Output:
        key = name.lower()
        having = [relation for relation in self.relations if key in relation.columns]
        if having:
            outputs = [relation.columns[key] for relation in having]
            return outputs[0] if len(outputs) == 1 else _all(name, outputs)
        for relation in self.relations:
            if relation.name.lower() == key:
                return relation.whole()
        opened = [relation for relation in self.relations if relation.open]
        if key in self.aliases and (self.aliases_at_once or not opened):
            return self.aliases[key]
        if len(opened) == 1:
            return opened[0].find(name) or Output(name)
        if opened:
            if self._merged(key):
                return _all(name, list(self._presumed(opened, name)))
            tables = dict.fromkeys(table for relation in opened for table in relation.rows.rest)
            if len(tables) == 1:
                return Output(name, {Ref(next(iter(tables)), name): BARE})
            return Output(name, {Ref("", name, tuple(tables)): BARE})
        if self.parent is not None:
            return self.parent._unqualified(name)
        computed = [relation for relation in self.relations if relation.computed is not None]
        if computed:
            return _all(name, list(self._presumed(computed, name)))
        if len(self.relations) == 1:  # the schema is older than the statement
            return self.relations[0].find(name) or Output(name)
        return Output(name, {Ref("", name, self.tables()): BARE} if self.relations else {})

    @staticmethod
    def _presumed(relations: list[Relation], name: str) -> Iterator[Output]:
        for relation in relations:
            output = relation.find(name)
            if output is not None:
                yield output


def _both(first: Output, second: Output) -> Output:
    return _all(first.name, [first, second])


def _all(name: str, outputs: list[Output]) -> Output:
    joined = Output(name)
    for output in outputs:
        merge(joined.sources, output.sources)
        joined.decided |= output.decided
    return joined
