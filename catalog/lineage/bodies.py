"""The body of a request with events: JSON, plain or gzipped, bounded before and after it is unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from governance.console.api_errors import TooLarge

LIMIT = 10 * 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS


class EventsParser(BaseParser):
    """Raises TooLarge beyond `LIMIT` bytes (received or unpacked), ParseError for what is no gzip or no JSON."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        headers = (parser_context or {})["request"].META
        encoding = headers.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        body = _read(stream, headers.get("CONTENT_LENGTH", ""))
        if encoding in ("gzip", "x-gzip"):
            body = _unpack(body)
        elif encoding not in ("", "identity"):
            raise UnsupportedMediaType(encoding, "Send the body plain or with Content-Encoding: gzip.")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as problem:
            raise ParseError(f"JSON parse error - {problem}") from None


def _read(stream: IO[Any], declared: str) -> bytes:
    if declared.isdigit() and int(declared) > LIMIT:
        raise _too_large()
    body = stream.read(LIMIT + 1)
    if len(body) > LIMIT:
        raise _too_large()
    return body


def _unpack(packed: bytes) -> bytes:
    member = zlib.decompressobj(GZIP)
    try:
        body = member.decompress(packed, LIMIT + 1)
    except zlib.error:
        raise ParseError("The body is not gzip, though Content-Encoding says so.") from None
    if len(body) > LIMIT:
        raise _too_large()
    if not member.eof or member.unused_data:
        raise ParseError("The gzip body ends too early, or goes on after its end.")
    return body


def _too_large() -> TooLarge:
    return TooLarge(f"The body may have {LIMIT:,} bytes, also after unpacking: send fewer events at a time.")
