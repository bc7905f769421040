"""`record`: the one door to the ledger."""

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

from audit.ledger.canonical import canonical_bytes
from audit.ledger.context import current_actor, current_correlation
from audit.ledger.events import Event, Fact
from audit.ledger.sealed import seal_for

VERSION = 1
LIST_BYTES = 32_768  # half of an entry
AT_ONCE = 1_000
# By hand, since this is part of every change and the ORM takes three times as long. Numbered in the order given.
WAIT = "INSERT INTO ledger_waiting (body) VALUES "
# What `governance.keyring.subjects.reference_for` makes: nothing else may stand for a person.
PERSON = re.compile(r"person:[0-9a-f]{32}\Z")


def record(event: Event, target: Model | None = None, *, subject: str = "", **facts: Any) -> None:
    """Write that `event` happened to `target`, in the transaction of the change itself.

    `subject` is the keyed reference of the data subject concerned, if any. The entry is numbered and chained
    within moments by the sequencer; if it cannot be written, the caller's transaction fails with it.
    Raises RuntimeError outside a transaction, NoActor where nobody acts, TypeError for facts the event does not
    declare or a subject that is no reference, NotCanonical for values without a canonical form.
    """
    record_many(event, [(target, subject, facts)])


def record_many(event: Event, happened: Iterable[tuple[Model | None, str, Mapping[str, Any]]]) -> None:
    """As `record`, once for each (target, subject, facts), written together; in the order given."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.key} must be recorded in the transaction of its change.")
    bodies = (entry_bytes(event, target, subject=subject, **facts) for target, subject, facts in happened)
    with connection.cursor() as cursor:
        while batch := list(islice(bodies, AT_ONCE)):
            cursor.execute(WAIT + ", ".join(["(%s)"] * len(batch)), batch)


def as_listed(names: Sequence[str]) -> list[str]:
    """What an entry holds of a list: its items, or where they are too many for it their number and SHA-256.

    A store decides how long its names are; that must not keep what was done to it out of the ledger.
    """
    items = list(names)
    body = json.dumps(items).encode()
    if len(body) <= LIST_BYTES:
        return items
    return [f"{len(items)} items", f"sha256:{sha256(body).hexdigest()}"]


def entry_bytes(event: Event, target: Model | None = None, *, subject: str = "", **facts: Any) -> bytes:
    """The canonical bytes `record` would write."""
    _check_facts(event, facts)
    if subject and not PERSON.match(subject):
        raise TypeError(f"{event.key}: the subject must be a keyed reference, never an identifier itself.")
    if not subject and Fact.SEALED in event.facts.values():
        raise TypeError(f"{event.key}: what is sealed needs the person it is about.")
    return canonical_bytes(
        {
            "v": VERSION,
            "id": uuid.uuid4().hex,
            "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "action": event.key,
            "actor": current_actor().as_json(),
            "object": _describe(target),
            "subject": subject,
            "correlation": current_correlation(),
            "facts": {
                name: seal_for(subject, event.key, value)
                if event.facts[name] is Fact.SEALED
                else _entered(value, event.facts[name])
                for name, value in facts.items()
            },
        }
    )


def _entered(value: Any, fact: Fact) -> Any:
    return as_listed(value) if fact is Fact.LIST else value


def _describe(target: Model | None) -> dict[str, str]:
    if target is None:
        return {"type": "", "id": "", "name": ""}
    label = getattr(target, "ledger_name", None)
    return {
        "type": target._meta.label_lower,
        "id": str(target.pk),
        "name": label() if callable(label) else "",
    }


def _check_facts(event: Event, facts: dict[str, Any]) -> None:
    if facts.keys() != event.facts.keys():
        missing = sorted(event.facts.keys() - facts.keys())
        unknown = sorted(facts.keys() - event.facts.keys())
        raise TypeError(f"{event.key}: missing facts {missing}, undeclared facts {unknown}.")
    for name, value in facts.items():
        if not _holds(value, event.facts[name]):
            raise TypeError(f"{event.key}: fact {name} must be a {event.facts[name]}.")


def _holds(value: Any, fact: Fact) -> bool:
    match fact:
        case Fact.COUNT:
            return isinstance(value, int) and not isinstance(value, bool)
        case Fact.FLAG:
            return isinstance(value, bool)
        case Fact.LIST:
            return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        case Fact.TABLE:
            return isinstance(value, (list, tuple)) and all(isinstance(item, dict) for item in value)
        case Fact.PERSON:
            return isinstance(value, str) and bool(PERSON.match(value))
        case _:
            return isinstance(value, str)
