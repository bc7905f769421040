"""Topics, the cache and the search index."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis

from tests.erasure.everywhere.people import Person
from tests.erasure.everywhere.store import EMAIL, IP, NUMBER, TEXT, Rows, Store
from tests.services.fake_search import FakeSearchServer
from tests.services.kafka import KafkaBroker

DAY = 86_400_000
CARTS, CLICKS = "carts", "clicks"
KEPT: dict[str, dict[str, str]] = {
    CARTS: {"cleanup_policy": "compact"},
    CLICKS: {"cleanup_policy": "delete", "retention_ms": str(7 * DAY), "segment_ms": str(DAY)},
}


class Topics(Store):
    """Carts by their number, in a topic that is compacted; clicks, in one that forgets what is old."""

    kind, name = "kafka", "Topics"
    labels = {CARTS: {"email": EMAIL}, CLICKS: {"customer_id": NUMBER, "ip": IP}}

    def __init__(self, broker: KafkaBroker) -> None:
        self.broker = broker

    def fill(self, people: Sequence[Person]) -> None:
        for topic, settings in KEPT.items():
            self.broker.create_topic(topic, **settings)
        for step in ("empty", "full"):
            carts = [json.dumps({"email": each.email, "cart": step}).encode() for each in people]
            keys = [f"cart-{number}".encode() for number, _ in enumerate(people)]
            self.broker.produce(CARTS, carts, keys=keys)
            clicks = [json.dumps({"customer_id": each.number, "ip": each.ip}).encode() for each in people]
            self.broker.produce(CLICKS, clicks)

    def settings(self) -> dict[str, Any]:
        return {"bootstrap_servers": self.broker.bootstrap}

    def rows(self) -> Rows:
        """What stands for a key in the end, and every message that has none."""
        last = dict(self.broker.messages(CARTS))
        return {
            CARTS: sorted((key, value) for key, value in last.items() if value is not None),
            CLICKS: self.broker.messages(CLICKS),
        }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        """Record by record: what a consumer gets, which is all that a broker gives."""
        for topic in self.labels:
            for offset, (key, value) in enumerate(self.broker.messages(topic)):
                yield f"{self.name}, {topic} at {offset}", (key or b"") + b"\n" + (value or b"")

    def age(self, person: Person) -> None:
        """What brokers do in their own time, and this one does not: compact, and remove what is too old."""
        after = {
            CARTS: [(key, value) for key, value in dict(self.broker.messages(CARTS)).items() if value],
            CLICKS: [
                each for each in self.broker.messages(CLICKS) if str(person.number).encode() not in each[1]
            ],
        }
        self.broker.delete_topics(after)
        for topic, messages in after.items():
            self.broker.create_topic(topic, **KEPT[topic])
            self.broker.produce(topic, [value for _, value in messages], keys=[key for key, _ in messages])


class Cache(Store):
    """Sessions with the e-mail address inside, and carts with it in their key."""

    kind, name = "redis", "Cache"
    labels = {"session:*": {"email": EMAIL}, "cart:*": {"_key.1": EMAIL}}
    database = 6

    def __init__(self, url: str) -> None:
        self.at = urlsplit(url)
        password = unquote(self.at.password or "")
        self.client = Redis(self.at.hostname or "", self.at.port or 6379, self.database, password)
        self.client.flushdb()

    def fill(self, people: Sequence[Person]) -> None:
        for number, each in enumerate(people):
            values = {"email": each.email, "seen": "2025-01-02", "from": each.ip}
            self.client.hset(f"session:{number}0f3a", mapping=values)
            self.client.set(f"cart:{each.email}", json.dumps({"name": each.name, "articles": ["tea"] * 20}))
            self.client.expire(f"cart:{each.email}", 86_400)

    def settings(self) -> dict[str, Any]:
        return {
            "host": self.at.hostname,
            "port": self.at.port,
            "database": self.database,
            "password": unquote(self.at.password or ""),
            "data_sets": json.dumps({"session:*": ["email"], "cart:*": ["name"]}),
        }

    def rows(self) -> Rows:
        keys = sorted(self.client.keys("*"))
        return {
            "session:*": [(key, self.client.hgetall(key)) for key in keys if key.startswith(b"session:")],
            "cart:*": [(key, self.client.get(key)) for key in keys if key.startswith(b"cart:")],
        }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        """The whole server's snapshot without compression, the console's own databases in it, and all files beside."""
        self.client.config_set("rdbcompression", "no")
        self.client.save()
        folder = Path(self.client.config_get("dir")["dir"])
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield f"{self.name}, {path.name}", path.read_bytes()

    def stop(self) -> None:
        self.client.flushdb()
        self.client.close()


class Search(Store):
    """A stand-in for the server that keeps deleted documents in segments and in its log, as the real ones do."""

    kind, name = "search_index", "Search"
    labels = {"people": {"email": EMAIL, "about": TEXT}}

    def __init__(self) -> None:
        self.server = FakeSearchServer()

    def fill(self, people: Sequence[Person]) -> None:
        fields = {"email": {"type": "keyword"}, "about": {"type": "text"}}
        self.server.put("people", fields, [{"email": each.email, "about": each.note()} for each in people])

    def settings(self) -> dict[str, Any]:
        return {"url": self.server.url}

    def rows(self) -> Rows:
        return {
            "people": [(hit["_id"], hit["_source"]) for hit in self.server.indices["people"]["documents"]]
        }

    def raw(self) -> Iterator[tuple[str, bytes]]:
        for name, index in self.server.indices.items():
            yield f"{self.name}, {name}", json.dumps(index, ensure_ascii=False).encode()
        yield f"{self.name}, scrolls", json.dumps(self.server.scrolls, ensure_ascii=False).encode()

    def stop(self) -> None:
        self.server.stop()
