"""From data to an answer with noise: the job of a release.

The order is what keeps the promise. The charge was committed before this begins. The totals are added up; then a
line of the ledger says that noise is about to be drawn, and is committed; then the noise is drawn, and the answer is
stored together with the line that settles. A worker killed anywhere leaves the charge, and at most one answer is ever
stored; who takes the release up again draws fresh noise under the same charge, and nobody has seen the other.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import date
from typing import Any

import pyarrow as pa
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors.base import AccessDenied, Connector, ConnectorError, DataSetMissing, Unreachable
from catalog.models import DataSet
from governance.console.jobs import JobFailed, Progress, job
from governance.console.models import Job
from retention.statistics import answering, budgets, events, mechanisms, queries
from retention.statistics.aggregates import Read, Totals, aggregate
from retention.statistics.asking import KIND
from retention.statistics.groups import TooManyGroups
from retention.statistics.models import Charge, Release
from retention.statistics.persons import TooManyRows
from retention.statistics.pricing import Plan, plan
from retention.statistics.queries import Query
from retention.statistics.reading_queries import MOST_CELLS, MOST_GROUPS

BATCH_ROWS = 100_000
# Their words say nothing of any row; those of other errors might.
SAYABLE = (Unreachable, AccessDenied, DataSetMissing)


def _failed(failed: Job, reason: str) -> None:
    Release.objects.filter(pk=failed.arguments["release"], state=Release.State.WAITING, job=failed).update(
        state=Release.State.FAILED, problem=reason[:500]
    )


@job(KIND, on_failure=_failed)
def release_job(running: Job, release: int) -> Iterator[Progress]:
    paid = Release.objects.select_related("budget__data_set__system").get(pk=release)
    if paid.state == Release.State.DONE:
        return
    data_set = paid.budget.data_set
    if data_set is None:
        raise JobFailed(
            f"{paid.budget} has left the catalog; the charge stays until an officer gives it back."
        )
    try:
        with data_set.system.connect() as connector:
            yield from release_now(paid, reader(connector, data_set, paid.asked))
    except SAYABLE as problem:
        raise JobFailed(f"{problem} Asking again costs nothing.") from problem
    except ConnectorError as problem:
        raise JobFailed("The data could not be read to the end. Asking again costs nothing.") from problem
    except TooManyGroups as problem:
        raise JobFailed(f"{paid.asked.group} has too many different values to group by.") from problem
    except TooManyRows as problem:
        raise JobFailed(
            "There are more persons than this machine can hold; allow fewer rows of each."
        ) from problem


def reader(connector: Connector, data_set: DataSet, query: Query) -> Read:
    """What `aggregate` reads: of each row no more than the query needs."""
    # A number of rows needs no column at all, but every store wants one.
    first = data_set.columns.filter(gone_at=None, nested_in=None).values_list("name", flat=True)[:1]
    columns = query.columns or list(first)

    def read() -> Iterator[pa.RecordBatch]:
        return connector.read(data_set.name, columns=columns, batch_rows=BATCH_ROWS)

    return read


def release_now(paid: Release, read: Read) -> Iterator[Progress]:
    """Read, mark, draw, store. It tells no number of rows on its way: how many there are is not public."""
    query, today = paid.asked, timezone.localdate()
    planned, beat = plan(query), Progress(0, None, "Reading the data set")
    yield beat
    keys, people = None, None
    if query.grouping == queries.FOUND:
        totals = yield from _beating(aggregate(read, query, today=today), beat)
        budgets.mark(paid, Charge.Kind.DRAW)
        people = found_groups(planned, totals)
        keys = sorted(people)
    if planned.people_alone:
        answer = answering.of_people(planned, people or {})
    else:
        totals = yield from _beating(aggregate(read, query, today=today, keys=keys), beat)
        if keys is None:
            budgets.mark(paid, Charge.Kind.DRAW)
        answer = draw(planned, totals)
    settle(paid, answer, today=today)
    yield Progress(1, 1, "Answered")


def found_groups(planned: Plan, totals: Totals) -> dict[str, int]:
    part, query = planned.part("groups"), planned.query
    people = dict(zip(totals.labels, totals.counts.tolist(), strict=True))
    found, _ = mechanisms.select_groups(
        people, unit=query.unit, amount=part.amount, delta=query.delta, groups=query.groups_per_person
    )
    # Which groups are common is known by now: to leave out the rarest of very many tells nothing more.
    most = MOST_CELLS // query.steps if query.kind == queries.QUANTILE else MOST_GROUPS
    common = sorted(found, key=lambda label: (-found[label], label))[: min(most, MOST_GROUPS)]
    return {label: found[label] for label in common}


def draw(planned: Plan, totals: Totals) -> dict[str, Any]:
    """The one place where totals become an answer: each part with its share of what was paid."""
    unit = planned.query.unit
    if planned.query.kind == queries.QUANTILE:
        part = planned.part("choice")
        tables = answering.scores(planned.query, totals)
        places = mechanisms.choose(tables, unit=unit, amount=part.amount, sensitivity=part.l1)
        return answering.of_quantiles(planned, totals.labels, places)
    noisy = {
        part.name: mechanisms.add_noise(
            (totals.sums if part.name == "sum" else totals.counts).tolist(),
            unit=unit,
            amount=part.amount,
            l1=part.l1,
            l2_squared=part.l2_squared,
        )
        for part in planned.parts
        if part.name != "groups"
    }
    return answering.of_totals(planned, totals.labels, noisy)


@transaction.atomic
def settle(paid: Release, answer: dict[str, Any], *, today: date) -> None:
    """Store the answer, once: a worker that was taken for dead and comes back finds it there and leaves its own."""
    locked = Release.objects.select_for_update().get(pk=paid.pk)
    if locked.state == Release.State.DONE:
        return
    budgets.mark(locked, Charge.Kind.SETTLE)
    locked.state, locked.problem = Release.State.DONE, ""
    locked.answer = {**answer, "as_of": today.isoformat()}
    locked.released_at = timezone.now()
    locked.save(update_fields=["state", "problem", "answer", "released_at"])
    query = locked.asked
    record(
        events.STATISTIC_RELEASED,
        locked,
        kind=query.kind,
        amount=locked.cost,
        groups=len(answer["rows"]),
        fingerprint=locked.fingerprint,
    )


def _beating(reading: Generator[None, None, Totals], beat: Progress) -> Generator[Progress, None, Totals]:
    """Progress after each batch, so that a stopped job stops."""
    while True:
        try:
            next(reading)
        except StopIteration as done:
            return done.value
        yield beat
