"""Where the servers of the estate listen: those that `manage.py up` starts for it, or others that variables name.

`DEMO_REDIS_URL` (redis://:password@host:port/number), `DEMO_OBJECTS_URL` (http://key:secret@host:port, S3) and
`DEMO_BROKER` (host:port, Kafka).
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from erasure.demo import DemoProblem
from governance.embedded import state

REDIS, OBJECTS, BROKER = "DEMO_REDIS_URL", "DEMO_OBJECTS_URL", "DEMO_BROKER"
REDIS_NUMBER = 2  # the console's broker and cache use 0 and 1 of the same embedded Redis
SECONDS = 5


def find(name: str, var_dir: Path) -> SplitResult | None:
    """The address that the variable `name` has, if something listens there. Raises DemoProblem where it is none."""
    url = os.environ.get(name) or _remembered(name, state.load(var_dir))
    if not url:
        return None
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        address = parts.hostname, parts.port
    except ValueError:
        address = None, None
    if None in address:
        raise DemoProblem(f"{name} must name a host and a port.")
    try:
        socket.create_connection(address, timeout=SECONDS).close()
    except OSError:
        return None
    return parts


def _remembered(name: str, known: dict[str, str]) -> str:
    """The embedded Redis serves the console too: the estate has a database of its own on it."""
    if name == REDIS and known.get("BROKER_URL") and not os.environ.get("BROKER_URL"):
        return urlsplit(known["BROKER_URL"])._replace(path=f"/{REDIS_NUMBER}").geturl()
    return known.get(name, "")
