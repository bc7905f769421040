"""Take requests over from a file: looked at first, then all of them or none, and no line twice."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events, identity, intake
from erasure.requests.models import Import, Imported
from erasure.requests.reading_files import Line, Looked, look
from erasure.requests.states import NotNow
from governance.console.models import User
from governance.keyring.sealing import open_sealed, seal

PURPOSE = "import"
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """`received` are new requests; `repeated` were here already, under the same reference or as an open request."""

    received: int
    repeated: int


@transaction.atomic
def keep(content: bytes, *, by: User | None) -> Import:
    """Keep a file until it is confirmed, a day at most. Raises ValidationError with each problem."""
    looked = look(content)
    if looked.problems:
        raise ValidationError([str(problem) for problem in looked.problems])
    kept = Import(sha256=sha256(content).hexdigest(), lines=len(looked.lines), made_by=by)
    kept.sealed = seal(content, purpose=PURPOSE, bound_to=str(kept.public_id))
    kept.save()
    return kept


def look_again(kept: Import) -> Looked:
    """The file as it is now to be taken over. Raises NotNow once it is gone, CannotOpen."""
    if kept.sealed is None:
        raise NotNow("This file was taken over, or a day has passed: choose it again.")
    return look(open_sealed(kept.sealed, purpose=PURPOSE, bound_to=str(kept.public_id)))


def known(lines: list[Line]) -> set[str]:
    """The references of lines that were taken over before."""
    return set(
        Imported.objects.filter(external__in=[line.external for line in lines]).values_list(
            "external", flat=True
        )
    )


def take(kept: Import) -> Taken:
    """All lines, in one transaction. Raises ValidationError, NotNow; then nothing was changed."""
    try:
        return _take(kept)
    except IntegrityError:
        raise NotNow("Another file with the same references is being taken over: try again.") from None


@transaction.atomic
def _take(kept: Import) -> Taken:
    kept = Import.objects.select_for_update().get(pk=kept.pk)
    looked = look_again(kept)
    if looked.problems:  # a law that no longer applies, since it was looked at
        raise ValidationError([str(problem) for problem in looked.problems])
    before = known(looked.lines)
    received = sum(_receive(line, kept.made_by) for line in looked.lines if line.external not in before)
    kept.sealed, kept.taken_at = None, timezone.now()
    kept.save(update_fields=["sealed", "taken_at"])
    taken = Taken(received, len(looked.lines) - received)
    record(
        events.REQUESTS_IMPORTED,
        kept,
        sha256=kept.sha256,
        received=taken.received,
        repeated=taken.repeated,
    )
    return taken


def forget() -> int:
    """Destroy files that nobody confirmed within a day; how many."""
    waiting = Import.objects.filter(sealed__isnull=False, made_at__lte=timezone.now() - KEPT)
    return waiting.update(sealed=None)


def _receive(line: Line, by: User | None) -> bool:
    """Whether it is a new request."""
    try:
        request = intake.receive(
            kind=line.kind,
            identifiers=line.identifiers,
            channel=SubjectRequest.Channel.FILE,
            regime=line.regime,
            language=line.language,
            ground=line.ground,
            received_at=line.received_at,
            handled_by=by,
        )
        fresh = True
    except intake.AlreadyOpen as open_already:
        request, fresh = open_already.request, False
    Imported.objects.create(external=line.external, request=request)
    if fresh and line.identity and not request.ended:
        identity.confirm_by_officer(request, how=line.identity)
    return fresh
