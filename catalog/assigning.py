"""Which processing activities use a data set: what the Article 30 record takes its data categories from."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.ledger.recording import record
from catalog import events
from catalog.models import DataSet
from governance.activities.models import ProcessingActivity


@transaction.atomic
def assign(data_set: DataSet, *, activities: Iterable[ProcessingActivity]) -> bool:
    """Make `activities` the ones that use the data set; whether that changed anything."""
    locked = DataSet.objects.select_for_update(of=("self",)).select_related("system").get(pk=data_set.pk)
    wanted = {activity.pk: activity for activity in activities}
    if wanted.keys() == set(locked.activities.values_list("pk", flat=True)):
        return False
    locked.activities.set(wanted.values())
    names = sorted(activity.name for activity in wanted.values())
    record(events.ACTIVITIES_ASSIGNED, locked, activities=names)
    return True
