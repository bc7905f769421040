"""A person's decisions on columns: many at once, kept as labels, one decision in the ledger.

Nothing here makes a column less protected by accident: until somebody confirms that a column is not personal, it
counts as personal, also after a suggestion was rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog import events
from catalog.classification.vocabulary import CATEGORIES, Sensitivity
from catalog.labelling import settle
from catalog.lineage import propagation
from catalog.models import Column, Label
from catalog.precedents import Decided, found_by_scan, remember
from governance.console.models import User

CHUNK = 2_000
ENTRY_BYTES = 40_000  # the ledger takes entries up to 65,535 bytes
DECISIONS = ("confirm", "classify", "reject", "reopen")
VERDICT_FIELDS = (
    "category",
    "sensitivity",
    "confidence",
    "contains",
    "state",
    "reviewed_by",
    "reviewed_at",
    "questioned",
)


def decide(
    columns: Iterable[Column], decision: str, *, by: User, category: str = "", sensitivity: str = ""
) -> list[Column]:
    """The decision by its name, for doors that receive it as a word. Raises ValidationError."""
    if decision == "classify":
        return classify(columns, category=category, sensitivity=sensitivity, by=by)
    if decision not in DECISIONS:
        raise ValidationError({"decision": f"“{decision}” is none of: {', '.join(DECISIONS)}."})
    verb = {"confirm": confirm, "reject": reject, "reopen": reopen}[decision]
    return verb(columns, by=by)


def confirm(columns: Iterable[Column], *, by: User) -> list[Column]:
    """Accept the verdict as it stands; the columns this changed. Those without any suggestion stay unreviewed.

    On a column confirmed earlier it answers the question that a later scan has raised: the decision stands.
    """

    def accept(column: Column, live: list[Label]) -> list[Label] | None:
        if not column.category or (column.state == Column.State.CONFIRMED and not column.questioned):
            return None
        return _decided(column, live, category=column.category, sensitivity=column.sensitivity, by=by)

    return _decide("confirm", columns, accept)


def classify(columns: Iterable[Column], *, category: str, by: User, sensitivity: str = "") -> list[Column]:
    """Say what the columns hold, whatever was suggested; `none` means not personal. The columns this changed.

    `sensitivity` is the category's own unless given. Raises ValidationError for unknown words.
    """
    if category not in CATEGORIES:
        raise ValidationError({"category": "Choose a category from the list."})
    sensitivity = sensitivity or str(CATEGORIES[category].sensitivity)
    if sensitivity not in list(Sensitivity):
        raise ValidationError({"sensitivity": "Choose a sensitivity from the list."})

    def set_verdict(column: Column, live: list[Label]) -> list[Label] | None:
        same = (column.category, column.sensitivity) == (category, sensitivity)
        if same and column.state == Column.State.CONFIRMED and not column.questioned:
            return None
        return _decided(column, live, category=category, sensitivity=sensitivity, by=by)

    return _decide("classify", columns, set_verdict)


def reject(columns: Iterable[Column], *, by: User) -> list[Column]:
    """The suggestion is wrong; the columns this changed. They fall back to the next suggestion, unreviewed.

    A scan does not make a rejected suggestion again unless a new kind of evidence speaks for it.
    """

    def refuse(column: Column, live: list[Label]) -> list[Label] | None:
        if column.state == Column.State.CONFIRMED or not column.category:
            return None
        wrong = [label for label in live if label.category == column.category and not label.contained]
        for label in wrong:
            by_person = label.origin == Label.Origin.PERSON
            label.state = Label.State.SUPERSEDED if by_person else Label.State.REJECTED
        refusal = _by_person(column, Label.State.REJECTED, column.category, column.sensitivity, by)
        settle(column, [label for label in live if label not in wrong])
        return [refusal]

    return _decide("reject", columns, refuse)


def reopen(columns: Iterable[Column], *, by: User) -> list[Column]:
    """Take a confirmation back: the scan's own suggestion stands again, unreviewed. The columns this changed."""

    def take_back(column: Column, live: list[Label]) -> list[Label] | None:
        if column.state == Column.State.UNREVIEWED:
            return None
        _supersede_persons(live)
        column.state, column.questioned = Column.State.UNREVIEWED, False
        column.reviewed_by, column.reviewed_at = None, None
        settle(column, [label for label in live if label.state != Label.State.SUPERSEDED])
        return []

    return _decide("reopen", columns, take_back)


Change = Callable[[Column, list[Label]], list[Label] | None]


@transaction.atomic
def _decide(decision: str, columns: Iterable[Column], change: Change) -> list[Column]:
    """Apply `change` to each column and its live labels; it returns the labels to add, or None to leave it alone."""
    pks = sorted({column.pk for column in columns})
    changed: list[Column] = []
    for start in range(0, len(pks), CHUNK):
        decisions = _decide_chunk(pks[start : start + CHUNK], change)
        remember(decisions)
        changed += [each.column for each in decisions]
    for part in _entries(changed):
        record(events.COLUMNS_REVIEWED, decision=decision, columns=part)
    if changed:
        propagation.request()
    return changed


def _decide_chunk(pks: Sequence[int], change: Change) -> list[Decided]:
    locked = Column.objects.select_for_update(of=("self",)).select_related("data_set__system")
    labels: dict[int, list[Label]] = {pk: [] for pk in pks}
    live = [Label.State.SUGGESTED, Label.State.CONFIRMED]
    columns = list(locked.filter(pk__in=pks).order_by("pk"))
    for label in Label.objects.filter(column__in=pks, state__in=live).order_by("made_at", "pk"):
        labels[label.column_id].append(label)
    decisions, added = [], []
    for column in columns:
        found = found_by_scan(labels[column.pk])
        new = change(column, labels[column.pk])
        if new is not None:
            decisions.append(Decided(column, found, new[0] if new else None))
            added += new
    changed = [each.column for each in decisions]
    moved = [label for column in changed for label in labels[column.pk] if label.state not in live]
    Label.objects.bulk_update(moved, ["state"], batch_size=1_000)
    Label.objects.bulk_create(added, batch_size=1_000)
    Column.objects.bulk_update(changed, VERDICT_FIELDS, batch_size=500)
    return decisions


def _decided(column: Column, live: list[Label], *, category: str, sensitivity: str, by: User) -> list[Label]:
    _supersede_persons(live)
    column.category, column.sensitivity, column.confidence = category, sensitivity, 1.0
    column.state, column.questioned = Column.State.CONFIRMED, False
    column.reviewed_by, column.reviewed_at = by, timezone.now()
    return [_by_person(column, Label.State.CONFIRMED, category, sensitivity, by)]


def _supersede_persons(live: list[Label]) -> None:
    for label in live:
        if label.origin == Label.Origin.PERSON:
            label.state = Label.State.SUPERSEDED


def _by_person(column: Column, state: Label.State, category: str, sensitivity: str, by: User) -> Label:
    return Label(
        column=column,
        origin=Label.Origin.PERSON,
        category=category,
        sensitivity=sensitivity,
        confidence=1.0,
        state=state,
        made_by=by,
    )


def _entries(changed: Sequence[Column]) -> Iterator[list[dict[str, str]]]:
    """What the ledger keeps of a decision, in parts that it takes; one part unless there are hundreds of columns."""
    part: list[dict[str, str]] = []
    size = 0
    for column in changed:
        line = {"column": str(column), "category": column.category, "sensitivity": column.sensitivity}
        length = sum(len(value.encode()) * 2 for value in line.values()) + 60
        if part and size + length > ENTRY_BYTES:
            yield part
            part, size = [], 0
        part.append(line)
        size += length
    if part:
        yield part
