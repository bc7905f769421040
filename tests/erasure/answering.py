"""Answering access requests: released as proposed, made, and opened."""

import io
import zipfile

from erasure import packaging
from erasure.models import Package, SubjectRequest
from erasure.packages import fetching, previewing
from erasure.packages.sealing import SealedParts
from governance.console.models import User


def made(request: SubjectRequest, work, *, by: User | None = None) -> SubjectRequest:
    """The package, of what the preview proposes."""
    previewing.release(request, by=by)
    work()
    request.refresh_from_db()
    return request


def content_of(package: Package) -> bytes:
    return b"".join(fetching.read(package))


def opened(package: Package) -> dict[str, str]:
    """The entries that are text."""
    with zipfile.ZipFile(io.BytesIO(content_of(package))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist() if not name.endswith(".pdf")}


def entry(package: Package, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content_of(package))) as archive:
        return archive.read(name)


def stored_as(request: SubjectRequest, content: bytes, *, rows: int = 1) -> str:
    """A finished package with this content; the secret of its link."""
    package = packaging.begin(request)
    stream = SealedParts(package)
    stream.write(content)
    stream.close()
    return packaging.complete(request, package, stream, rows=rows)
