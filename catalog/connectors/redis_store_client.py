"""The connection to Redis, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from catalog.connectors.base import AccessDenied, ConnectorError, Unreachable

SECONDS = 8.0
SCAN_COUNT = 1_000


def connect(settings: Mapping[str, Any]) -> redis.Redis:
    """A client that connects at its first command and gives each answer `SECONDS`."""
    tls: dict[str, Any] = {}
    if settings.get("tls"):
        tls = {"ssl": True, "ssl_ca_data": settings.get("certificate_authority") or None}
    return redis.Redis(
        host=settings["host"],
        port=int(settings.get("port") or 6379),
        db=int(settings.get("database") or 0),
        username=settings.get("user") or None,
        password=settings.get("password") or None,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
        **tls,
    )


def scan(client: redis.Redis, match: str | None = None) -> Iterator[list[bytes]]:
    """All keys, some at a time and some of them twice; never with KEYS, which would stop the server."""
    cursor = 0
    while True:
        cursor, keys = client.scan(cursor, match=match, count=SCAN_COUNT)
        yield cast(list[bytes], keys)
        if cursor == 0:
            return


@contextmanager
def explained(settings: Mapping[str, Any]) -> Iterator[None]:
    """Errors of Redis as ConnectorErrors; its own may quote a command with its values."""
    server = f"{settings['host']}:{settings.get('port') or 6379}"
    try:
        yield
    except redis.RedisError as failure:
        raise _explain(failure, server) from None


def _explain(failure: redis.RedisError, server: str) -> ConnectorError:
    code = str(failure).partition(" ")[0]
    if isinstance(failure, redis.exceptions.NoPermissionError) or code == "NOPERM":
        return AccessDenied(
            f"The user of {server} may not do this.",
            "Grant it the read commands, and for erasure the write ones.",
        )
    refused = (redis.AuthenticationError, redis.exceptions.AuthorizationError)
    if isinstance(failure, refused) or code in ("NOAUTH", "WRONGPASS"):
        return AccessDenied(f"{server} refused the user or the password.", "Correct them.")
    if isinstance(failure, redis.ReadOnlyError) or code == "READONLY":
        return AccessDenied(f"{server} is a replica that takes no writes.", "Connect to its primary.")
    if isinstance(failure, redis.TimeoutError):
        return Unreachable(f"{server} did not answer in {SECONDS:.0f} seconds.", "Check that it runs.")
    if isinstance(failure, redis.ConnectionError):
        return Unreachable(f"{server} cannot be reached.", "Check host, port, TLS, and that it runs.")
    return ConnectorError(
        f"{server} answered with an error ({code or type(failure).__name__}).", "Look at its log."
    )
