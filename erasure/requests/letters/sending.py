"""Sending letters: each at least once under one Message-ID, tried again for three days, then said to have failed."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from erasure.requests import events
from erasure.requests.letters.writing import wake
from erasure.requests.models import Letter
from erasure.requests.states import NotNow
from governance.keyring.sealing import CannotOpen

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Three days in all; then a person is asked.
WAITS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, *[12 * HOUR] * 5)
LEASE = 2 * MINUTE  # longer than a try takes: a worker that dies holds a letter up no longer
NOT_YOURS = "…"  # in place of the secret of a link, which is the person's alone
logger = logging.getLogger("console.letters")
State = Letter.State


def send_due(*, most: int = 500) -> int:
    """Send what is due; how many went out."""
    with acting(Actor("system", "letters")):
        return sum(_try(letter) for letter in _claimed(most))


@transaction.atomic
def send_again(letter: Letter) -> None:
    """Try a letter that could not be sent once more, from the beginning of the waits. Raises NotNow."""
    tried = Letter.objects.filter(pk=letter.pk, state=State.FAILED, sealed__isnull=False)
    if not tried.update(state=State.QUEUED, attempts=0, next_try_at=timezone.now(), problem=""):
        raise NotNow("Only a letter that could not be sent, and is still kept, can be sent again.")
    letter.refresh_from_db()
    transaction.on_commit(wake)


def readable(letter: Letter) -> dict[str, str]:
    """The letter as staff may read it: without the secret of a link, or the code. Raises CannotOpen."""
    content = dict(letter.content)
    for hidden in (content.pop("secret", ""), content.pop("code", "")):
        if hidden:
            content = {name: value.replace(hidden, NOT_YOURS) for name, value in content.items()}
    return content


def _claimed(most: int) -> Iterator[Letter]:
    """Each by a conditional update, so that two workers never send the same one at once."""
    for _ in range(most):
        now = timezone.now()
        due = Letter.objects.filter(state=State.QUEUED, next_try_at__lte=now).order_by("next_try_at", "pk")
        letter = due.select_related("request").first()
        if letter is None:
            return
        if due.filter(pk=letter.pk).update(next_try_at=now + LEASE):
            yield letter


def _try(letter: Letter) -> bool:
    if letter.sealed is None:
        return _failed(letter, "It was destroyed before it could be sent.", for_good=True)
    try:
        content = letter.content
        message = EmailMessage(
            content["subject"],
            content["body"],
            to=[content["to"]],
            # The same at each try: who gets it twice sees it once.
            headers={"Message-ID": f"<{letter.public_id}@{_domain()}>", "Auto-Submitted": "auto-generated"},
        )
        message.send()
    except SMTPRecipientsRefused as problem:
        codes = [code for code, _ in problem.recipients.values()]
        return _failed(
            letter, f"The mail server refused the address ({codes[0]}).", for_good=min(codes) >= 500
        )
    except (SMTPException, OSError, CannotOpen) as problem:
        logger.error("Letter %s of %s was not sent: %s", letter.pk, letter.request, type(problem).__name__)
        return _failed(letter, f"{type(problem).__name__}: the mail server did not take it.")
    return _sent(letter)


@transaction.atomic
def _sent(letter: Letter) -> bool:
    """What is kept of it no longer holds the secret of its link."""
    letter.write(readable(letter))
    Letter.objects.filter(pk=letter.pk).update(
        state=State.SENT,
        sent_at=timezone.now(),
        attempts=letter.attempts + 1,
        next_try_at=None,
        problem="",
        sealed=letter.sealed,
    )
    record(events.LETTER_SENT, letter.request, subject=letter.request.subject, letter=letter.kind)
    return True


@transaction.atomic
def _failed(letter: Letter, problem: str, *, for_good: bool = False) -> bool:
    attempts = letter.attempts + 1
    wait = WAITS[attempts - 1] if attempts <= len(WAITS) and not for_good else None
    Letter.objects.filter(pk=letter.pk).update(
        attempts=attempts,
        problem=problem[:200],
        state=State.QUEUED if wait else State.FAILED,
        next_try_at=timezone.now() + wait if wait else None,
    )
    if wait is None:
        record(
            events.LETTER_NOT_SENT,
            letter.request,
            subject=letter.request.subject,
            letter=letter.kind,
            attempts=attempts,
        )
    return False


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
