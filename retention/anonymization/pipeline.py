"""The pipeline: resolve → detect → transform → validate → deliver, as one job that goes on after a crash.

Rules are resolved when the job is asked for, so that a person sees them before. Each step can be done again: what is
staged has a receipt, and a delivery that happened is recognized.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from catalog.connectors.base import ConnectorError
from governance.console.jobs import JobFailed, Progress, job
from governance.console.models import Job
from retention.anonymization import planning, sources, staging, touching
from retention.anonymization.allowing import require_open
from retention.anonymization.compiling import SchemaChanged
from retention.anonymization.destinations import DestinationError, destination_of
from retention.anonymization.destinations.base import Staged
from retention.anonymization.detecting import detect
from retention.anonymization.models import Run
from retention.anonymization.reporting import completed, failed
from retention.anonymization.runners import registry
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.validating import Leaked, validate

KIND = "anonymization.run"
FULL = (errno.ENOSPC, errno.EDQUOT)


@transaction.atomic
def _failed(ended: Job, reason: str) -> None:
    run = Run.objects.select_for_update().filter(job=ended).first()
    if run:
        failed(run, reason)


@job(KIND, on_failure=_failed)
def run_job(running: Job, *, run: str) -> Iterator[Progress]:
    """Anonymize; goes on from the last staged part if a worker died. JobFailed says why, and nothing is delivered."""
    found = Run.objects.get(pk=run)
    if found.outcome == Run.Outcome.DELIVERED:  # the worker died between the record and its job's end
        staging.discard(found)
        return
    try:
        with _explained(found):
            yield from _steps(found)
    except GeneratorExit:
        running.refresh_from_db()
        if running.state == Job.State.CANCELLED:
            staging.discard(found)
        raise


def _steps(run: Run) -> Iterator[Progress]:
    staging.sweep()
    runner = registry.get(run.runner)()
    destination = destination_of(run.destination_spec, run=run.pk.hex, overwrite=run.overwrite)
    require_open(run.destination_spec)
    if not _delivering(run):
        destination.check(run.source_spec)
        yield from _prepare(run, distributed=runner.distributed)
        work = planning.work_of(run)
        destination.check_schema(work.compiled.output_schema)
        yield from runner.run(work)
        yield from validate(run, work)
    work = planning.work_of(run)
    rows = run.record_count or 0
    yield Progress(rows, rows, "Delivering")
    staged = Staged([work.staged(part) for part in work.parts], work.compiled.output_schema, rows)
    require_open(run.destination_spec)
    delivered = destination.deliver(staged)
    persons = touching.keep(run, work)
    completed(run, delivered, persons=persons)
    staging.discard(run)
    yield Progress(rows, rows, f"Delivered {rows:,} rows to {delivered.location}")


def _prepare(run: Run, *, distributed: bool) -> Iterator[Progress]:
    """Open the source, look for personal data in text, and cut it into parts, unless that is done."""
    yield Progress(0, None, "Reading the source")
    with sources.open_source(run.source_spec, count=True) as source:
        if run.plan and not planning.require_unchanged(run, source):
            _start_over(run)
        if not run.plan:
            yield from detect(run, source)
            run.plan = planning.plan(run, source, distributed=distributed)
        if run.plan["spooled"] and not staging.spool_of(run).exists():
            for rows in planning.spool(run, source):
                yield Progress(rows, source.rows, "Making the source ready for the workers")
        run.save()
    staging.prepare(run)


def _start_over(run: Run) -> None:
    """What is staged is of no use any more: the next attempt begins at the first row."""
    staging.discard(run)
    run.parts.all().delete()
    run.plan = {}
    run.save(update_fields=["plan"])


def _delivering(run: Run) -> bool:
    """Whether all was validated before the worker died: what is left is to deliver."""
    return bool(run.plan and run.validation.get("passed") and staging.staging_of(run).exists())


@contextmanager
def _explained(run: Run) -> Iterator[None]:
    """What is wrong in words for people; what could be gone on from stays, all else is cleared away."""
    try:
        yield
    except Leaked as leak:
        _start_over(run)
        raise JobFailed(str(leak)) from leak
    except (SchemaChanged, DestinationError) as refused:
        _start_over(run)
        raise JobFailed(str(refused)) from refused
    except (TechniqueError, ConnectorError) as problem:
        staging.discard_spool(run)
        raise JobFailed(str(problem)) from problem
    except OSError as error:
        _start_over(run)
        if error.errno in FULL:
            raise JobFailed(
                f"The disk of {staging.staging_of(run).parent} is full; nothing was delivered. "
                "Make room, then start the job again."
            ) from error
        raise JobFailed(
            f"A file could not be written or read: {error.strerror}. Nothing was delivered."
        ) from error
