"""Fetching a package: by a link that works once, or by an officer; from the middle if a download broke off.

The link shows a button; only pressing it begins the download. The address that answers is signed and lives an hour,
so that an interrupted download can be resumed. Once the last byte was handed out, the link has been used.
"""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure import events
from erasure.answers.events import LINK_ISSUED
from erasure.answers.models import Link
from erasure.models import Package
from erasure.packages.sealing import PART_BYTES
from erasure.requests.letters import send_letter, send_letter_to
from erasure.requests.states import NotNow
from erasure.rights import right_of
from governance.console.models import User
from governance.keyring.sealing import open_sealed

AN_HOUR = timedelta(hours=1)
SALT = "erasure.package"
NAME_LENGTH = 160


@transaction.atomic
def issue(package: Package, *, controller: str = "", by: User | None = None) -> str:
    """A new link to the package; its secret. Earlier links of the same recipient stop working."""
    now = timezone.now()
    secret = secrets.token_urlsafe(32)
    package.links.filter(controller=controller, expires_at__gt=now).update(expires_at=now)
    Link.objects.create(
        package=package,
        digest=_digest(secret),
        controller=controller,
        issued_by=by,
        expires_at=package.expires_at,
    )
    recipient = "controller" if controller else "data subject"
    request = package.request
    record(LINK_ISSUED, request, subject=request.subject, recipient=recipient, controller=controller)
    return secret


@transaction.atomic
def issue_again(package: Package, *, by: User | None) -> None:
    """Send the person a new link, as when the first one was used up. Raises NotNow."""
    _refuse_if_gone(package)
    secret = issue(package, by=by)
    expires = package.expires_at
    send_letter(package.request, "package_ready", secret=secret, expires=expires)


@transaction.atomic
def transmit(package: Package, *, controller: str, email: str, by: User | None) -> None:
    """Send another controller a link, because the person asked for it (Art. 20(2)). Raises ValidationError, NotNow."""
    _refuse_if_gone(package)
    if not right_of(package.request.kind).transmits:
        raise NotNow("Only what is portable is transmitted to another controller (Art. 20(2)).")
    controller = controller.strip()
    if not controller or len(controller) > NAME_LENGTH or "\x00" in controller:
        raise ValidationError({"controller": f"Name the other controller in 1 to {NAME_LENGTH} characters."})
    try:
        validate_email(email)
    except ValidationError:
        raise ValidationError({"email": "This is not an e-mail address."}) from None
    secret = issue(package, controller=controller, by=by)
    expires = package.expires_at
    send_letter_to(email, package.request, "package_for_controller", secret=secret, expires=expires)


def link_for(secret: str) -> Link | None:
    """The link that this secret belongs to, as long as it can be used."""
    return (
        Link.objects.select_related("package__request")
        .filter(digest=_digest(secret), expires_at__gt=timezone.now(), completed_at=None)
        .filter(package__expires_at__gt=timezone.now())
        .exclude(package__sha256="")
        .first()
    )


def press(link: Link) -> str:
    """The button was pressed: a ticket with which the file can be fetched for an hour."""
    Link.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now())
    return signing.dumps(link.pk, salt=SALT)


def link_of_ticket(ticket: str) -> Link | None:
    """The link of a ticket, if no other replaced it. One that was used up serves to resume, for the ticket's hour."""
    try:
        pk = signing.loads(ticket, salt=SALT, max_age=AN_HOUR)
    except signing.BadSignature:
        return None
    now = timezone.now()
    links = Link.objects.select_related("package__request").filter(
        expires_at__gt=now, package__expires_at__gt=now
    )
    return links.filter(pk=pk).first()


def read(package: Package, *, link: Link | None = None, start: int = 0) -> Iterator[bytes]:
    """Note that the package is being read, and hand it out from byte `start` on.

    The ledger has one entry for a download, wherever it begins, and none for its resuming. Raises NotNow where the link
    was used up.
    """
    if start == 0 or (link is not None and link.begun_at is None):
        _note(package, link)
    return _parts(package, link, start)


@transaction.atomic
def _note(package: Package, link: Link | None) -> None:
    if link is not None:
        unused = Link.objects.select_for_update().filter(pk=link.pk, completed_at=None).exists()
        if not unused:
            raise NotNow("This link has been used. It works once.")
        Link.objects.filter(pk=link.pk, begun_at=None).update(begun_at=timezone.now())
    record(events.PACKAGE_READ, package.request, subject=package.request.subject, sha256=package.sha256)
    package.downloads += 1
    package.save(update_fields=["downloads"])


def _parts(package: Package, link: Link | None, start: int) -> Iterator[bytes]:
    first, skip = divmod(start, PART_BYTES)
    numbers = list(package.parts.filter(number__gte=first).values_list("number", flat=True))
    for number in numbers:  # one by one: a download that breaks off leaves no cursor open
        part = package.parts.get(number=number)
        content = open_sealed(
            part.sealed, purpose="package", bound_to=f"{package.request.public_id}/{part.number}"
        )
        yield content[skip:]
        skip = 0
    if link is not None:
        Link.objects.filter(pk=link.pk, completed_at=None).update(completed_at=timezone.now())


def _refuse_if_gone(package: Package) -> None:
    if not package.available:
        raise NotNow("The package has expired, or is not made yet.")


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
