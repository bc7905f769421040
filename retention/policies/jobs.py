"""Counting what is due, as a job: every night, and when somebody asks."""

from collections.abc import Iterator

from django.db import transaction

from governance.console.jobs import Progress, enqueue, job
from governance.console.models import Job
from retention.policies.due import count_due, governed

KIND = "policies.due"


@job(KIND)
def count(running: Job) -> Iterator[Progress]:
    yield from count_due(governed())


@transaction.atomic
def request() -> Job:
    """Count again; the job that is counting already, if there is one."""
    at_work = Job.objects.filter(kind=KIND).exclude(state__in=Job.FINISHED).first()
    return at_work or enqueue(KIND, title="Count what is due")
