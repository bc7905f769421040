"""Planning what is due, and carrying out what a policy's standing approval covers, as jobs."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.ledger.recording import record
from catalog.models import DataSet
from erasure import events
from erasure.approving import execution
from erasure.expiry.models import Run
from erasure.expiry.planning import plan_due
from erasure.models import Plan, Step
from erasure.requests.states import NotNow
from governance.console.jobs import Progress, enqueue, job
from governance.console.models import Job, User
from retention.policies.models import Due

KIND = "expiry.plan"


@job(KIND)
def plan(running: Job, data_sets: list[int]) -> Iterator[Progress]:
    chosen = DataSet.objects.filter(pk__in=data_sets, gone_at=None).select_related("system")
    yield from plan_due(list(chosen.order_by("pk")), by=running.started_by)
    approve_standing()


@transaction.atomic
def request(data_sets: list[int]) -> Job:
    """Plan what is due in these data sets."""
    return enqueue(KIND, title=f"Plan what is due in {len(data_sets)} data sets", data_sets=sorted(data_sets))


def request_standing() -> Job | None:
    """Plan what is due under policies with a standing approval that covers it; nothing where none is due."""
    due = Due.objects.filter(state=Due.State.DUE, policy__standing_at__gte=F("data_set__terms__changed_at"))
    data_sets = list(due.values_list("data_set_id", flat=True))
    return request(data_sets) if data_sets else None


def approve_standing() -> int:
    """Approve the open plans whose policy is approved for all runs, in the name of who approved it; how many."""
    waiting = Run.objects.filter(
        standing=True, plan__state=Plan.State.PROPOSED, policy__standing_at__isnull=False
    )
    return sum(_approve(run, run.policy.standing_by) for run in waiting.select_related("plan", "policy"))


@transaction.atomic
def _approve(run: Run, by: User | None) -> bool:
    approved = Plan.objects.filter(pk=run.plan_id, state=Plan.State.PROPOSED).update(
        state=Plan.State.APPROVED,
        decided_by=by,
        decided_at=timezone.now(),
        decision_reason=f"Standing approval of the policy {run.policy}"[:300],
    )
    if approved:
        record(events.PLAN_APPROVED, run.plan, fingerprint=run.plan.fingerprint)
        start(run)
    return bool(approved)


def start(run: Run) -> Job:
    """The job that carries the run's approved plan out."""
    run.job = execution(run.plan)
    run.save(update_fields=["job"])
    return run.job


@transaction.atomic
def resume(run: Run) -> Job:
    """Go on with a run that a store's silence interrupted. Raises NotNow where there is nothing to go on with."""
    locked = Run.objects.select_for_update(of=("self",)).select_related("plan", "job").get(pk=run.pk)
    if locked.plan.state not in (Plan.State.APPROVED, Plan.State.EXECUTING):
        raise NotNow(f"{run} is {locked.plan.get_state_display().lower()}: there is nothing to resume.")
    if locked.job and not locked.job.finished:
        raise NotNow(f"{run} is being carried out already.")
    return start(locked)


def resume_all() -> int:
    """Go on with every run that was interrupted; how many."""
    not_yet = Step.objects.filter(state=Step.State.WAITING, check_at__gt=timezone.now())
    waiting = Run.objects.filter(
        plan__state__in=[Plan.State.APPROVED, Plan.State.EXECUTING], job__state__in=Job.FINISHED
    ).exclude(plan__in=not_yet.values("plan"))
    for run in waiting:
        resume(run)
    return len(waiting)
