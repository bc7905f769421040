"""Recomputing on demand, as a job."""

from collections.abc import Iterator

from django.db import transaction

from catalog.connectors.base import ConnectorError
from catalog.models import DataSet
from erasure.recomputing.models import Recomputation
from erasure.recomputing.running import recompute
from erasure.requests.states import NotNow
from governance.console.jobs import JobFailed, Progress, enqueue, job
from governance.console.models import Job

KIND = "recomputing.recompute"


@job(KIND)
def run(running: Job, data_set: int) -> Iterator[Progress]:
    found = DataSet.objects.select_related("system").get(pk=data_set)
    yield Progress(0, 1, f"Computing {found.name}")
    try:
        rows, wrong = recompute(found)
    except ConnectorError as problem:
        raise JobFailed(str(problem)) from problem
    if wrong:
        raise JobFailed(
            f"{wrong} rows differ from what its sources give: something else writes to {found.name}."
        )
    yield Progress(1, 1, f"{rows} rows")


@transaction.atomic
def request(declared: Recomputation) -> Job:
    """Recompute now. Raises NotNow while nobody has approved it, or while it is being done."""
    locked = Recomputation.objects.select_for_update(of=("self",)).select_related("job").get(pk=declared.pk)
    if locked.approved_at is None:
        raise NotNow("Nobody has approved yet how it is recomputed.")
    if locked.job and locked.job.state not in Job.FINISHED:
        raise NotNow("It is being recomputed already.")
    locked.job = enqueue(KIND, title=f"Recompute {locked.data_set}", data_set=locked.data_set_id)
    locked.save(update_fields=["job"])
    return locked.job
