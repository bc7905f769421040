"""Labels travel along lineage, column by column: they weaken, are masked, are withdrawn when their source goes.

The whole graph is computed again each time and only differences are written, so that a run after nothing has changed
writes nothing. What a person has decided is never overridden: a strong label against it raises a question.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from catalog.lineage.reading import read_flows, read_known
from catalog.lineage.spreading import Arrival, Flows, spread
from catalog.lineage.storing import differing, store
from catalog.models import Edge, Label
from governance.console.jobs import Progress, enqueue, job
from governance.console.models import Job

KIND = "catalog.propagate"


@transaction.atomic
def request() -> None:
    """Queue the job unless one waits already; nothing where no lineage is known. Call it last in a transaction.

    The waiting job is held until this transaction ends, so it cannot start without seeing what the caller changed.
    One that another transaction holds is passed over: a job too many does no harm.
    """
    waiting = Job.objects.filter(kind=KIND, state=Job.State.QUEUED)
    if waiting.select_for_update(skip_locked=True, of=("self",)).values("pk").first():
        return
    carries = Edge.objects.filter(gone_at=None).exists()
    if carries or Label.objects.filter(origin=Label.Origin.LINEAGE, state="suggested").exists():
        enqueue(KIND, title="Carry labels along lineage")


@job(KIND)
def propagate(running: Job) -> Iterator[Progress]:
    """Recompute the lineage labels of all columns."""
    flows = Flows()
    for read in read_flows():
        if isinstance(read, Flows):
            flows = read
        else:
            yield Progress(0, None, f"Read {read} edges")
    known = read_known()
    arrivals: dict[int, list[Arrival]] = {}
    for column, arrival in spread(flows, known.bases, decided=known.decided, refused=known.refused):
        arrivals.setdefault(column, []).append(arrival)
    yield Progress(0, None, f"{len(flows)} edges carry labels to {len(arrivals)} columns")
    columns = differing(arrivals)
    done = added = withdrawn = 0
    for tally in store(columns, arrivals):
        done, added, withdrawn = done + tally.columns, added + tally.added, withdrawn + tally.withdrawn
        yield Progress(done, len(columns), f"{added} labels added, {withdrawn} withdrawn")
    if Job.objects.filter(kind=KIND, started_at__gt=running.started_at).exists():
        request()  # one that began later, and saw more, may have written before this one
    words = (
        f"{len(flows)} edges carry labels to {len(arrivals)} columns: {added} added, {withdrawn} withdrawn."
    )
    yield Progress(len(columns), len(columns), words)
