"""Who is signed in at the shop: a hash for each session, in a Redis that forgets with every stop."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import SplitResult, unquote

from redis import Redis

from erasure.demo.customers import Customer
from erasure.demo.support import address_of

SYSTEM = "Chinook sessions"
PATTERN = "session:*"
SECONDS = 30 * 24 * 60 * 60
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
)


def fill(server: SplitResult, customers: list[Customer], *, again: bool = False) -> bool:
    """Write all sessions in one transaction, where there is none; with `again`, anew. Whether it had to."""
    kept = settings(server)
    with Redis(
        host=kept["host"],
        port=kept["port"],
        db=kept["database"],
        username=kept["user"] or None,
        password=kept["password"] or None,
        socket_timeout=10,
    ) as client:
        there = list(client.scan_iter(PATTERN, count=1_000))
        if there and not again:
            return False
        with client.pipeline(transaction=True) as work:
            if there:
                work.delete(*there)
            for customer in customers:
                key = f"session:{hashlib.sha256(customer['Email'].encode()).hexdigest()[:24]}"
                work.hset(key, mapping=_session(customer))
                work.expire(key, SECONDS)
            work.execute()
    return bool(customers)


def settings(server: SplitResult) -> dict[str, Any]:
    """For the connector."""
    return {
        "host": server.hostname,
        "port": server.port,
        "database": int(server.path.strip("/") or 0),
        "user": unquote(server.username or ""),
        "password": unquote(server.password or ""),
    }


def _session(customer: Customer) -> dict[str, str]:
    number = int(customer["CustomerId"])
    return {
        "customer_id": str(number),
        "email": customer["Email"],
        "ip": address_of(number),
        "user_agent": AGENTS[number % len(AGENTS)],
    }
