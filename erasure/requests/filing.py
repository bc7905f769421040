"""Files kept with a request: what the person sent, and what an officer adds."""

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse

from audit.ledger.recording import record
from erasure.models import SubjectRequest
from erasure.requests import events
from erasure.requests.attaching import check_upload
from erasure.requests.models import RequestFile
from governance.console.models import User

AT_MOST = 20


@transaction.atomic
def attach(request: SubjectRequest, upload: UploadedFile, *, by: User | None = None) -> RequestFile:
    """Check, seal and keep an upload. Raises ValidationError."""
    SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if request.files.count() >= AT_MOST:
        raise ValidationError({"file": f"{AT_MOST} files are kept with a request: remove one first."})
    try:
        checked = check_upload(upload)
    except ValidationError as refusal:
        raise ValidationError({"file": refusal.messages}) from None
    kept = RequestFile(request=request).fill(checked, by=by)
    kept.save()
    record(
        events.FILE_ADDED,
        request,
        subject=request.subject,
        type=kept.content_type,
        size=kept.size,
        sha256=kept.sha256,
    )
    return kept


@transaction.atomic
def hand_out(kept: RequestFile) -> HttpResponse:
    """The file as a download, while the ledger notes who reads it. Raises CannotOpen."""
    record(events.FILE_READ, kept.request, subject=kept.request.subject, sha256=kept.sha256)
    return kept.as_download()


@transaction.atomic
def remove(kept: RequestFile) -> None:
    record(events.FILE_REMOVED, kept.request, subject=kept.request.subject, sha256=kept.sha256)
    kept.delete()
