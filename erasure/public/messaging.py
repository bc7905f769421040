"""What a person writes about their request, or sends with it: kept sealed, beside what we wrote to them."""

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.filing import attach
from erasure.requests.models import Note
from erasure.requests.noting import note

AT_MOST = 20


@transaction.atomic
def take(request: SubjectRequest, *, text: str, upload: UploadedFile | None) -> None:
    """Raises ValidationError, with code "many" where there are many already."""
    if request.ended:
        raise ValidationError("The request has ended.", code="many")
    if text.strip():
        if request.notes.filter(kind=Note.Kind.FROM_PERSON).count() >= AT_MOST:
            raise ValidationError(f"{AT_MOST} messages are kept with a request.", code="many")
        note(request, text=text, kind=Note.Kind.FROM_PERSON)
    if upload:
        attach(request, upload)
    record(events.MESSAGE_RECEIVED, request, subject=request.subject)
