"""The true values behind a release, for those who may see them: computed when asked, stored nowhere, recorded first."""

from __future__ import annotations

from collections.abc import Generator

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from retention.statistics import answering, events, queries
from retention.statistics.aggregates import Totals, exact
from retention.statistics.asking import NotNow
from retention.statistics.models import Release
from retention.statistics.releasing import reader


def true_values(release: Release, *, reason: str) -> dict[str, float | None]:
    """By group, without noise and without any bound, as the data are now. Raises NotNow, ConnectorError.

    The look is in the ledger before the data are read. Of groups that were found, only those in the answer.
    """
    data_set = release.budget.data_set
    if release.state != Release.State.DONE or data_set is None:
        raise NotNow("There is no answer to compare with, or its data set has left the catalog.")
    with transaction.atomic():
        record(events.TRUE_VALUES_SEEN, release, reason=reason)
    query = release.asked
    keys = None
    if query.grouping == queries.FOUND:
        keys = [row["group"] for row in (release.answer or {})["rows"]]
    with data_set.system.connect() as connector:
        read = reader(connector, data_set, query)
        totals = _finished(exact(read, query, today=timezone.localdate(), keys=keys))
    return answering.without_noise(query, totals)


def _finished(reading: Generator[None, None, Totals]) -> Totals:
    while True:
        try:
            next(reading)
        except StopIteration as done:
            return done.value
