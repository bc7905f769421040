"""What was deleted goes from disk too: the append-only file and the snapshot hold old values until they are rewritten.

Source: Redis, BGREWRITEAOF, BGSAVE and INFO persistence.
"""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError

from catalog.connectors.base import Lingering

LONGEST = 300.0  # a rewriting of many gigabytes takes minutes
POLL = 0.1
STARTING = 5  # seconds after its start in which a server has not saved by itself


def rewrite_files(client: Redis) -> bool:
    """Rewrite what the server keeps on disk; whether nothing older is there now. Waits for the end of it."""
    if kept(client) == []:
        return True
    deadline = time.monotonic() + LONGEST
    try:
        for what in kept(client):
            if not _quiet(client, deadline):
                return False
            client.execute_command("BGREWRITEAOF" if what == "append-only file" else "BGSAVE")
        if not _quiet(client, deadline):
            return False
    except (NoPermissionError, ResponseError):
        return False
    state = _state(client)
    return {state["rdb_last_bgsave_status"], state["aof_last_bgrewrite_status"]} == {"ok"}


def lingering(client: Redis) -> Lingering | None:
    """None where the server keeps nothing on disk, or has saved everything since the last change."""
    files, state = kept(client), _state(client)
    if not state["rdb_changes_since_last_save"] and "snapshot" in files:
        files.remove("snapshot")
    if not files:
        return None
    return Lingering(
        1,
        None,
        f"The {' and the '.join(files)} of this Redis on disk may hold the values until rewritten: let the console's "
        "user do BGREWRITEAOF, BGSAVE and INFO, or have it done.",
    )


def kept(client: Redis) -> list[str]:
    """What the server keeps on disk; a snapshot counts from the first one on, whoever asked for it."""
    state = _state(client)
    found = ["append-only file"] if state["aof_enabled"] else []
    server: Any = client.info("server")
    started = server["server_time_usec"] / 1_000_000 - server["uptime_in_seconds"]
    saved = state["rdb_last_save_time"] > started + STARTING
    if saved or state.get("rdb_last_load_keys_loaded", 0) or _saves_by_itself(client):
        found.append("snapshot")
    return found


def _saves_by_itself(client: Redis) -> bool:
    try:
        answer: Any = client.config_get("save")
    except (NoPermissionError, ResponseError):  # managed servers hide their settings
        return False
    return bool(answer.get("save"))


def _quiet(client: Redis, deadline: float) -> bool:
    """Wait until nothing is being written: what began earlier may hold what was there then."""
    busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    while any(_state(client).get(name) for name in busy):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def _state(client: Redis) -> dict[str, Any]:
    answer: Any = client.info("persistence")
    return answer
