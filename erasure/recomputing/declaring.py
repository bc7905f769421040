"""Saying how a data set is recomputed, or that it is anonymous: an engineer declares, somebody else approves."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog.classification.vocabulary import CATEGORIES
from catalog.connectors import registry
from catalog.connectors.base import Capability
from catalog.models import EXTERNAL, VIEW, DataSet
from erasure.recomputing import events
from erasure.recomputing.figures import EVERY, parse
from erasure.recomputing.models import AnonymousAggregate, Recomputation
from erasure.recomputing.queries import read_query
from erasure.requests.states import NotNow
from governance.console.models import User

SMALLEST = 2


@transaction.atomic
def declare(
    data_set: DataSet,
    *,
    source: DataSet | None = None,
    columns: Mapping[str, str] | None = None,
    query: str = "",
    by: User | None = None,
) -> Recomputation:
    """Figures over `source`, or a `query`; replaces what was declared before and waits for approval.

    Raises ValidationError where it cannot be carried out.
    """
    require_derived(data_set)
    if bool(query) == bool(source and columns):
        raise ValidationError("Give either a source and the columns, or a query.")
    if query:
        _require(data_set, Capability.RECOMPUTE, "runs no queries that fill a data set")
        source, columns, query = None, {}, read_query(data_set, query)
    else:
        _require(data_set, Capability.REFILL, "does not take all rows of a data set at once")
        _check_columns(data_set, source, columns or {})
    Recomputation.objects.filter(data_set=data_set).delete()
    declared = Recomputation.objects.create(
        data_set=data_set, source=source, columns=dict(columns or {}), query=query, made_by=by
    )
    record(
        events.DECLARED,
        declared,
        source=str(source or ""),
        columns=list(declared.columns),
        query=declared.digest,
    )
    return declared


@transaction.atomic
def approve(declared: Recomputation, *, digest: str, by: User) -> None:
    """By somebody other than who declared it. Raises NotNow where it is another one by now, or one's own."""
    locked = Recomputation.objects.select_for_update().filter(pk=declared.pk).first()
    if locked is None or locked.digest != digest:
        raise NotNow("It was declared anew in the meantime: read it again.")
    if locked.made_by_id == by.pk:
        raise NotNow("Who declares how a data set is recomputed cannot approve it: ask somebody else.")
    if locked.approved_at is not None:
        return
    locked.approved_by, locked.approved_at = by, timezone.now()
    locked.save(update_fields=["approved_by", "approved_at"])
    record(events.APPROVED, locked, source=str(locked.source or ""), query=locked.digest)


@transaction.atomic
def remove(declared: Recomputation) -> None:
    if Recomputation.objects.filter(pk=declared.pk).delete()[0]:
        record(events.REMOVED, declared)


@transaction.atomic
def confirm_anonymous(data_set: DataSet, *, smallest_group: int, reason: str, by: User) -> AnonymousAggregate:
    """That every figure is about at least so many persons. Raises ValidationError."""
    require_derived(data_set)
    if smallest_group < SMALLEST:
        raise ValidationError({"smallest_group": f"A group of fewer than {SMALLEST} persons hides nobody."})
    if not reason.strip():
        raise ValidationError({"reason": "Say why nobody can be told from it."})
    confirmed, _ = AnonymousAggregate.objects.update_or_create(
        data_set=data_set,
        defaults={
            "smallest_group": smallest_group,
            "reason": reason.strip(),
            "confirmed_by": by,
            "confirmed_at": timezone.now(),
        },
    )
    record(events.CONFIRMED_ANONYMOUS, confirmed, smallest_group=smallest_group, reason=reason.strip())
    return confirmed


@transaction.atomic
def withdraw_anonymous(confirmed: AnonymousAggregate) -> None:
    if AnonymousAggregate.objects.filter(pk=confirmed.pk).delete()[0]:
        record(events.ANONYMOUS_WITHDRAWN, confirmed)


def require_derived(data_set: DataSet) -> None:
    """ValidationError for a data set with persons of its own, whose rows are found and erased one by one."""
    if data_set.gone_at or data_set.system.kind == EXTERNAL:
        raise ValidationError(f"{data_set} is not in a store that is connected.")
    if data_set.kind == VIEW:
        raise ValidationError(f"{data_set} is a view: the store computes it, and knows how.")
    identifying = identifying_columns(data_set)
    if identifying:
        raise ValidationError(
            f"{data_set} holds persons of its own (column {identifying[0]}): their rows are erased, not recomputed."
        )


def identifying_columns(data_set: DataSet) -> list[str]:
    """The columns by which the search finds a person in it."""
    found = data_set.columns.filter(gone_at=None).order_by("position")
    return [column.name for column in found if column.category and _unique(column.category)]


def _unique(category: str) -> bool:
    return category in CATEGORIES and CATEGORIES[category].unique


def _require(data_set: DataSet, capability: Capability, lacks: str) -> None:
    if capability not in registry.get(data_set.system.kind).capabilities:
        raise ValidationError(f"{data_set.system} {lacks}.")


def _check_columns(data_set: DataSet, source: DataSet | None, columns: Mapping[str, str]) -> None:
    if source is None or source.gone_at or source.system.kind == EXTERNAL:
        raise ValidationError({"source": "The source is not in a store that is connected."})
    if source.pk == data_set.pk:
        raise ValidationError({"source": "A data set is not made of itself."})
    own = _names(data_set)
    if set(columns) != set(own):
        raise ValidationError({"columns": f"Say for each column what it is made of: {', '.join(own)}."})
    there = set(_names(source))
    for figure in parse(columns):
        if figure.column != EVERY and figure.column not in there:
            raise ValidationError({"columns": f"{source} has no column {figure.column}."})


def _names(data_set: DataSet) -> list[str]:
    found = data_set.columns.filter(gone_at=None, nested_in=None).order_by("position")
    return list(found.values_list("name", flat=True))
