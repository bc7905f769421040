"""A plan: every step with its exact rows, rehearsed in the stores and undone, under one fingerprint."""

from collections.abc import Iterator

from django.db import transaction

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError, DataSetInfo
from catalog.models import Link
from erasure import events
from erasure.deciding import Decision
from erasure.executing import conclude_without_plan, current_schemas, rehearse
from erasure.finding import Connections, Estate
from erasure.fingerprints import fingerprint_of, schema_digest
from erasure.keysets import KeySet
from erasure.measures import registry as measures
from erasure.methods import registry as methods
from erasure.models import WITH_ROWS, Hit, Plan, Step, SubjectRequest
from erasure.ordering import in_order, with_measures
from erasure.requests.states import move
from erasure.rights import right_of
from erasure.searching import known_keys
from governance.console.jobs import JobFailed, Progress
from governance.console.models import User
from retention.holds import holds_on

State = SubjectRequest.State
NEVER_LAST = ("ask", "ask to correct", "leave", "rectify", "restrict", "withhold")  # the person stays
OPEN = (Plan.State.PROPOSED, Plan.State.BLOCKED, Plan.State.APPROVED)


def make_plan(request: SubjectRequest, *, by: User | None) -> Iterator[Progress]:
    """Decide, count and rehearse; store the plan as proposed, or as blocked with what stands in the way.

    Nothing is written in any store. Raises JobFailed if a system does not answer.
    """
    if not right_of(request.kind).plans or request.state != State.FOUND:
        raise JobFailed(
            f"{request.reference} cannot be planned while it is {request.get_state_display().lower()}."
        )
    hits = list(request.hits.filter(WITH_ROWS).select_related("data_set__system"))
    keys = known_keys(request)
    yield Progress(0, 3, "Deciding")
    try:
        with Connections() as connections:
            estate = Estate.load(connections)
            ordered = in_order(hits, _all_links(estate))
            holds = holds_on(hit.data_set for hit in hits)
            decisions = right_of(request.kind).decide(request, estate, ordered, keys, holds)
            ordered.sort(key=lambda hit: decisions[hit.data_set_id].method == "ask")  # they hold up no other
            chosen = [(hit, one) for hit in ordered for one in _decisions(hit, decisions)]
            needed = any(_needed(connections, hit, one, keys) for hit, one in chosen)
            yield Progress(1, 3, "Reading the structure")
            schemas = current_schemas(connections, [hit.data_set for hit in hits])
    except ConnectorError as problem:
        raise JobFailed(f"The plan could not be made. {problem}") from problem
    rows = [_draft(hit, position, one, keys, schemas) for position, (hit, one) in enumerate(chosen, 1)]
    problems = [*_unsearched(request), *(p for _, one in chosen for p in one.problems)]
    yield Progress(2, 3, "Rehearsing")
    if not problems:
        problems = _rehearse(rows, keys)
    beside = _measures(request, rows)
    needed = needed or any(measures.get(step.method).alone for _, step in beside)
    drafts = with_measures(rows, beside)
    if needed or problems:
        store(request, drafts, problems, by=by)
        yield Progress(3, 3, f"{len(problems)} problems" if problems else f"{len(drafts)} steps")
    else:
        conclude_without_plan(request, rows)
        yield Progress(3, 3, "Nothing is left to erase")


@transaction.atomic
def store(request: SubjectRequest, drafts: list[Step], problems: list[dict], *, by: User | None) -> Plan:
    """Write the plan and its steps; earlier plans that were still open are overtaken by it."""
    blocked = bool(problems)
    move(request, State.FOUND if blocked else State.PLANNED, since=[State.FOUND], problem="")
    request.plans.filter(state__in=OPEN).update(state=Plan.State.STALE)
    last = request.plans.order_by("-number").first()
    plan = Plan(
        request=request,
        number=last.number + 1 if last else 1,
        state=Plan.State.BLOCKED if blocked else Plan.State.PROPOSED,
        problems=problems,
        made_by=by,
    )
    plan.fingerprint = fingerprint_of(plan, drafts)
    plan.save()
    for step in drafts:
        step.plan = plan
    Step.objects.bulk_create(drafts)
    record(
        events.PLAN_MADE,
        plan,
        subject=request.subject,
        fingerprint=plan.fingerprint,
        steps=len(drafts),
        rows=sum(step.rows_before for step in drafts),
        problems=len(problems),
    )
    return plan


def _measures(request: SubjectRequest, rows: list[Step]) -> list[tuple[str, Step]]:
    """The steps beside the rows, each with the turn it has. Raises JobFailed if a system does not answer."""
    erases = right_of(request.kind).erases
    found = []
    for kind, measure in measures.classes.items():
        if measure.erases and not erases:
            continue
        try:
            steps = measure().drafts(request, rows)
        except ConnectorError as problem:
            raise JobFailed(f"The plan could not be made. {problem}") from problem
        for step in steps:
            step.method = kind
            found.append((measure.turn.value, step))
    return found


def _all_links(estate: Estate) -> list[Link]:
    return [link for links in estate.links_into.values() for link in links]


def _draft(
    hit: Hit,
    position: int,
    decision: Decision,
    keys: dict[int, KeySet],
    schemas: dict[int, DataSetInfo | None],
) -> Step:
    return Step(
        position=position,
        hit=hit,
        data_set=hit.data_set,
        method=decision.method,
        identity=hit.depth == 0 and decision.method not in NEVER_LAST,
        replacements=decision.replacements,
        kept=decision.kept,
        reason=decision.reason[:400],
        hold=decision.hold,
        schema_digest=schema_digest(schemas[hit.data_set_id], hit.data_set.system),
        keys_digest=keys[hit.data_set_id].part(decision.part).digest(),
        rows_before=decision.rows if decision.part else hit.rows,
        facts=decision.facts | ({"part": decision.part} if decision.part else {}),
        sealed=decision.sealed,
    )


def _decisions(hit: Hit, decisions: dict[int, Decision]) -> list[Decision]:
    """What becomes of the rows that are others' too, and of those that are the person's alone, if there are any."""
    decision = decisions[hit.data_set_id]
    return [*decision.beside, *([decision] if hit.rows else [])]


def _needed(connections: Connections, hit: Hit, decision: Decision, keys: dict[int, KeySet]) -> bool:
    """Whether there is anything left to do for these rows, or an earlier plan has done it."""
    if decision.problems:
        return True
    draft = Step(
        hit=hit,
        data_set=hit.data_set,
        method=decision.method,
        replacements=decision.replacements,
        facts=decision.facts,
        sealed=decision.sealed,
    )
    connector = connections.to(hit.data_set.system)
    return (
        methods.get(decision.method)().remaining(
            connector, draft, keys[hit.data_set_id].part(decision.part).matches
        )
        > 0
    )


def _unsearched(request: SubjectRequest) -> list[dict[str, str]]:
    return [
        {
            "where": entry["data_set"],
            "message": f"This could not be searched. {entry['problem']}",
            "remedy": "Give the console access and search again, "
            "or have a steward confirm that it holds nothing personal.",
        }
        for entry in request.unsearched
    ]


def _rehearse(drafts: list[Step], keys: dict[int, KeySet]) -> list[dict[str, str]]:
    """Try every step in its store and undo it: what would fail half way fails here, with nothing written."""
    problems = []
    by_system: dict[int, list[Step]] = {}
    for step in drafts:
        by_system.setdefault(step.data_set.system_id, []).append(step)
    for steps in by_system.values():
        try:
            touched = rehearse(steps, lambda step: keys[step.data_set_id].part(step.part))
        except ConnectorError as problem:
            problems.append(
                {"where": steps[0].data_set.system.name, "message": problem.message, "remedy": problem.remedy}
            )
            continue
        for step, rows in zip(steps, touched, strict=True):
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
