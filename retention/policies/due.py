"""The due list: how many rows of each data set are older than its policy allows. Counted, never touched."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.connectors import registry
from catalog.connectors.base import Capability, ConnectorError, Older
from catalog.models import EXTERNAL, VIEW, DataSet
from governance.console.jobs import Progress
from retention.policies import events
from retention.policies.models import Due
from retention.policies.periods import longest, too_old_before
from retention.policies.resolving import Resolution, resolve_all

State = Due.State
REMOVES = "The store removes these by itself: its own retention is no longer than the policy's."


def governed() -> Iterable[DataSet]:
    """The data sets that policies can cover: those with rows of their own, in stores that something connects to."""
    return (
        DataSet.objects.filter(gone_at=None)
        .exclude(kind=VIEW)
        .exclude(system__kind=EXTERNAL)
        .select_related("system")
        .order_by("system_id", "name")
    )


def count_due(data_sets: Iterable[DataSet]) -> Iterator[Progress]:
    """Count in each data set and keep what was found; a store that does not answer is said so in its rows.

    What no policy covers has no row on the list.
    """
    asked = list(data_sets)
    resolutions = resolve_all(asked)
    now = timezone.now()
    found: list[Due] = []
    for number, data_set in enumerate(asked, 1):
        entry = _count(resolutions[data_set.pk], now)
        if entry:
            found.append(entry)
        yield Progress(number, len(asked), str(data_set))
    _store(asked, found)


def _count(resolution: Resolution, now: datetime) -> Due | None:
    data_set, policy = resolution.data_set, resolution.policy
    entry = Due(data_set=data_set, policy=policy, counted_at=now, state=State.UNKNOWN)
    if resolution.conflict:
        entry.state, entry.why = State.CONFLICT, resolution.conflict[:500]
        return entry
    if policy is None:
        return None
    entry.before = too_old_before(policy, timezone.localdate(now))
    column = resolution.terms.age_column
    if not column:
        entry.why = "Nobody has said which column tells the age of its rows."
        return entry
    capabilities = registry.get(data_set.system.kind).capabilities
    if not capabilities & {Capability.EXPIRE, Capability.RETAIN}:
        entry.why = f"{registry.get(data_set.system.kind).label} cannot tell rows by their age."
        return entry
    try:
        with data_set.system.connect() as connector:
            entry.rows = connector.count_older(data_set.name, Older(column, entry.before))
            if entry.rows and Capability.RETAIN in capabilities:
                kept = connector.retention_of(data_set.name)
                if kept is not None and kept <= longest(policy):
                    entry.state, entry.why = State.NOTHING, REMOVES
                    return entry
    except ConnectorError as problem:
        entry.why = str(problem)[:500]
        return entry
    entry.state = State.DUE if entry.rows else State.NOTHING
    if entry.rows and resolution.hold:
        entry.state = State.HELD
        entry.why = f"Legal hold, {resolution.hold.get_exemption_display()}"
    return entry


@transaction.atomic
def _store(asked: list[DataSet], found: list[Due]) -> None:
    Due.objects.filter(data_set__in=asked).exclude(
        data_set__in=[entry.data_set_id for entry in found]
    ).delete()
    Due.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["data_set"],
        update_fields=["policy", "state", "before", "rows", "why", "counted_at"],
    )
    due = [entry for entry in found if entry.state == State.DUE]
    record(
        events.DUE_COUNTED,
        data_sets=len(found),
        due=len(due),
        rows=sum(entry.rows or 0 for entry in due),
        unknown=sum(entry.state == State.UNKNOWN for entry in found),
    )
