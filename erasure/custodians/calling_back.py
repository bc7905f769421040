"""The answer of a custodian's or recipient's own system: signed with the same secret, taken once, and only now."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audit.ledger.context import Actor, acting
from erasure.custodians import answering
from erasure.custodians.models import Callback, Task, Webhook
from erasure.custodians.signing import Forged, verify
from erasure.custodians.telling import is_token_of
from governance.keyring.sealing import CannotOpen

logger = logging.getLogger("console.custodians")
LARGEST = 64 * 1024
WAY = "webhook"
UNNAMED = "Their system gave no note."


class Refused(Exception):
    """Forged, stale, or for nothing we asked: said without a reason, so that a forger learns nothing."""


class Replayed(Exception):
    """Genuine, and taken before."""


def take(task_id: UUID, headers: Mapping[str, str], body: bytes) -> Task:
    """The task, with the answer on it. A second answer that says the same changes nothing.

    Raises Refused, Replayed, ValidationError for a genuine message that cannot be read, NotNow where another answer
    has been given.
    """
    task = Task.objects.select_related("request", "system", "recipient").filter(public_id=task_id).first()
    try:
        if task is None:
            raise Forged("no such task")
        webhook = Webhook.objects.filter(system=task.system_id, recipient=task.recipient_id).first()
        if webhook is None:
            raise Forged("no webhook")
        message_id = verify(headers, body, secret=webhook.secret)
    except (Forged, CannotOpen) as why:
        logger.warning("A callback was refused: %s", why)
        raise Refused from None
    answer = _read(body)
    if not is_token_of(str(answer.get("token", "")), task):
        logger.warning("A callback was refused: the token is of another task")
        raise Refused
    with acting(Actor("system", "custodian webhook")):
        return _take(task, message_id, answer)


@transaction.atomic
def _take(task: Task, message_id: str, answer: Mapping[str, Any]) -> Task:
    state = str(answer.get("state", ""))
    try:
        with transaction.atomic():
            Callback.objects.create(task=task, message_id=message_id, state=state[:16])
    except IntegrityError:
        raise Replayed from None
    if not task.open and task.state == state:
        return task
    note = str(answer.get("note") or UNNAMED)
    match state:
        case Task.State.DONE | Task.State.NOTHING_FOUND:
            answering.confirm(task, state=state, note=note, way=WAY)
        case Task.State.REFUSED:
            answering.refuse(task, exemption=str(answer.get("exemption", "")), reason=note, way=WAY)
        case Task.State.NEEDS_TIME:
            answering.take_time(task, until=_day(answer.get("until")), reason=note, way=WAY)
        case _:
            raise ValidationError({"state": "The state is done, nothing found, refused or needs time."})
    return task


def _read(body: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise ValidationError("The body is a JSON object.")
    if any("\x00" in str(value) for value in read.values()):  # which no text of the database can hold
        raise ValidationError("The body holds a NUL character: leave it out.")
    return read


def _day(given: Any) -> date:
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise ValidationError({"until": "A day as in 2026-03-31."}) from None
