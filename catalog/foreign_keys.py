"""Foreign keys of a store as links of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from catalog.connectors.base import DataSetInfo
from catalog.models import DataSet, Link, System

Key = tuple[int, int, tuple[str, ...], tuple[str, ...]]


def store_foreign_keys(
    system: System, found: Sequence[DataSetInfo], data_sets: Mapping[str, DataSet], now: datetime
) -> int:
    """Insert new ones, mark those that left the store, bring back those that returned; how many there are.

    A key whose target the catalog does not know is left out. A data set that hides its columns keeps its links.
    """
    keys = {
        (data_sets[info.name].pk, data_sets[key.target].pk, key.columns, key.target_columns)
        for info in found
        for key in info.foreign_keys
        if key.target in data_sets
    }
    hidden = {data_sets[info.name].pk for info in found if info.problem and not info.columns}
    known = {_key(link): link for link in Link.objects.filter(source__system=system)}
    Link.objects.bulk_create(
        [
            Link(
                source_id=source,
                target_id=target,
                source_columns=list(columns),
                target_columns=list(target_columns),
                origin=Link.Origin.FOREIGN_KEY,
                follow=Link.Follow.REFERENCE,
            )
            for source, target, columns, target_columns in sorted(keys - known.keys())
        ],
        batch_size=1_000,
        ignore_conflicts=True,  # declared by a person at this very moment
    )
    missing = [
        link.pk
        for key, link in known.items()
        if key not in keys
        and link.origin == Link.Origin.FOREIGN_KEY
        and not link.gone_at
        and link.source_id not in hidden
    ]
    back = [link.pk for key, link in known.items() if key in keys and link.gone_at]
    Link.objects.filter(pk__in=missing).update(gone_at=now)
    Link.objects.filter(pk__in=back).update(gone_at=None)
    return len(keys)


def _key(link: Link) -> Key:
    return link.source_id, link.target_id, tuple(link.source_columns), tuple(link.target_columns)
