"""The steps of a plan before it is stored: decided, counted, and rehearsed in the stores and undone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.connectors.base import ConnectorError, DataSetInfo
from catalog.models import DataSet, Link
from erasure.deciding import Decision
from erasure.estate import Connections, Estate
from erasure.executing import rehearse
from erasure.fingerprints import schema_digest
from erasure.keysets import KeySet
from erasure.methods import registry as methods
from erasure.models import Hit, Step, SubjectRequest
from erasure.ordering import in_order
from erasure.overtaking import current_schemas
from erasure.rights import right_of
from retention.holds import holds_on
from retention.models import Hold

NEVER_LAST = ("ask", "ask to correct", "leave", "rectify", "restrict", "withhold")  # the person stays
Problem = dict[str, str]


@dataclass(eq=False)
class Asked:
    """A request to be planned, with what was found: hits and keys."""

    request: SubjectRequest
    hits: list[Hit]
    keys: dict[int, KeySet]


@dataclass(eq=False)
class Drafted:
    """What a plan would do on rows. Not `needed`: an earlier plan has done it."""

    asked: Asked
    rows: list[Step]
    problems: list[Problem] = field(default_factory=list)
    needed: bool = True


class Ground:
    """The estate as planning needs it, read once for all requests: open connectors, links, structure, holds."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.estate = Estate.load(connections)
        self.links: list[Link] = [link for links in self.estate.links_into.values() for link in links]
        self.read: dict[int, DataSetInfo | None] = {}

    def schemas(self, data_sets: Iterable[DataSet]) -> Mapping[int, DataSetInfo | None]:
        """What the stores say of the structure of at least these."""
        unread = [each for each in data_sets if each.pk not in self.read]
        if unread:
            self.read |= current_schemas(self.connections, unread)
        return self.read

    def holds(self, hits: Iterable[Hit]) -> Mapping[int, Hold]:
        return holds_on(hit.data_set for hit in hits)


def draft(ground: Ground, asked: Asked) -> Drafted:
    """The steps for one request. Raises ConnectorError."""
    ordered = in_order(asked.hits, ground.links)
    holds = ground.holds(asked.hits)
    decisions = right_of(asked.request.kind).decide(asked.request, ground.estate, ordered, asked.keys, holds)
    ordered.sort(key=lambda hit: decisions[hit.data_set_id].method == "ask")  # they hold up no other
    chosen = [(hit, one) for hit in ordered for one in _decisions(hit, decisions)]
    needed = any(_needed(ground, hit, one, asked.keys) for hit, one in chosen)
    rows = [step_for(ground, hit, one, asked.keys) for hit, one in chosen]
    drafted = Drafted(asked, rows, unsearched(asked.request), needed)
    drafted.problems += [problem for _, one in chosen for problem in one.problems]
    if not drafted.problems:
        drafted.problems = rehearsed(rows, asked.keys)
    return drafted


def step_for(ground: Ground, hit: Hit, decision: Decision, keys: Mapping[int, KeySet]) -> Step:
    """The unsaved step that does what was decided for the rows of a hit."""
    system = hit.data_set.system
    return Step(
        hit=hit,
        data_set=hit.data_set,
        method=decision.method,
        identity=hit.depth == 0 and decision.method not in NEVER_LAST,
        replacements=decision.replacements,
        kept=decision.kept,
        reason=decision.reason[:400],
        hold=decision.hold,
        schema_digest=schema_digest(ground.schemas([hit.data_set])[hit.data_set_id], system),
        keys_digest=keys[hit.data_set_id].part(decision.part).digest(),
        rows_before=decision.rows if decision.part else hit.rows,
        facts=decision.facts | ({"part": decision.part} if decision.part else {}),
        sealed=decision.sealed,
    )


def unsearched(request: SubjectRequest) -> list[Problem]:
    """What could not be looked into stands in the way of every plan."""
    return [
        {
            "where": entry["data_set"],
            "message": f"This could not be searched. {entry['problem']}",
            "remedy": "Give the console access and search again, "
            "or have a steward confirm that it holds nothing personal.",
        }
        for entry in request.unsearched
    ]


def rehearsed(steps: Sequence[Step], keys: Mapping[int, KeySet]) -> list[Problem]:
    """Try every step in its store and undo it: what would fail half way fails here, with nothing written."""
    problems = []
    by_system: dict[int, list[Step]] = {}
    for step in steps:
        assert step.data_set is not None
        by_system.setdefault(step.data_set.system_id, []).append(step)
    for these in by_system.values():
        try:
            touched = rehearse(these, lambda step: keys[step.data_set_id or 0].part(step.part))
        except ConnectorError as problem:
            problems.append(
                {
                    "where": str(these[0].data_set.system if these[0].data_set else ""),
                    "message": problem.message,
                    "remedy": problem.remedy,
                }
            )
            continue
        for step, rows in zip(these, touched, strict=True):
            expected = step.facts.get("rows", step.rows_before)
            if rows != expected:
                problems.append(
                    {
                        "where": str(step.data_set),
                        "message": f"{expected} rows were found, {rows} would change.",
                        "remedy": "The data changed since the search: search again.",
                    }
                )
    return problems


def _decisions(hit: Hit, decisions: Mapping[int, Decision]) -> list[Decision]:
    """What becomes of the rows that are others' too, and of those that are the person's alone, if there are any."""
    decision = decisions[hit.data_set_id]
    return [*decision.beside, *([decision] if hit.rows else [])]


def _needed(ground: Ground, hit: Hit, decision: Decision, keys: Mapping[int, KeySet]) -> bool:
    """Whether there is anything left to do for these rows, or an earlier plan has done it."""
    if decision.problems:
        return True
    step = Step(
        hit=hit,
        data_set=hit.data_set,
        method=decision.method,
        replacements=decision.replacements,
        facts=decision.facts,
        sealed=decision.sealed,
    )
    connector = ground.connections.to(hit.data_set.system)
    matches = keys[hit.data_set_id].part(decision.part).matches
    return methods.get(decision.method)().remaining(connector, step, matches) > 0
