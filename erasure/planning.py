"""Plans: every step with its exact rows, rehearsed in the stores and undone, under one fingerprint; for one or many."""

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Max

from audit.ledger.recording import record_many
from catalog.connectors.base import ConnectorError
from erasure import events
from erasure.drafting import Asked, Drafted, Ground
from erasure.drafting_many import draft_many
from erasure.estate import Connections
from erasure.executing import conclude_without_plans
from erasure.fingerprints import fingerprint_of
from erasure.measures import registry as measures
from erasure.measures.base import Planned
from erasure.measures.earlier import OWED
from erasure.models import WITH_ROWS, Hit, Plan, Step, SubjectRequest
from erasure.ordering import with_measures
from erasure.requests.states import move_many
from erasure.rights import right_of
from erasure.searching import keys_of
from governance.console.copying import copy_in
from governance.console.jobs import JobFailed, Progress
from governance.console.models import User

State = SubjectRequest.State
OPEN = (Plan.State.PROPOSED, Plan.State.BLOCKED, Plan.State.APPROVED)


def make_plan(request: SubjectRequest, *, by: User | None) -> Iterator[Progress]:
    """Decide, count and rehearse; store the plan as proposed, or as blocked with what stands in the way.

    Nothing is written in any store. Raises JobFailed if a system does not answer.
    """
    if not _plannable(request):
        raise JobFailed(
            f"{request.reference} cannot be planned while it is {request.get_state_display().lower()}."
        )
    yield from make_plans([request], by=by)


def make_plans(requests: Sequence[SubjectRequest], *, by: User | None) -> Iterator[Progress]:
    """The same for many requests at once, each with a plan of its own; those that cannot be planned are left alone."""
    plannable = [request for request in requests if _plannable(request)]
    total = len(plannable)
    yield Progress(0, total, "Deciding")
    try:
        with Connections() as connections:
            drafted = draft_many(Ground(connections), _asked(plannable))
        yield Progress(0, total, "What stands beside the rows")
        beside = _measures(drafted)
        proposed, nothing = [], []
        for each, steps in zip(drafted, beside, strict=True):
            if each.problems or each.needed or any(_stands_alone(step) for _, step in steps):
                proposed.append((each, with_measures(each.rows, steps)))
            else:
                nothing.append((each.asked.request, each.rows))
        store(proposed, by=by)
        problems = sum(len(each.problems) for each, _ in proposed)
        planned = sum(len(steps) for _, steps in proposed)
        yield Progress(len(proposed), total, f"{problems} problems" if problems else f"{planned} steps")
        if nothing:
            conclude_without_plans(nothing)
            yield Progress(total, total, "Nothing is left to erase" if not proposed else "")
    except ConnectorError as problem:
        raise JobFailed(f"The plan could not be made. {problem}") from problem


def _stands_alone(step: Step) -> bool:
    """Whether the step has to be taken though no rows are left: of its own, or since an earlier plan owes it."""
    return measures.get(step.method).alone or OWED in step.facts


@transaction.atomic
def store(proposed: Sequence[tuple[Drafted, list[Step]]], *, by: User | None) -> None:
    """Write plans and their steps; earlier plans that were still open are overtaken by them."""
    requests = {each.asked.request.pk: each.asked.request for each, _ in proposed}
    blocked = {each.asked.request.pk for each, _ in proposed if each.problems}
    moved = move_many(
        (requests[pk] for pk in requests if pk in blocked), State.FOUND, since=[State.FOUND], problem=""
    ) | move_many(
        (requests[pk] for pk in requests if pk not in blocked), State.PLANNED, since=[State.FOUND], problem=""
    )
    Plan.objects.filter(request__in=moved, state__in=OPEN).update(state=Plan.State.STALE)
    numbers = dict(
        Plan.objects.filter(request__in=moved).order_by().values_list("request").annotate(last=Max("number"))
    )
    made, steps_of = [], []
    for each, steps in proposed:
        request = each.asked.request
        if request.pk not in moved:
            continue
        plan = Plan(
            request=request,
            number=numbers.get(request.pk, 0) + 1,
            state=Plan.State.BLOCKED if each.problems else Plan.State.PROPOSED,
            problems=each.problems,
            made_by=by,
        )
        plan.fingerprint = fingerprint_of(plan, steps)
        made.append(plan)
        steps_of.append(steps)
    Plan.objects.bulk_create(made)
    for plan, steps in zip(made, steps_of, strict=True):
        for step in steps:
            step.plan = plan
    copy_in(Step, (step for steps in steps_of for step in steps))
    record_many(
        events.PLAN_MADE,
        (
            (
                plan,
                plan.subject,
                {
                    "fingerprint": plan.fingerprint,
                    "steps": len(steps),
                    "rows": sum(step.rows_before for step in steps),
                    "problems": len(plan.problems),
                },
            )
            for plan, steps in zip(made, steps_of, strict=True)
        ),
    )


def _plannable(request: SubjectRequest) -> bool:
    return right_of(request.kind).plans and request.state == State.FOUND


def _asked(requests: Sequence[SubjectRequest]) -> list[Asked]:
    hits: dict[int, list[Hit]] = {request.pk: [] for request in requests}
    known = {request.pk: request for request in requests}
    for hit in Hit.objects.filter(WITH_ROWS, request__in=known).prefetch_related("data_set__system"):
        hit.request = known[hit.request_id]
        hits[hit.request_id].append(hit)
    keys = keys_of(requests)
    return [Asked(request, hits[request.pk], keys[request.pk]) for request in requests]


def _measures(drafted: Sequence[Drafted]) -> list[list[tuple[str, Step]]]:
    """For each request the steps beside the rows, each with the turn it has. Raises ConnectorError."""
    found: list[list[tuple[str, Step]]] = [[] for _ in drafted]
    for kind, measure in measures.classes.items():
        places = [
            place
            for place, each in enumerate(drafted)
            if not measure.erases or right_of(each.asked.request.kind).erases
        ]
        planned = [Planned(drafted[place].asked.request, drafted[place].rows) for place in places]
        for place, steps in zip(places, measure().drafts(planned), strict=True):
            for step in steps:
                step.method = kind
                found[place].append((measure.turn.value, step))
    return found
