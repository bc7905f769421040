"""What is told of a person, to whom, and only what they need to find them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from audit.ledger.recording import record
from catalog.classification.vocabulary import within
from catalog.models import Column
from erasure.custodians import events
from erasure.custodians.models import Recipient, Task
from erasure.keysets import KeySet

MOST_KEYS = 1_000
TOKEN_SALT = "custodians.callback"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is about: (kind, value) of each identifier, and the keys of rows that are known to be theirs."""

    identifiers: list[tuple[str, str]]
    rows: list[dict[str, Any]]


def person_of(task: Task) -> Person:
    """Raises CannotOpen under another key ring."""
    return Person(_identifiers(task), _rows(task))


@transaction.atomic
def reveal(task: Task) -> Person:
    """The same, and the ledger says who looked."""
    record(events.TASK_IDENTIFIERS_REVEALED, task, subject=task.request.subject)
    return person_of(task)


def message(task: Task) -> dict[str, Any]:
    """The body of the webhook. It is the only place where the identifiers leave by themselves."""
    person = person_of(task)
    return {
        "type": f"{task.request.kind}.requested",
        "timestamp": task.asked_at.isoformat(),
        "data": {
            "task": str(task.public_id),
            "request": task.request.reference,
            "right": task.request.kind,
            "to": str(task.whom),
            "data_sets": task.data_sets,
            "due": task.due_on.isoformat(),
            "identifiers": [{"category": category, "value": value} for category, value in person.identifiers],
            "rows": person.rows,
            "callback": settings.PUBLIC_URL.rstrip("/")
            + reverse("custodians:callback", args=[task.public_id]),
            "token": callback_token(task),
        },
    }


def callback_token(task: Task) -> str:
    """Sent once with the task and worth one answer: no other task takes it."""
    return signing.Signer(salt=TOKEN_SALT).sign(str(task.public_id))


def is_token_of(token: str, task: Task) -> bool:
    try:
        return signing.Signer(salt=TOKEN_SALT).unsign(token) == str(task.public_id)
    except signing.BadSignature:
        return False


def _identifiers(task: Task) -> list[tuple[str, str]]:
    """A custodian is told all that is verified; a recipient only kinds of identifier that they receive anyway."""
    known = [
        (each.category, each.value)
        for each in task.request.identifiers.filter(verified=True, sealed__isnull=False).order_by("pk")
    ]
    if task.recipient is None:
        return known
    received = _categories_received(task.recipient)
    return [each for each in known if any(within(category, each[0]) for category in received)] or known


def _categories_received(recipient: Recipient) -> set[str]:
    columns = Column.objects.filter(gone_at=None)
    of_activities = columns.filter(data_set__activities__known_recipients=recipient)
    own = columns.filter(data_set__recipients=recipient)
    return {
        category
        for found in (of_activities, own)
        for category in found.exclude(category="").values_list("category", flat=True)
    }


def _rows(task: Task) -> list[dict[str, Any]]:
    """The keys of the rows that the search found in a system that the console cannot change."""
    if task.system_id is None:
        return []
    steps = task.step.plan.steps.filter(method="ask", data_set__system=task.system_id)
    told: list[dict[str, Any]] = []
    left = MOST_KEYS
    for step in steps.select_related("hit", "data_set"):
        if step.hit is None or step.data_set is None or step.hit.sealed_keys is None:
            continue
        keys = KeySet.open(step.hit.sealed_keys, bound_to=str(task.request.public_id))
        for match in keys.part(step.facts.get("part", "")).matches:
            table = match.keys.slice(0, left)
            left -= table.num_rows
            told.append(
                {
                    "data_set": step.data_set.name,
                    "columns": table.column_names,
                    "values": [[_plain(value) for value in row.values()] for row in table.to_pylist()],
                    "without_case": match.fold,
                    "further": match.keys.num_rows - table.num_rows,
                }
            )
    return told


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
