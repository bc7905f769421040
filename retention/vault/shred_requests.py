"""Shredding a person on request: one officer proposes, another approves what they saw, a job does it and reads back."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.ledger.recording import record
from governance.console.jobs import JobFailed, Progress, enqueue, job
from governance.console.models import Job, User
from governance.keyring.subjects import reference_for
from retention.vault import events
from retention.vault.models import ShredRequest
from retention.vault.persons import known_as
from retention.vault.shredding import Holdings, remaining, shred

KIND = "vault.shred"
MOST_PASSES = 5
State = ShredRequest.State


class NotNow(Exception):
    """The request is not in a state that allows this, or not for this person; the message says why."""


def holdings(request: ShredRequest) -> Holdings:
    return remaining(bytes(person) for person in request.persons)


def fingerprint(request: ShredRequest, found: Holdings) -> str:
    """SHA-256 of whom and what: approval is of exactly this."""
    said = repr(
        (request.pk, [bytes(person).hex() for person in request.persons], found.by_domain, found.by_key)
    )
    return sha256(said.encode()).hexdigest()


@transaction.atomic
def propose(*, category: str, value: str, reason: str, by: User) -> ShredRequest:
    """A request to shred the person with this identifier, which is hashed and not kept.

    Raises ValidationError where the vault has nothing of them, or they are being shredded already.
    """
    persons = known_as(category, value)
    found = remaining(persons)
    if not found:
        raise ValidationError(
            {"value": "The vault has no token and no key of a person with this identifier."}
        )
    open_now = ShredRequest.objects.filter(
        persons=persons, state__in=[State.PROPOSED, State.APPROVED]
    ).first()
    if open_now:
        raise ValidationError({"value": f"{open_now} for this person is open already."})
    request = ShredRequest.objects.create(
        category=category,
        persons=persons,
        subject=reference_for(category, value),
        reason=reason,
        asked_by=by,
    )
    record(
        events.SHRED_ASKED,
        request,
        subject=request.subject,
        tokens=found.tokens,
        keys=found.keys,
        reason=reason,
    )
    return request


@transaction.atomic
def approve(request: ShredRequest, *, seen: str, by: User) -> None:
    """Approve what has the fingerprint `seen`, and queue it. Of two who decide at once, one succeeds. Raises NotNow."""
    if request.asked_by_id in (None, by.pk):
        raise NotNow(
            "You proposed this: somebody else has to approve it."
            if request.asked_by_id
            else f"Nobody is named as having proposed {request}: reject it and propose it again."
        )
    found = holdings(request)
    if fingerprint(request, found) != seen:
        raise NotNow(f"{request} is not what you saw, the vault has changed: read it again.")
    _decide(request, State.APPROVED, by)
    record(events.SHRED_APPROVED, request, subject=request.subject, tokens=found.tokens, keys=found.keys)
    _enqueue(request)


@transaction.atomic
def reject(request: ShredRequest, *, reason: str, by: User) -> None:
    """Raises NotNow if it is decided already."""
    _decide(request, State.REJECTED, by, decision_reason=reason)
    record(events.SHRED_REJECTED, request, subject=request.subject, reason=reason)


@transaction.atomic
def resume(request: ShredRequest) -> None:
    """Queue again what a failure interrupted. Raises NotNow if there is nothing to resume."""
    request = ShredRequest.objects.select_for_update().get(pk=request.pk)
    if request.state != State.APPROVED or (request.job and not request.job.finished):
        raise NotNow(f"{request} is {request.get_state_display().lower()}: there is nothing to resume.")
    _enqueue(request)


@job(KIND)
def carry_out(running: Job, request: int) -> Iterator[Progress]:
    """Shred, read back in a transaction of its own, and record it once."""
    asked = ShredRequest.objects.get(pk=request)
    persons = [bytes(person) for person in asked.persons]
    for _ in range(MOST_PASSES):
        with transaction.atomic():
            gone = shred(persons)
            # In the same transaction, so that a worker that is killed leaves no wrong count.
            ShredRequest.objects.filter(pk=asked.pk, state=State.APPROVED).update(
                tokens=F("tokens") + gone.tokens, keys=F("keys") + gone.keys
            )
        left = remaining(persons)
        if not left:
            break  # else somebody has issued for this person meanwhile
        yield Progress(0, 1, "Something was added meanwhile")
    _conclude(asked, left)
    yield Progress(1, 1, "Read back: nothing of this person is left in the vault.")


@transaction.atomic
def _conclude(asked: ShredRequest, left: Holdings) -> None:
    if left:
        raise JobFailed(
            f"{left.tokens} tokens and {left.keys} keys were made again while shredding: "
            "end the jobs that issue for this person, then resume."
        )
    done = ShredRequest.objects.filter(pk=asked.pk, state=State.APPROVED).update(
        state=State.DONE, finished_at=timezone.now()
    )
    if done:
        asked.refresh_from_db()
        record(
            events.PERSON_SHREDDED,
            asked,
            subject=asked.subject,
            tokens=asked.tokens,
            keys=asked.keys,
            remaining=left.tokens + left.keys,
        )


def _decide(request: ShredRequest, state: str, by: User, **values: str) -> None:
    decided = ShredRequest.objects.filter(pk=request.pk, state=State.PROPOSED).update(
        state=state, decided_by=by, decided_at=timezone.now(), **values
    )
    request.refresh_from_db()
    if not decided:
        raise NotNow(f"{request} is {request.get_state_display().lower()}: there is nothing to decide.")


def _enqueue(request: ShredRequest) -> None:
    queued = enqueue(KIND, title=f"Carry out {request}", request=request.pk)
    ShredRequest.objects.filter(pk=request.pk).update(job=queued)
    request.refresh_from_db()
