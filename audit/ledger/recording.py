"""`record`: the one door to the ledger."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

from audit.ledger.canonical import NotCanonical, canonical_bytes
from audit.ledger.context import current_actor, current_correlation
from audit.ledger.events import Event, Fact
from audit.ledger.sealed import seal_for
from audit.ledger.statements import run

VERSION = 1
LIST_BYTES = 32_768  # half of an entry
AT_ONCE = 1_000
BROWSED_BYTES = 500  # of each value that entries are browsed by
# By hand, since this is part of every change and the ORM takes three times as long. Numbered in the order given.
WAIT = "INSERT INTO ledger_waiting (body) VALUES (%b)"
WAIT_ALL = "INSERT INTO ledger_waiting (body) SELECT unnest(%b::bytea[])"
# What `governance.keyring.subjects.reference_for` makes: nothing else may stand for a person.
PERSON = re.compile(r"person:[0-9a-f]{32}\Z")


def record(event: Event, target: Model | None = None, *, subject: str = "", **facts: Any) -> None:
    """Write that `event` happened to `target`, in the transaction of the change itself.

    `subject` is the keyed reference of the data subject concerned, if any. The entry is numbered and chained
    within moments by the sequencer; if it cannot be written, the caller's transaction fails with it.
    Raises RuntimeError outside a transaction, NoActor where nobody acts, TypeError for facts the event does not
    declare or a subject that is no reference, NotCanonical for values without a canonical form.
    """
    _require_transaction(event)
    run(WAIT, [entry_bytes(event, target, subject=subject, **facts)])


def record_many(event: Event, happened: Iterable[tuple[Model | None, str, Mapping[str, Any]]]) -> None:
    """As `record`, once for each (target, subject, facts), written together; in the order given."""
    _require_transaction(event)
    bodies = (entry_bytes(event, target, subject=subject, **facts) for target, subject, facts in happened)
    while batch := list(islice(bodies, AT_ONCE)):
        run(WAIT_ALL, [batch])


def _require_transaction(event: Event) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.key} must be recorded in the transaction of its change.")


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
    content = {
        "v": VERSION,
        "id": os.urandom(16).hex(),
        "at": f"{datetime.now(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z",
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
    body = canonical_bytes(content, typed=Fact.TABLE not in event.facts.values())
    if len(body) > BROWSED_BYTES:  # else no part of it is longer
        _check_browsed(content)
    return body


def _check_browsed(content: dict[str, Any]) -> None:
    """Raises NotCanonical where the sequencer would refuse it: what entries are browsed by has to fit into an index."""
    told = content["object"]
    browsed = {
        "action": content["action"],
        "subject": content["subject"],
        "correlation": content["correlation"],
        "object.type": told["type"],
        "object.id": told["id"],
        **{f"actor.{name}": value for name, value in content["actor"].items()},
    }
    for name, value in browsed.items():
        if len(value.encode()) > BROWSED_BYTES:
            raise NotCanonical(f"entry.{name}: longer than {BROWSED_BYTES} bytes")


def _entered(value: Any, fact: Fact) -> Any:
    return as_listed(value) if fact is Fact.LIST else value


def _describe(target: Model | None) -> dict[str, str]:
    if target is None:
        return {"type": "", "id": "", "name": ""}
    label = getattr(target, "ledger_name", None)
    return {
        "type": target._meta.label_lower,
        "id": str(target.pk),
        "name": str(label()) if callable(label) else "",
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
