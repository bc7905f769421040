"""What a run keeps on disk until it is delivered: staged parts, hashes, and for other processes the source's rows."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from governance.console.models import Job
from retention.anonymization.destinations import destination_of
from retention.anonymization.models import Run
from retention.anonymization.places import PRIVATE, folder_of

KEPT = timedelta(days=1)  # what a failed run could go on from


def prepare(run: Run) -> Path:
    """The staging folder of the run, which only the console's user can look into. Raises OSError."""
    folder = staging_of(run)
    folder.mkdir(PRIVATE, parents=True, exist_ok=True)
    for name in ("parts", "hashes"):
        (folder / name).mkdir(exist_ok=True)
    return folder


def staging_of(run: Run) -> Path:
    return destination_of(run.destination_spec, run=run.pk.hex, overwrite=run.overwrite).staging()


def spool_of(run: Run) -> Path:
    """Where rows of a source that is no Parquet file wait for other processes: never beside the destination."""
    return folder_of(run.pk.hex) / "spool"


def discard(run: Run) -> None:
    """Clear away all that the run has staged. Safe to call twice."""
    destination_of(run.destination_spec, run=run.pk.hex, overwrite=run.overwrite).discard()
    shutil.rmtree(staging_of(run), ignore_errors=True)
    shutil.rmtree(folder_of(run.pk.hex), ignore_errors=True)


def discard_spool(run: Run) -> None:
    shutil.rmtree(spool_of(run), ignore_errors=True)


def sweep() -> int:
    """Clear away what runs left that are over, or whose job was cancelled; how many of them."""
    swept = 0
    over = timezone.now() - KEPT
    ended = Run.objects.exclude(destination_spec={}).filter(job__finished_at__lt=over)
    cancelled = Run.objects.filter(outcome="", job__state=Job.State.CANCELLED)
    for run in (*ended.filter(outcome__in=("", Run.Outcome.FAILED, Run.Outcome.REFUSED)), *cancelled):
        if staging_of(run).exists() or spool_of(run).exists():
            discard(run)
            swept += 1
    return swept
