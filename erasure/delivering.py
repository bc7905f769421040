"""A package as a download: read part by part, recorded, kept by nobody on the way."""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from erasure.answers.models import Link
from erasure.models import Package
from erasure.packages.fetching import read

RANGE = re.compile(r"bytes=(\d{1,15})-")  # the one form with which a browser resumes


def as_download(
    package: Package, request: HttpRequest | None = None, *, link: Link | None = None
) -> HttpResponseBase:
    """The ZIP, while the ledger notes who reads it; with `request`, from where it asks (RFC 9110, 14).

    Its length is told, so that a broken download is noticed. Raises NotNow where the link was used up.
    """
    start = _start(package, request)
    if start >= package.size:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{package.size}"
        return refused
    response = StreamingHttpResponse(read(package, link=link, start=start), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="your-data-{package.request.reference}.zip"'
    response["Content-Length"] = str(package.size - start)
    response["Cache-Control"] = "no-store"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{package.sha256}"'
    if start:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{package.size - 1}/{package.size}"
    return response


def _start(package: Package, request: HttpRequest | None) -> int:
    """Where the download goes on; at the beginning, if the file is another one than the client began with."""
    if request is None:
        return 0
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    same = request.headers.get("If-Range", f'"{package.sha256}"') == f'"{package.sha256}"'
    return int(asked[1]) if asked and same else 0
