"""Queue the long work on a request: one job at a time, whoever else presses the same button."""

from django.db import transaction

from erasure.answers.models import Preview
from erasure.models import Plan, SubjectRequest
from erasure.requests.states import NotNow, move
from erasure.rights import right_of
from governance.console.jobs import enqueue
from governance.console.models import Job

State = SubjectRequest.State
SEARCHABLE = (
    State.VERIFIED,
    State.SEARCHING,
    State.FOUND,
    State.PLANNED,
    State.WAITING,
    State.RESIDUAL,
    State.FAILED,
)
IN_FORCE = (Plan.State.APPROVED, Plan.State.EXECUTING)


@transaction.atomic
def search(request: SubjectRequest) -> Job:
    """Search for the person (again); an erasure is planned in the same job. Raises NotNow."""
    hold_still(request)
    refuse_while_in_force(request)
    if not right_of(request.kind).searches:
        raise NotNow("A request of this kind is answered without a search.")
    job = enqueue("erasure.find", title=f"Search for the person of {request}", request=request.pk)
    move(request, State.SEARCHING, since=SEARCHABLE, problem="", job=job)
    return job


@transaction.atomic
def plan(request: SubjectRequest) -> Job:
    """Make a plan from what was found, after a hold or the stores have changed. Raises NotNow."""
    hold_still(request)
    if not right_of(request.kind).plans:
        raise NotNow("A request of this kind changes no stores and has no plan.")
    job = enqueue("erasure.plan", title=f"Plan {request}", request=request.pk)
    move(request, State.FOUND, since=[State.FOUND], problem="", job=job)
    return job


@transaction.atomic
def package(request: SubjectRequest) -> Job:
    """Make the package of an access request from what was found. Raises NotNow."""
    hold_still(request)
    if not right_of(request.kind).packages:
        raise NotNow("A request of this kind is not answered with a package.")
    if not Preview.objects.filter(request=request, released_at__isnull=False).exists():
        raise NotNow("Look at what goes into the package, and release it first.")
    job = enqueue("erasure.package", title=f"Make the package of {request}", request=request.pk)
    move(request, State.FOUND, since=[State.FOUND], problem="", job=job)
    return job


def hold_still(request: SubjectRequest) -> None:
    """Lock the request until the transaction ends. Raises NotNow while a job works on it."""
    locked = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if locked.job and not locked.job.finished:
        raise NotNow(f"“{locked.job}” is still at work: wait until it has ended, or stop it on its page.")


@transaction.atomic
def change_what_is_sought(request: SubjectRequest) -> None:
    """Before an officer changes what is looked for: whoever searches with it asks for that search.

    No job may be at work, and a request that waits for a store is not searched again by itself: its plan would have
    the maker who asked before, and could be approved by whoever made the change. Raises NotNow.
    """
    hold_still(request)
    if request.plans.filter(state__in=IN_FORCE).exists():
        return
    SubjectRequest.objects.filter(pk=request.pk, state__in=(State.WAITING, State.FAILED)).update(
        state=State.VERIFIED,
        problem="What is looked for was changed: somebody has to search again.",
        look_again_at=None,
    )
    request.refresh_from_db()


def refuse_while_in_force(request: SubjectRequest) -> None:
    """Raises NotNow while a plan is approved or half carried out: it has to come to its end first."""
    plan = request.plans.filter(state__in=IN_FORCE).first()
    if plan:
        raise NotNow(f"{plan} is {plan.get_state_display().lower()}: let it come to its end, or resume it.")
