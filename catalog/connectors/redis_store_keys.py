"""The keys of a database: by pattern, some of them by lot, and the patterns that there are."""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from hashlib import blake2b

from redis import Redis

from catalog.connectors.redis_store_client import scan
from catalog.connectors.redis_store_patterns import derive, expression, glob, group
from catalog.connectors.redis_store_rows import text

DESCRIBED = 200  # keys looked at to learn the columns of a pattern
DISCOVERED_KEYS, DISCOVERY_SECONDS = 500_000, 60


def keys_of(client: Redis, pattern: str) -> Iterator[bytes]:
    """The keys of a pattern, each once. What was seen is remembered: SCAN may say a key again."""
    seen = set()
    wanted = expression(pattern)
    for keys in scan(client, match=glob(pattern)):
        for key in keys:
            if wanted.fullmatch(text(key)) and (mark := _mark(key, 0)) not in seen:
                seen.add(mark)
                yield key


def draw_keys(client: Redis, pattern: str, *, most: int, seed: int = 0) -> list[bytes]:
    """Up to `most` keys, drawn by lot: the same for the same seed, in whatever order they are found."""
    return heapq.nsmallest(most, keys_of(client, pattern), key=lambda key: _mark(key, seed))


def find_patterns(
    client: Redis, declared: Collection[str]
) -> tuple[dict[str, tuple[int, list[bytes]]], float]:
    """Each pattern with the number of its keys and some of them; and the share of all keys looked at.

    Patterns in `declared` come first and are there also without a key. SCAN goes through the keys in an order
    without meaning, so that the first half a million, or those of the first minute, stand for all of them.
    """
    known = {pattern: expression(pattern) for pattern in declared}
    found: dict[str, list[bytes]] = defaultdict(list)
    many: dict[str, int] = defaultdict(int)
    deadline = time.monotonic() + DISCOVERY_SECONDS
    looked, complete = 0, True
    for keys in scan(client):
        for key in dict.fromkeys(keys):
            name = text(key)
            pattern = next((each for each in known if known[each].fullmatch(name)), None) or derive(name)
            many[pattern] += 1
            if len(found[pattern]) < DESCRIBED:
                found[pattern].append(key)
        looked += len(keys)
        if looked >= DISCOVERED_KEYS or time.monotonic() > deadline:
            complete = False
            break
    grouped: dict[str, tuple[int, list[bytes]]] = {pattern: (0, []) for pattern in known}
    for derived, pattern in (group(set(many) - set(known)) | {each: each for each in known}).items():
        before, some = grouped.get(pattern, (0, []))
        grouped[pattern] = before + many[derived], (some + found[derived])[:DESCRIBED]
    return grouped, 1.0 if complete else min(looked / max(client.dbsize(), 1), 1.0)


def _mark(key: bytes, seed: int) -> bytes:
    return blake2b(key, digest_size=8, salt=seed.to_bytes(8, "big", signed=True)).digest()
