"""The long work on requests, as jobs."""

from collections.abc import Iterator

from erasure.executing import execute
from erasure.models import Plan, SubjectRequest
from erasure.packages.previewing import make_preview
from erasure.packaging import make_package
from erasure.planning import make_plan
from erasure.rights import right_of
from erasure.searching import find_person
from governance.console.jobs import Progress, job
from governance.console.models import Job

State = SubjectRequest.State


def _failed(failed: Job, reason: str) -> None:
    """The request says what happened, and stays where it can be taken up again."""
    arguments = failed.arguments
    request_id = arguments.get("request") or Plan.objects.get(pk=arguments["plan"]).request_id
    SubjectRequest.objects.filter(pk=request_id).exclude(state__in=SubjectRequest.ENDED).update(
        state=State.FAILED, problem=reason[:500]
    )


@job("erasure.find", on_failure=_failed)
def find(running: Job, request: int) -> Iterator[Progress]:
    """Search; then, for an erasure, plan. What was found by nobody is said to be so at once."""
    subject_request = SubjectRequest.objects.get(pk=request)
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
    yield from make_plan(SubjectRequest.objects.get(pk=request), by=running.started_by)


@job("erasure.execute", on_failure=_failed)
def carry_out(running: Job, plan: int) -> Iterator[Progress]:
    yield from execute(Plan.objects.select_related("request").get(pk=plan))


@job("erasure.package", on_failure=_failed)
def package(running: Job, request: int) -> Iterator[Progress]:
    yield from make_package(SubjectRequest.objects.get(pk=request))
