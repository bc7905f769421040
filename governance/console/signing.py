"""Sign-in, sign-out and lock-out in the ledger; never the name that was typed."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver

from audit.ledger.context import become
from audit.ledger.events import Event
from audit.ledger.recording import record
from governance.console import events


@receiver(user_logged_in)
def signed_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    become(user.as_actor())
    with transaction.atomic():
        record(events.SIGNED_IN, user)


@receiver(user_logged_out)
def signed_out(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if user is not None:
        with transaction.atomic():
            record(events.SIGNED_OUT, user)


@receiver(user_login_failed)
def failed(sender: Any, credentials: dict, request: Any = None, **kwargs: Any) -> None:
    _record_refusal(events.SIGN_IN_FAILED, credentials.get("username", ""))


@receiver(user_locked_out)
def locked_out(sender: Any, request: Any, username: str = "", **kwargs: Any) -> None:
    _record_refusal(events.LOCKED_OUT, username)


def _record_refusal(event: Event, username: str) -> None:
    user = get_user_model().objects.filter(username=username).first()
    with transaction.atomic():
        record(event, user, known_user=user is not None)
