"""Files that people attach: checked by their content, sealed, and handed out as downloads alone.

An upload is foreign matter. Its name is cleaned, its kind must be one of a few and agree with its content, and nothing
ever shows it in a page of the console: it leaves as an attachment with a type that browsers do not sniff at.
"""

import unicodedata
import uuid
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Self

import puremagic
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from governance.console.models import User
from governance.keyring.sealing import open_json, open_sealed, seal, seal_json

LARGEST = 10 * 1024 * 1024
LONGEST_NAME = 120
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
    "eml": "message/rfc822",
}
ALLOWED = "PDF, PNG, JPEG, TXT, CSV or EML"
SIGNATURES = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
WRITTEN = set(b"\t\n\r\f") | set(range(0x20, 0x7F)) | set(range(0x80, 0x100))  # no other control characters


@dataclass(frozen=True, slots=True)
class Checked:
    """An upload that may be kept."""

    name: str
    content_type: str
    content: bytes

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


def check_upload(upload: UploadedFile) -> Checked:
    """The upload, read and checked. Raises ValidationError; one that is too large is not read."""
    if (upload.size or 0) > LARGEST:
        raise ValidationError(f"The file has more than {LARGEST // 1024**2} MB: attach a part of it.")
    return check(upload.name or "", upload.read())


def check(name: str, content: bytes) -> Checked:
    """The file under a harmless name. Raises ValidationError saying what may be attached."""
    if not content:
        raise ValidationError("The file is empty.")
    if len(content) > LARGEST:
        raise ValidationError(f"The file has more than {LARGEST // 1024**2} MB: attach a part of it.")
    kept = clean_name(name)
    expected = KINDS.get(PurePosixPath(kept).suffix[1:].lower(), "")
    if not expected:
        raise ValidationError(f"Only {ALLOWED} files can be attached.")
    if not _is(expected, content):
        raise ValidationError(f"The content of the file is not what its name says: attach a real {ALLOWED}.")
    return Checked(kept, expected, content)


def clean_name(name: str) -> str:
    """The last part of a path, without what could steer a terminal, a file system or the direction of reading."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    printable = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    stem, dot, suffix = printable.strip(" .").rpartition(".")
    stem = (stem if dot else suffix).strip(" .")[: LONGEST_NAME - len(suffix) - 1] or "file"
    return f"{stem}.{suffix[:10]}" if dot else stem


class Attachment(models.Model):
    """A file kept with something: name and content sealed; in clear are its kind, size and digest."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sealed_name = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    content_type = models.CharField(max_length=40)
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    def bound_to(self) -> str:
        """What the seal is bound to, so that no file can be put in another one's place."""
        return f"{self._meta.label_lower}:{self.public_id}"

    def fill(self, checked: Checked, *, by: User | None) -> Self:
        """Take over a checked file; the caller saves."""
        self.content_type, self.size, self.sha256 = checked.content_type, len(checked.content), checked.digest
        self.added_by = by
        self.sealed_name = seal_json(checked.name, purpose="attachment", bound_to=self.bound_to())
        self.sealed = seal(checked.content, purpose="attachment", bound_to=self.bound_to())
        return self

    @property
    def available(self) -> bool:
        return self.sealed is not None

    @property
    def name(self) -> str:
        """Empty once it has been destroyed."""
        if self.sealed_name is None:
            return ""
        return open_json(self.sealed_name, purpose="attachment", bound_to=self.bound_to())

    def as_download(self) -> HttpResponse:
        """The file as an attachment, never as a page. Raises CannotOpen; check `available` before."""
        assert self.sealed is not None
        content = open_sealed(self.sealed, purpose="attachment", bound_to=self.bound_to())
        response = HttpResponse(content, content_type=self.content_type)
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=self.name)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response["Cache-Control"] = "no-store"
        return response


def _is(expected: str, content: bytes) -> bool:
    """Whether the content is of that type."""
    if expected in SIGNATURES:
        return content.startswith(SIGNATURES[expected]) and expected in _detected(content)
    if not set(content) <= WRITTEN:
        return False
    if expected != "message/rfc822":
        return True
    headers = BytesParser(policy=policy.compat32).parsebytes(content, headersonly=True)
    return "From" in headers and ("Date" in headers or "Received" in headers)


def _detected(content: bytes) -> set[str]:
    try:
        return {match.mime_type for match in puremagic.magic_string(content)}
    except puremagic.PureError:
        return set()
