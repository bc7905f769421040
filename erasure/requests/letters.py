"""Letters to the data subject, by e-mail, from templates in `erasure/letters/`."""

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from erasure.models import SubjectRequest
from governance.activities.models import Organisation

logger = logging.getLogger("console.letters")


def send_letter(request: SubjectRequest, template: str, **context: Any) -> bool:
    """Send one letter to the request's address; whether it went out. A mail server that is down is logged.

    The first line of the template is the subject.
    """
    identifier = request.identifiers.filter(category="contact.email", sealed__isnull=False).first()
    return bool(identifier) and send_letter_to(identifier.value, request, template, **context)


def send_letter_to(address: str, request: SubjectRequest, template: str, **context: Any) -> bool:
    """The same, to somebody else whom the request is about to reach: a controller, a recipient."""
    text = render_to_string(
        f"erasure/letters/{template}.txt",
        {
            "request": request,
            "organisation": Organisation.objects.first(),
            "public_url": settings.PUBLIC_URL,
            **context,
        },
    )
    subject, _, body = text.strip().partition("\n")
    message = EmailMessage(subject.strip(), body.strip() + "\n", to=[address])
    try:
        return bool(message.send())
    except (SMTPException, OSError) as problem:
        logger.error(
            "The letter %s of %s could not be sent: %s", template, request.reference, type(problem).__name__
        )
        return False
