"""Reading the letters that went out, and following the links in them."""

import re
from typing import Any

from django.core import mail

from erasure.requests.letters.sending import send_due


def outbox() -> list[Any]:
    """The letters that went out; those that wait are sent first, as the worker would."""
    send_due()
    return mail.outbox  # type: ignore[attr-defined]


def letters() -> list[tuple[str, str]]:
    """Recipient and subject of each letter, in order; those that wait are sent first, as the worker would."""
    send_due()
    return [(message.to[0], message.subject) for message in mail.outbox]


def link(kind: str) -> str:
    """The path of the newest link of a kind (confirm, package, status) in any letter."""
    send_due()
    found = [
        path
        for message in mail.outbox
        for path in re.findall(rf"http://testserver(/privacy/{kind}/\S+)", message.body)
    ]
    return found[-1]


def secret(kind: str) -> str:
    return link(kind).rstrip("/").rpartition("/")[2]
