"""What has run out: requests nobody confirmed, packages nobody fetched, and what was kept to answer a closed request.

Each thing in a transaction of its own, passed over if somebody else has it, and found done if it is done already.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from audit.ledger.context import Actor, acting
from audit.ledger.recording import record
from audit.ledger.sealed import destroy_key
from erasure import events
from erasure.answers.models import Statement
from erasure.each_due import each_due
from erasure.models import Hit, Identifier, Package, Step, SubjectRequest
from erasure.packages import previewing
from erasure.requests.closing import reject
from erasure.requests.forgetting import forget
from erasure.requests.identity import UNVERIFIED
from erasure.requests.models import Letter, Note, Proof, Representation, RequestFile

EXPIRY = Actor("system", "expiry")
UNCONFIRMED = "The identity was not confirmed before the answer was due."


def expire() -> dict[str, int]:
    """Do all that is due; how many of each. What is left over after 500 of a kind waits for the next time."""
    with acting(EXPIRY):
        return {
            "rejected": each_due(_unconfirmed(), _reject),
            "packages": each_due(Package.objects.filter(expires_at__lte=timezone.now()), _delete_package),
            "keys": each_due(_closed_long_ago(), _destroy_keys),
            "forgotten": each_due(_past(), forget),
        }


def _unconfirmed() -> QuerySet[SubjectRequest]:
    return SubjectRequest.objects.filter(
        state__in=UNVERIFIED, due_on__lt=timezone.localdate(), paused_at=None
    )


def _closed_long_ago() -> QuerySet[SubjectRequest]:
    """Requests that ended `REQUEST_KEPT_DAYS` ago or more and of which something that may be personal is left."""
    of_request = {"request": OuterRef("pk")}
    left = (
        Exists(Identifier.objects.filter(**of_request, sealed__isnull=False))
        | Exists(Hit.objects.filter(**of_request, sealed_keys__isnull=False))
        | Exists(Letter.objects.filter(**of_request, sealed__isnull=False))
        | Exists(Note.objects.filter(**of_request))
        | Exists(RequestFile.objects.filter(**of_request, sealed__isnull=False))
        | Exists(Representation.objects.filter(**of_request, sealed__isnull=False))
    )
    # Who is restricted has to be found again when the restriction is lifted.
    restricted = Q(kind=SubjectRequest.Kind.RESTRICTION, outcome__startswith="restricted")
    looked_at = Q(look_again_at__isnull=False)  # the last search needs the identifiers
    return _ended(settings.REQUEST_KEPT_DAYS).filter(left).exclude(restricted).exclude(looked_at)


def _past() -> QuerySet[SubjectRequest]:
    """Requests that ended `TICKET_KEPT_DAYS` ago or more, and hold nothing any more but what was done."""
    if not settings.TICKET_KEPT_DAYS:
        return SubjectRequest.objects.none()
    return _ended(max(settings.TICKET_KEPT_DAYS, settings.REQUEST_KEPT_DAYS))


def _ended(days: int) -> QuerySet[SubjectRequest]:
    long_ago = timezone.now() - timedelta(days=days)
    return SubjectRequest.objects.filter(state__in=SubjectRequest.ENDED, closed_at__lte=long_ago)


def _reject(request: SubjectRequest) -> None:
    """Without a letter: nobody ever confirmed that the address is the asker's."""
    reject(request, reason=UNCONFIRMED, tell=False)


def _delete_package(package: Package) -> None:
    record(events.PACKAGE_EXPIRED, package.request, subject=package.request.subject, sha256=package.sha256)
    package.delete()


def _destroy_keys(request: SubjectRequest) -> None:
    request.identifiers.update(sealed=None)
    request.hits.update(sealed_keys=None)
    request.corrections.update(sealed=None)
    Statement.objects.filter(request=request).update(sealed=None)
    Step.objects.filter(plan__request=request).update(sealed=None)
    previewing.forget(request)
    request.letters.update(sealed=None)
    request.notes.all().delete()
    request.files.update(sealed=None, sealed_name=None)
    Representation.objects.filter(request=request).update(sealed=None)
    Proof.objects.filter(representation__request=request).update(sealed=None, sealed_name=None)
    record(events.KEYS_DESTROYED, request, subject=request.subject)
    if not _still_about(request):
        destroy_key(request.subject)


def _still_about(request: SubjectRequest) -> bool:
    """Whether another request of the same person still needs what the ledger has sealed about them."""
    others = SubjectRequest.objects.filter(subject=request.subject).exclude(pk=request.pk)
    return others.filter(
        Exists(Identifier.objects.filter(request=OuterRef("pk"), sealed__isnull=False))
    ).exists()
