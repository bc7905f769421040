"""The words of a lineage label's evidence: where it comes from, by which edge, and what was done to it there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.lineage.spreading import Arrival
from catalog.lineage.transforming import FIGURE
from catalog.models import Column, Edge


@dataclass(frozen=True, slots=True)
class Passed:
    """An edge in words, and the job that made it; empty where none did."""

    words: str
    job: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The columns and edges that arrivals speak of, read together."""

    columns: dict[int, str]
    edges: dict[int, Passed]

    def of(self, arrival: Arrival) -> str:
        """One or two sentences on how the label got there."""
        origin = self.columns.get(arrival.origin, "a column that is gone")
        far = "" if arrival.steps == 1 else f", {arrival.steps} steps away"
        if arrival.masked_by:
            made = "a figure over many values" if arrival.claim.category == FIGURE else "a pseudonym"
            return (
                f"Made from {origin}{far}, and masked on the way by {self._edge(arrival.masked_by)}: {made}."
            )
        if arrival.hinted:
            through = self._edge(arrival.edge)
            return (
                f"{origin}{far}, decides which rows or values get here: {through}. It is not copied itself."
            )
        return f"Comes from {origin}{far}, through {self._edge(arrival.edge)}."

    def job(self, edge: int) -> str:
        """The job that made the edge; empty where none did."""
        return self.edges[edge].job if edge in self.edges else ""

    def _edge(self, pk: int) -> str:
        return self.edges[pk].words if pk in self.edges else "an edge that is gone"


def explain(arrivals: Iterable[Arrival]) -> Explanation:
    """Read what the words need: two queries of plain values, however many arrivals."""
    arrivals = list(arrivals)
    origins = Column.objects.filter(pk__in={arrival.origin for arrival in arrivals}).values_list(
        "pk", "data_set__system__name", "data_set__name", "name"
    )
    edges = Edge.objects.filter(pk__in={pk for a in arrivals for pk in (a.edge, a.masked_by)} - {0})
    rows = edges.values_list(
        "pk", "kind", "subtype", "origin", "job__namespace", "job__name",
        "source_column__name", "target__name", "target_column__name",
    )  # fmt: skip
    passed = {}
    for pk, kind, subtype, origin, namespace, name, source, target, target_column in rows:
        job = f"{namespace} / {name}" if name is not None else ""
        how = subtype.lower().replace("_", " ") or kind
        by = job or Edge.Origin(origin).label.lower()
        passed[pk] = Passed(f"“{source} → {target} / {target_column}” ({how}, {by})", job)
    return Explanation({pk: " / ".join(names) for pk, *names in origins}, passed)
