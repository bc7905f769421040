"""Letters to custodians, officers and recipients. Nothing personal is in any: who may, reads it behind a link."""

import logging
from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from erasure.custodians.models import Task
from governance.activities.models import Organisation
from governance.console.models import User
from governance.console.permissions import Role

logger = logging.getLogger("console.letters")


def write(template: str, to: Iterable[str], **context: Any) -> bool:
    """Send `custodians/letters/<template>.txt`, whose first line is the subject; whether it went out."""
    addresses = sorted({address for address in to if address})
    if not addresses:
        return False
    text = render_to_string(
        f"custodians/letters/{template}.txt",
        {
            "organisation": Organisation.objects.first(),
            "public_url": settings.PUBLIC_URL.rstrip("/"),
            **context,
        },
    )
    subject, _, body = text.strip().partition("\n")
    # Each in a letter of their own: nobody is told the others' addresses.
    sent = [_send(EmailMessage(subject.strip(), body.strip() + "\n", to=[each])) for each in addresses]
    return any(sent)


def custodian_of(task: Task) -> list[str]:
    """The address of the system's custodian; where nobody is one, the officers'."""
    custodian = task.system.custodian if task.system else None
    return [custodian.email] if custodian and custodian.is_active and custodian.email else officers(task)


def officers(task: Task) -> list[str]:
    """Of the officer who handles the request, or else of all."""
    handler = task.request.handled_by
    if handler and handler.is_active and handler.email:
        return [handler.email]
    return list(
        User.objects.filter(role=Role.OFFICER, is_active=True)
        .exclude(email="")
        .values_list("email", flat=True)
    )


def _send(letter: EmailMessage) -> bool:
    try:
        return bool(letter.send())
    except (SMTPException, OSError) as problem:
        logger.error("A letter could not be sent: %s", type(problem).__name__)
        return False
