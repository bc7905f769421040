"""Telling senders how far their requests are: each change at each address they named, tried again for a week.

What they were told is compared with how it stands now, so that no change is missed, whoever made it and however the
last process ended. An address is told the newest status only.
"""

import base64
from collections.abc import Iterator

import orjson
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.custodians.posting import NotSent, post
from erasure.custodians.sending import LEASE, WAITS
from erasure.custodians.signing import PREFIX
from erasure.custodians.signing import signed as webhook_headers
from erasure.protocols import events
from erasure.protocols.drp import standing as drp
from erasure.protocols.models import Message, Notice, Received
from erasure.protocols.opendsr import standing as opendsr
from erasure.protocols.opendsr.signing import headers_for
from governance.keyring.sealing import CannotOpen

AT_ONCE = 500  # rows read at a time


def notice_changes() -> int:
    """Queue what senders do not know yet; how many requests have moved. Forgets what has expired."""
    now = timezone.now()
    Message.objects.filter(expires_at__lt=now).delete()
    # Denied at once; the others are deleted with their requests.
    Received.objects.filter(request=None, received_at__lt=now - drp.KEPT).delete()
    open_ones = Received.objects.filter(settled=False).order_by("pk")
    moved, last = 0, 0
    while chunk := list(
        open_ones.filter(pk__gt=last).select_related("request", "agent", "controller")[:AT_ONCE]
    ):
        last = chunk[-1].pk
        moved += sum(_queue(received) for received in chunk if _word(received)[0] != received.told)
    return moved


def send_due(*, most: int = 200) -> tuple[int, int]:
    """Send what is due; how many were taken, and how many were not."""
    sent = failed = 0
    for notice in _claimed(most):
        if _try(notice):
            sent += 1
        else:
            failed += 1
    return sent, failed


@transaction.atomic
def _queue(received: Received) -> bool:
    word, final = _word(received)
    moved = Received.objects.filter(pk=received.pk, told=received.told, settled=False).update(
        told=word, settled=final
    )
    if not moved:  # another process was quicker
        return False
    for url in received.callbacks:
        Notice.objects.update_or_create(
            received=received,
            url=url,
            defaults={
                "status": word,
                "attempts": 0,
                "next_try_at": timezone.now(),
                "delivered_at": None,
                "problem": "",
            },
        )
    return True


def _word(received: Received) -> tuple[str, bool]:
    """How it stands, in the word of its protocol, and whether that is the end of it.

    A link to prove an identity that has expired can be sent again: that is final for the agent, not for us.
    """
    if received.agent_id:
        now = drp.standing(received)
        return str(now), now.final and now.state != "expired"
    word = opendsr.standing(received)
    return word, word in (opendsr.DONE, opendsr.CANCELLED)


def _claimed(most: int) -> Iterator[Notice]:
    """Each by a conditional update, so that two workers never send the same one at once."""
    for _ in range(most):
        now = timezone.now()
        due = Notice.objects.filter(next_try_at__lte=now).order_by("next_try_at", "pk")
        notice = due.select_related("received__request", "received__agent", "received__controller").first()
        if notice is None:
            return
        if due.filter(pk=notice.pk).update(next_try_at=now + LEASE):
            yield notice


def _try(notice: Notice) -> bool:
    try:
        body, headers = _message(notice)
        post(notice.url, body, headers)
    except (NotSent, CannotOpen) as problem:
        return _failed(notice, str(problem)[:300])
    return _taken(notice)


def _message(notice: Notice) -> tuple[bytes, dict[str, str]]:
    """Body and signature: of the pairwise token for an agent, of our certificate for a controller. Raises NotSent."""
    received = notice.received
    if received.agent is None:
        body = orjson.dumps(opendsr.callback_body(received, notice.url))
        return body, headers_for(body)
    if not received.agent.token_digest:
        raise NotSent("The agent has no token to sign with: it has to set up its key again.")
    body = orjson.dumps(drp.status_object(received))
    secret = PREFIX + base64.b64encode(bytes.fromhex(received.agent.token_digest)).decode()
    return body, webhook_headers(f"{notice.public_id}.{notice.status}", body, secret=secret)


@transaction.atomic
def _taken(notice: Notice) -> bool:
    attempts, request = notice.attempts + 1, notice.received.request
    # A newer status may have been queued during the call: then that one is still to be told.
    Notice.objects.filter(pk=notice.pk, status=notice.status).update(
        next_try_at=None, delivered_at=timezone.now(), attempts=attempts, problem=""
    )
    record(
        events.STATUS_TOLD,
        request or notice.received,
        subject=request.subject if request else "",
        sender=notice.received.sender.name,
        status=notice.status,
        attempts=attempts,
    )
    return True


@transaction.atomic
def _failed(notice: Notice, problem: str) -> bool:
    attempts, request = notice.attempts + 1, notice.received.request
    wait = WAITS[attempts - 1] if attempts <= len(WAITS) else None
    Notice.objects.filter(pk=notice.pk, status=notice.status).update(
        attempts=attempts, problem=problem, next_try_at=timezone.now() + wait if wait else None
    )
    if wait is None:
        record(
            events.STATUS_NOT_TOLD,
            request or notice.received,
            subject=request.subject if request else "",
            sender=notice.received.sender.name,
            status=notice.status,
            attempts=attempts,
            problem=problem,
        )
    return False
