"""Notes on a request, what the person said, and free letters to them: sealed, and never in the ledger."""

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.letters import send_letter
from erasure.requests.models import Letter, Note
from erasure.requests.states import NotNow
from governance.console.models import User

LONGEST = 5_000


@transaction.atomic
def note(
    request: SubjectRequest, *, text: str, kind: str = Note.Kind.INTERNAL, by: User | None = None
) -> Note:
    """Keep a note with the request until its retention. Raises ValidationError."""
    text = _written(text)
    if kind not in Note.Kind.values:
        raise ValidationError({"kind": f"A note is one of: {', '.join(Note.Kind.values)}."})
    written = Note(request=request, kind=kind, written_by=by)
    written.write(text)
    written.save()
    record(events.NOTE_WRITTEN, request, subject=request.subject, kind=kind)
    return written


@transaction.atomic
def write_to_person(request: SubjectRequest, *, text: str) -> Letter:
    """A letter in the officer's own words. Raises ValidationError, or NotNow where there is no address any more."""
    letter = send_letter(request, "message", text=_written(text))
    if letter is None:
        raise NotNow(f"The address of {request} was destroyed: there is nowhere to write to.")
    return letter


def _written(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST or "\x00" in text:
        raise ValidationError({"text": f"Write 1 to {LONGEST:,} characters."})
    return text
