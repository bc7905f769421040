"""Reading what somebody outside sends: never more of it than is allowed."""

from django.http import HttpRequest, RawPostDataException

from erasure.protocols.refusing import Refused

LARGEST = 64 * 1024


def body_of(request: HttpRequest) -> bytes:
    """Raises Refused with 413 for more than 64 KB, before it is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    try:
        body = b"" if not length.isdigit() or int(length) > LARGEST else request.body
    except RawPostDataException:
        body = b""
    if not length.isdigit() or int(length) > LARGEST or len(body) > LARGEST:
        raise Refused(413, f"The body may have {LARGEST // 1024} KB.")
    return body
