"""Replays as jobs: they begin by looking, and after an approval erase again."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import System
from erasure.approving import execution
from erasure.models import Plan
from erasure.registry.models import Backup, Replay
from erasure.registry.replays.places import lay_elsewhere, require_searchable
from erasure.registry.replays.planning import look_and_plan
from erasure.requests.states import NotNow
from governance.console.jobs import Progress, enqueue, job
from governance.console.models import Job, User

KIND = "registry.replay"
State = Replay.State


def _failed(failed: Job, reason: str) -> None:
    Replay.objects.filter(pk=failed.arguments["replay"]).exclude(state=State.EXECUTING).update(
        state=State.FAILED, problem=reason[:500]
    )


@job(KIND, on_failure=_failed)
def replay(running: Job, replay: int) -> Iterator[Progress]:
    found = Replay.objects.select_related("system", "backup", "asked_by").get(pk=replay)
    yield from look_and_plan(found, by=found.asked_by)


@transaction.atomic
def start(
    system: System,
    *,
    backup: Backup | None = None,
    settings: Mapping[str, Any] | None = None,
    by: User,
) -> Replay:
    """Begin with a restored copy: look for everybody in the registry, as a job.

    `settings` are those that differ where the copy lies elsewhere. Raises ValidationError, also where no store answers.
    """
    require_searchable(system)
    if backup and backup.system_id != system.pk:
        raise ValidationError({"backup": f"{backup} is no backup of {system}."})
    begun = Replay(system=system, backup=backup, asked_by=by)
    if settings is not None:
        lay_elsewhere(begun, settings)
    begun.save()
    look_again(begun)
    return begun


@transaction.atomic
def look_again(found: Replay) -> Job:
    """Look anew, before anything is approved. Raises NotNow where that is over, or at work."""
    locked = Replay.objects.select_for_update(of=("self",)).select_related("job").get(pk=found.pk)
    if locked.state not in (State.LOOKING, State.ASKING, State.BLOCKED, State.FAILED):
        raise NotNow(f"{found} is {locked.get_state_display().lower()}: begin another replay.")
    if locked.job and not locked.job.finished:
        raise NotNow(f"{found} is being looked at already.")
    found.job = enqueue(KIND, title=f"Look for registered persons: {found}", replay=found.pk)
    found.state = State.LOOKING
    found.save(update_fields=["job", "state"])
    return found.job


def carry_out(found: Replay) -> Job:
    """The job that carries the approved plan out."""
    assert found.plan is not None
    found.job = execution(found.plan)
    found.state = State.EXECUTING
    found.save(update_fields=["job", "state"])
    return found.job


@transaction.atomic
def resume(found: Replay) -> Job:
    """Go on where a silent copy interrupted. Raises NotNow where there is nothing to go on with."""
    locked = Replay.objects.select_for_update(of=("self",)).select_related("plan", "job").get(pk=found.pk)
    if locked.plan is None or locked.plan.state not in (Plan.State.APPROVED, Plan.State.EXECUTING):
        raise NotNow(f"{found} is {locked.get_state_display().lower()}: there is nothing to resume.")
    if locked.job and not locked.job.finished:
        raise NotNow(f"{found} is being carried out already.")
    return carry_out(locked)
