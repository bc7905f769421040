"""The long work on requests, as jobs."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from erasure.approving import execution
from erasure.executing import execute
from erasure.looking_again import look_again
from erasure.models import Plan, SubjectRequest
from erasure.packages.previewing import make_preview
from erasure.packaging import make_package
from erasure.planning import make_plan
from erasure.requests.starting import IN_FORCE
from erasure.rights import right_of
from erasure.searching import find_person
from governance.console.jobs import Progress, enqueue, job
from governance.console.models import Job

State = SubjectRequest.State
SILENCE = timedelta(minutes=15)  # after which a store that did not answer is asked again


def _failed(failed: Job, reason: str) -> None:
    """The request says what happened, and stays where it can be taken up again; unless another job has it by now."""
    arguments = failed.arguments
    request_id = arguments.get("request") or Plan.objects.get(pk=arguments["plan"]).request_id
    its_own = Q(job=None) | Q(job=failed) | Q(job__state__in=Job.FINISHED)
    SubjectRequest.objects.filter(its_own, pk=request_id).exclude(state__in=SubjectRequest.ENDED).update(
        state=State.FAILED, problem=reason[:500]
    )


@job("erasure.find", on_failure=_failed)
def find(running: Job, request: int) -> Iterator[Progress]:
    """Search; then, for an erasure, plan. What was found by nobody is said to be so at once.

    Where an earlier attempt came to its end before its worker died, what was done on its ground meanwhile stands.
    """
    subject_request = SubjectRequest.objects.get(pk=request)
    if subject_request.ended or subject_request.plans.filter(state__in=IN_FORCE).exists():
        return
    yield from find_person(subject_request)
    if subject_request.state != State.FOUND:
        return  # the search asks something first
    if right_of(subject_request.kind).plans:
        yield from make_plan(subject_request, by=running.started_by)
    if right_of(subject_request.kind).packages:
        yield from make_preview(subject_request)


@job("erasure.preview", on_failure=_failed)
def preview_again(running: Job, request: int) -> Iterator[Progress]:
    yield from make_preview(SubjectRequest.objects.get(pk=request))


@job("erasure.plan", on_failure=_failed)
def plan_again(running: Job, request: int) -> Iterator[Progress]:
    subject_request = SubjectRequest.objects.get(pk=request)
    if running.attempt > 1 and subject_request.state != State.FOUND:
        return  # an earlier attempt has planned before its worker died
    yield from make_plan(subject_request, by=running.started_by)


@job("erasure.execute", on_failure=_failed)
def carry_out(running: Job, plan: int) -> Iterator[Progress]:
    yield from execute(Plan.objects.select_related("request").get(pk=plan))


@job("erasure.look_again")
def search_days_later(running: Job, request: int) -> Iterator[Progress]:
    yield from look_again(SubjectRequest.objects.get(pk=request))


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
    plan = request.plans.filter(state__in=[Plan.State.APPROVED, Plan.State.EXECUTING]).first()
    if plan is None:
        return False
    # Should its worker die before it looks, it is looked at again.
    SubjectRequest.objects.filter(pk=request.pk).update(
        job=execution(plan), look_again_at=timezone.now() + SILENCE
    )
    return True


@transaction.atomic
def _look_again(request: SubjectRequest) -> bool:
    queued = enqueue("erasure.look_again", title=f"Search again for {request}", request=request.pk)
    SubjectRequest.objects.filter(pk=request.pk).update(
        job=queued, look_again_at=timezone.now() + timedelta(days=1)
    )
    return True


@job("erasure.package", on_failure=_failed)
def package(running: Job, request: int) -> Iterator[Progress]:
    yield from make_package(SubjectRequest.objects.get(pk=request))
