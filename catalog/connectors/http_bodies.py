"""The body of an HTTP answer by somebody who may mean harm: bounded in size and time, and never unpacked."""

from __future__ import annotations

import time

import httpx

PLAIN = {"Accept-Encoding": "identity"}  # a kilobyte that is packed may be a gigabyte


class Unbounded(Exception):
    """The answer is packed, too long or takes too long."""


def read_body(answer: httpx.Response, *, most: int, seconds: float) -> bytes:
    """The body of a streamed answer as it came. Raises Unbounded, or what httpx raises."""
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unbounded
    deadline = time.monotonic() + seconds
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > most or time.monotonic() > deadline:
            raise Unbounded
    return bytes(body)
