"""Links that no foreign key declares, also across systems, and a person's word on what a search follows."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog import events
from catalog.models import DataSet, Link
from governance.console.models import User


@transaction.atomic
def declare(
    *,
    source: DataSet,
    target: DataSet,
    source_columns: Sequence[str],
    target_columns: Sequence[str],
    by: User,
    follow: str = Link.Follow.OWNED,
) -> Link:
    """A link between two data sets of any systems; its columns pair up in their order. Raises ValidationError."""
    _check_follow(follow)
    _check_columns(source, source_columns, field="source_columns")
    _check_columns(target, target_columns, field="target_columns")
    if len(source_columns) != len(target_columns):
        raise ValidationError(
            {"target_columns": f"Name {len(source_columns)}, one for each column of the source."}
        )
    if source == target and list(source_columns) == list(target_columns):
        raise ValidationError("A column cannot be linked with itself.")
    link, created = Link.objects.get_or_create(
        source=source,
        target=target,
        source_columns=list(source_columns),
        target_columns=list(target_columns),
        defaults={
            "origin": Link.Origin.DECLARED,
            "follow": follow,
            "decided_by": by,
            "decided_at": timezone.now(),
        },
    )
    if not created:
        raise ValidationError("These columns are linked already: decide on that link instead.")
    record(events.LINK_DECLARED, link, follow=str(follow))
    return link


@transaction.atomic
def decide(link: Link, *, follow: str, by: User) -> Link:
    """Say whether a search follows the link; from then on no scan changes it. Raises ValidationError."""
    _check_follow(follow)
    locked = Link.objects.select_for_update(of=("self",)).select_related("source", "target").get(pk=link.pk)
    if locked.decided_at and locked.follow == follow:
        return locked
    locked.follow, locked.decided_by, locked.decided_at = follow, by, timezone.now()
    locked.save(update_fields=["follow", "decided_by", "decided_at"])
    record(events.LINK_CHANGED, locked, follow=str(follow))
    return locked


@transaction.atomic
def remove(link: Link) -> None:
    """Take a declared link away. Raises ValidationError for a foreign key: that is the store's own."""
    if link.origin == Link.Origin.FOREIGN_KEY:
        raise ValidationError(
            "A foreign key belongs to the store: decide that it only refers to the person instead."
        )
    record(events.LINK_REMOVED, link)
    link.delete()


def _check_follow(follow: str) -> None:
    if follow not in Link.Follow.values:
        raise ValidationError({"follow": f"Choose one of: {', '.join(Link.Follow.values)}."})


def _check_columns(data_set: DataSet, names: Sequence[str], *, field: str) -> None:
    if not names:
        raise ValidationError({field: f"Name at least one column of {data_set.name}."})
    if len(set(names)) != len(names):
        raise ValidationError({field: "Name each column once."})
    existing = set(
        data_set.columns.filter(name__in=names, gone_at=None, nested_in=None).values_list("name", flat=True)
    )
    missing = [name for name in names if name not in existing]
    if missing:
        raise ValidationError({field: f"{data_set.name} has no column {', '.join(missing)}."})
