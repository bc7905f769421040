"""The long work on requests, as jobs. What waits for the same thing is done together, many requests at once."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.ledger.context import Actor, acting
from catalog.connectors.base import Unreachable
from erasure.approving import execution
from erasure.concluding import wait
from erasure.executing import execute_many
from erasure.looking_again import after_silence, look_again
from erasure.models import Plan, SubjectRequest
from erasure.packages.previewing import make_preview
from erasure.packaging import make_package
from erasure.planning import make_plan, make_plans
from erasure.requests.starting import IN_FORCE, search
from erasure.requests.states import NotNow
from erasure.rights import right_of
from erasure.searching import UNVERIFIED, find_person, find_persons
from governance.console.jobs import JobFailed, Progress, enqueue, job
from governance.console.models import Job

State = SubjectRequest.State
SILENCE = timedelta(minutes=15)  # after which a store that did not answer is asked again
TOGETHER = 1_000
HANDLE = "requests.handle"  # who may not handle requests may not stop what was approved for them


def _failed(failed: Job, reason: str) -> None:
    """The request says what happened, and stays where it can be taken up again; unless another job has it by now."""
    arguments = failed.arguments
    request_id = arguments.get("request") or Plan.objects.get(pk=arguments["plan"]).request_id
    its_own = Q(job=None) | Q(job=failed) | Q(job__state__in=Job.FINISHED)
    SubjectRequest.objects.filter(its_own, pk=request_id).exclude(state__in=SubjectRequest.ENDED).update(
        state=State.FAILED, problem=reason[:500]
    )


@job("erasure.find", on_failure=_failed, gathers=TOGETHER, stopped_by=HANDLE)
def find(together: list[Job]) -> Iterator[Progress]:
    """Search; then, for an erasure, plan. What was found by nobody is said to be so at once.

    Where an earlier attempt came to its end before its worker died, what was done on its ground meanwhile stands.
    """
    by = together[0].started_by
    asked = _requests(together)
    gone_on = _gone_on(asked)
    requests = [request for request in asked if request.pk not in gone_on]
    if not requests:
        return
    try:
        yield from find_person(requests[0]) if len(requests) == 1 else find_persons(requests)
        unverified = [request.pk for request in requests if request.state == State.SEARCHING]
        SubjectRequest.objects.filter(pk__in=unverified, state=State.SEARCHING).update(
            state=State.FAILED, problem=UNVERIFIED
        )
        found = [request for request in _still(requests, together) if request.state == State.FOUND]
        yield from make_plans(found, by=by)  # without those of whom the search asks something first
        for request in found:
            if right_of(request.kind).packages:
                yield from make_preview(request)
    except JobFailed as problem:
        _wait_out(problem, requests)


@job("erasure.preview", on_failure=_failed, stopped_by=HANDLE)
def preview_again(running: Job, request: int) -> Iterator[Progress]:
    yield from make_preview(SubjectRequest.objects.get(pk=request))


@job("erasure.plan", on_failure=_failed, gathers=TOGETHER, stopped_by=HANDLE)
def plan_again(together: list[Job]) -> Iterator[Progress]:
    by = together[0].started_by
    requests = _requests(together)
    if len(requests) == 1 and together[0].attempt > 1 and requests[0].state != State.FOUND:
        return  # an earlier attempt has planned before its worker died
    try:
        yield from make_plan(requests[0], by=by) if len(requests) == 1 else make_plans(requests, by=by)
    except JobFailed as problem:
        _wait_out(problem, requests)


@job("erasure.execute", on_failure=_failed, gathers=TOGETHER, stopped_by=HANDLE)
def carry_out(together: list[Job]) -> Iterator[Progress]:
    plans = Plan.objects.select_related("request").filter(pk__in=_plans(together))
    yield from execute_many(plans.order_by("pk"), live=lambda: _plans(together))


@job("erasure.look_again", stopped_by=HANDLE)
def search_days_later(running: Job, request: int) -> Iterator[Progress]:
    yield from look_again(SubjectRequest.objects.get(pk=request))


def _requests(together: Iterable[Job]) -> list[SubjectRequest]:
    known = SubjectRequest.objects.in_bulk([each.arguments["request"] for each in together])
    return list(known.values())


def _plans(together: Iterable[Job]) -> set[int]:
    return {each.arguments["plan"] for each in together}


def _gone_on(requests: Iterable[SubjectRequest]) -> set[int]:
    """Those that have ended, or have a plan in force."""
    ended = {request.pk for request in requests if request.ended}
    in_force = Plan.objects.filter(request__in=requests, state__in=IN_FORCE)
    return ended | {plan.request_id for plan in in_force.only("request")}


def _still(requests: Iterable[SubjectRequest], together: Iterable[Job]) -> list[SubjectRequest]:
    """The requests whose jobs have not been stopped meanwhile."""
    left = {each.arguments["request"] for each in together}
    return [request for request in requests if request.pk in left]


def _wait_out(problem: JobFailed, requests: Sequence[SubjectRequest]) -> None:
    """A system that does not answer is asked again by itself, for days if need be; anything else is a failure."""
    if not isinstance(problem.__cause__, Unreachable):
        raise problem
    unready = (State.VERIFIED, State.SEARCHING, State.FOUND, State.WAITING)
    for request in requests:
        request.refresh_from_db()
        if request.state in unready:
            wait(request, str(problem), since=unready, at=after_silence(request.verified_at))


def recheck() -> int:
    """Queue what is to be looked at again: requests that wait, that a silent store interrupted, or that ended days ago.

    Returns how many.
    """
    now = timezone.now()
    idle = SubjectRequest.objects.filter(Q(job=None) | Q(job__state__in=Job.FINISHED))
    silent = Q(state=State.FAILED, job__kind="erasure.execute", job__finished_at__lt=now - SILENCE)
    queued = 0
    for request in idle.filter(Q(state=State.WAITING, look_again_at__lte=now) | silent):
        queued += _resume(request)
    for request in idle.filter(state=State.COMPLETE, look_again_at__lte=now):
        queued += _look_again(request)
    return queued


@transaction.atomic
def _resume(request: SubjectRequest) -> bool:
    """Go on where it waits: with its plan, or before there is one with the search."""
    plan = request.plans.filter(state__in=[Plan.State.APPROVED, Plan.State.EXECUTING]).first()
    if plan is None:
        if SubjectRequest.objects.select_for_update().get(pk=request.pk).state != request.state:
            return False  # what is looked for was changed meanwhile: somebody has to ask for the search
        try:
            with _on_behalf(request):
                search(request)
        except NotNow:
            return False
        return True
    # Should its worker die before it looks, it is looked at again.
    SubjectRequest.objects.filter(pk=request.pk).update(
        job=execution(plan), look_again_at=timezone.now() + SILENCE
    )
    return True


def _on_behalf(request: SubjectRequest) -> AbstractContextManager[None]:
    """Acting as who asked for the search: a plan has the maker that the approver may not be."""
    if request.job and request.job.started_by:
        return acting(Actor(**request.job.actor))
    return acting(request.handled_by.as_actor()) if request.handled_by else nullcontext()


@transaction.atomic
def _look_again(request: SubjectRequest) -> bool:
    queued = enqueue("erasure.look_again", title=f"Search again for {request}", request=request.pk)
    SubjectRequest.objects.filter(pk=request.pk).update(
        job=queued, look_again_at=timezone.now() + timedelta(days=1)
    )
    return True


@job("erasure.package", on_failure=_failed, stopped_by=HANDLE)
def package(running: Job, request: int) -> Iterator[Progress]:
    yield from make_package(SubjectRequest.objects.get(pk=request))
