"""Puts the statements of a script together: tables that come and go on the way, names that change."""

from __future__ import annotations

from dataclasses import replace

from catalog.lineage.sql_flows import Effect, SqlFlow, SqlLineage, through
from catalog.lineage.sql_model import LARGEST, TooLarge
from catalog.lineage.sql_names import Names


class Script:
    """What a script did so far. The tables it made are known to the statements after."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.sources: dict[str, None] = {}
        self.steps: list[tuple[list[str], list[str]]] = []  # what each statement read and wrote
        self.targets: dict[str, None] = {}
        self.flows: dict[SqlFlow, None] = {}
        self.passing: dict[str, None] = {}  # temporary and dropped: what flows into them flows on

    def add(self, effect: Effect, *, in_body: bool) -> None:
        """One more statement. Of a routine's, `in_body`, nobody knows which run, how often, in which order."""
        for table in effect.reads:
            if in_body or (table not in self.targets and not self._written(table)):
                self.sources[table] = None
        for table in effect.reads if not in_body else []:
            if table not in effect.writes:
                self.targets.pop(table, None)
        self.targets |= dict.fromkeys(effect.writes)
        self.steps.append((effect.reads, effect.writes))
        self.flows |= dict.fromkeys(effect.flows)
        self.passing |= dict.fromkeys(sorted(effect.temporary))
        for table, columns in effect.created.items():
            self.names.forget(table)
            if columns is not None:
                self.names.learn(table, columns)
        for table in effect.dropped:
            self._drop(table)
        for old, new in effect.renamed:
            self._rename(old, new)

    def lineage(self, problems: list[str]) -> SqlLineage:
        """All of it, without the tables that were only there on the way."""
        flows = list(self.flows)
        try:
            for table in self.passing:
                flows = _passing(flows, table)
        except TooLarge:
            problems.append("Its temporary tables depend on each other in too many ways to be followed.")
        sources = frozenset(self.sources) & self._needed()
        targets = frozenset(table for table in self.targets if table not in self.passing)
        return SqlLineage(sources, targets, tuple(dict.fromkeys(flows)), "\n".join(problems))

    def _needed(self) -> set[str]:
        """What was read for something that is left, or for nobody but the reader."""
        needed: set[str] = set()
        for reads, writes in reversed(self.steps):
            if not writes or any(table in needed or table not in self.passing for table in writes):
                needed |= set(reads)
        return needed - set(self.passing)

    def _written(self, table: str) -> bool:
        return any(flow.target_table == table for flow in self.flows) or table in self.passing

    def _drop(self, table: str) -> None:
        self.names.forget(table)
        if self._written(table) or table in self.targets:
            self.passing[table] = None
            self.targets.pop(table, None)

    def _rename(self, old: str, new: str) -> None:
        columns = self.names.columns(old)
        self.names.forget(old)
        if columns is not None:
            self.names.learn(new, columns)
        if old in self.targets:
            del self.targets[old]
            self.targets[new] = None
        self.passing.pop(new, None)
        self.flows = dict.fromkeys(
            replace(flow, target_table=new) if flow.target_table == old else flow for flow in self.flows
        )


def _passing(flows: list[SqlFlow], table: str) -> list[SqlFlow]:
    """Flows without `table`: each into it is joined to each out of it."""
    into = [f for f in flows if f.target_table == table and f.source_table != table]
    out_of = [f for f in flows if f.source_table == table and f.target_table != table]
    if len(into) * len(out_of) > LARGEST:
        raise TooLarge
    joined = [through(earlier, later) for later in out_of for earlier in into]
    kept = [f for f in flows if table not in (f.source_table, f.target_table)]
    return list(dict.fromkeys([*kept, *(flow for flow in joined if flow is not None)]))
