"""A stream as a row: each process is a job of its own, so that its page shows what it does and can ask it to stop.

The process runs it itself. When it dies without a word the sweep gives the job to a worker, who must not take the
process's place for ever: it only says what happened.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from audit.ledger.recording import record
from catalog.connectors.base import ConnectorError
from governance.console.jobs import JobFailed, Progress, job, reserve, run
from governance.console.models import Job
from retention.anonymization.streams import events
from retention.anonymization.streams.running import Stream
from retention.anonymization.techniques.base import TechniqueError

KIND = "anonymize.stream"
_HERE: dict[str, Stream] = {}


@job(KIND)
def stream(row: Job, **names: str) -> Iterator[Progress]:
    here = _HERE.pop(str(row.pk), None)
    if here is None:
        raise JobFailed("The process of this stream died. Start it again: it goes on where it stopped.")
    try:
        yield from _recorded(row, here)
    except (TechniqueError, ConnectorError) as problem:
        raise JobFailed(str(problem)) from problem


def run_here(stream: Stream) -> Job:
    """Run it in this process until it stops; the job as it ended."""
    spec = stream.spec
    # Not `enqueue`: no worker is to be woken for it.
    row = reserve(
        KIND,
        title=f"Stream {spec.source} to {spec.output}"[:200],
        stream=spec.name,
        source=spec.source,
        output=spec.output,
        dead=spec.dead,
    )
    _HERE[str(row.pk)] = stream
    ended = run(str(row.pk))
    return ended or Job.objects.get(pk=row.pk)


def _recorded(row: Job, here: Stream) -> Iterator[Progress]:
    spec = here.spec
    with transaction.atomic():
        record(
            events.STREAM_STARTED,
            row,
            source=spec.source,
            output=spec.output,
            dead=spec.dead,
            rules=spec.rules.fingerprint,
        )
    try:
        yield from here.run()
    finally:
        with transaction.atomic():
            record(
                events.STREAM_STOPPED,
                row,
                source=spec.source,
                read=here.counts["read"],
                written=here.counts["written"],
                set_aside=here.counts["set_aside"],
                missed=here.counts["missed"],
            )
