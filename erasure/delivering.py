"""A package as a download: read part by part, recorded, kept by nobody on the way."""

from django.http import StreamingHttpResponse

from erasure.models import Package
from erasure.packaging import read


def as_download(package: Package) -> StreamingHttpResponse:
    """The ZIP, while the ledger notes who reads it. Its length is told, so that a broken download is noticed."""
    response = StreamingHttpResponse(read(package), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="your-data-{package.request.reference}.zip"'
    response["Content-Length"] = str(package.size)
    response["Cache-Control"] = "no-store"
    return response
