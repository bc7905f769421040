"""What is particular to Redis; the rest is in the contract suite of the connectors."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest
from redis import Redis

from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConstraintInTheWay,
    DataSetMissing,
    Kind,
    Match,
    Operation,
    Replacement,
    Unreachable,
)
from catalog.connectors.destruction import open_writable
from catalog.connectors.opening import open_connector
from catalog.connectors.redis_store_form import RedisForm
from catalog.connectors.redis_store_patterns import derive, expression, group

DATABASE = 8


@pytest.fixture
def settings(redis_url: str) -> dict[str, Any]:
    parts = urlsplit(redis_url)
    return {
        "host": parts.hostname,
        "port": parts.port,
        "database": DATABASE,
        "password": unquote(parts.password or ""),
    }


@pytest.fixture
def client(settings: dict[str, Any]) -> Iterator[Redis]:
    with Redis(settings["host"], settings["port"], DATABASE, settings["password"]) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def reader(settings: dict[str, Any], client: Redis) -> Iterator[Connector]:
    with open_connector("redis", settings) as connector:
        yield connector


@pytest.fixture
def writer(settings: dict[str, Any], client: Redis) -> Iterator[Connector]:
    with open_writable("redis", settings) as connector:
        yield connector


def match(**keys: list[str]) -> list[Match]:
    return [Match(pa.table(keys))]


def rows(connector: Connector, data_set: str) -> list[dict[str, Any]]:
    found = [row for batch in connector.read(data_set) for row in batch.to_pylist()]
    return sorted(found, key=lambda row: str(row))


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("user:17:profile", "user:*:profile"),
        ("session:6fa459ea-ee8a-3ca4-894e-db77e160355e", "session:*"),
        ("reset:ann@example.org", "reset:*"),
        ("cart_123", "cart_*"),
        ("etag:deadbeef01", "etag:*"),
        ("token:Zk3xAbCdEfGhIjKlMn", "token:*"),
        ("stock/2024-01-02", "stock/*-*-*"),
        ("config:facade", "config:facade"),
    ],
)
def test_what_varies_in_a_key_becomes_a_star(key: str, pattern: str) -> None:
    assert derive(key) == pattern
    assert expression(pattern).fullmatch(key)
    assert not expression(pattern).fullmatch(f"{key}:more")


def test_parts_with_many_values_vary() -> None:
    names = [f"{first}{second}" for first in "abcde" for second in "vwxyz"]
    patterns = {f"user:{name}:profile" for name in names} | {"user:*:profile", "config:a", "config:b"}
    patterns |= {f"{name}:*" for name in names} | {f"app:{name}:*" for name in names[:10]}
    found = group(patterns | {f"log:{name}:{word}" for name in names for word in names})
    assert sorted(set(found.values())) == sorted(
        ["config:a", "config:b", "log:*:*", "user:*:profile"]
        + [f"{name}:*" for name in names]
        + [f"app:{name}:*" for name in names[:10]]
    )
    assert set(group(names).values()) == {"*"}


def test_keys_of_every_type_are_described(reader: Connector, client: Redis) -> None:
    client.hset("user:1", items=["name", "Ann", "email", "ann@example.org"])
    client.set("session:1", '{"user": 17, "tags": ["a"], "gone": null}', ex=1000)
    client.set("note:1", "hello")
    client.rpush("list:1", "x", "y", "x")
    client.sadd("set:1", "m", "n")
    client.zadd("rank:1", {"ann": 1.5})
    client.xadd("events:1", {"user": "ann"}, id="5-1")
    client.set("blob:1", b"\xff\xfe")
    client.hset("map:1", mapping={f"user{place}": str(place) for place in range(300)})
    found = {each.name: each for each in reader.discover()}
    assert {name: [column.name for column in each.columns] for name, each in found.items()} == {
        "blob:*": ["_key", "_key.1", "_expires", "_value"],
        "events:*": ["_key", "_key.1", "_expires", "_id", "user"],
        "list:*": ["_key", "_key.1", "_expires", "_value"],
        "map:*": ["_key", "_key.1", "_expires", "_field", "_value"],
        "note:*": ["_key", "_key.1", "_expires", "_value"],
        "rank:*": ["_key", "_key.1", "_expires", "_value", "_score"],
        "session:*": ["_key", "_key.1", "_expires", "user", "tags", "gone"],
        "set:*": ["_key", "_key.1", "_expires", "_value"],
        "user:*": ["_key", "_key.1", "_expires", "name", "email"],
    }
    assert [column.kind for column in found["session:*"].columns[3:]] == [
        Kind.INTEGER,
        Kind.ARRAY,
        Kind.UNKNOWN,
    ]
    assert rows(reader, "session:*") == [
        {"_key": "session:1", "_key.1": "1", "_expires": "true", "user": "17", "tags": '["a"]', "gone": None}
    ]
    assert [row["_value"] for row in rows(reader, "list:*")] == ["x", "x", "y"]
    assert rows(reader, "rank:*") == [
        {"_key": "rank:1", "_key.1": "1", "_expires": "false", "_value": "ann", "_score": "1.5"}
    ]
    assert rows(reader, "events:*") == [
        {"_key": "events:1", "_key.1": "1", "_expires": "false", "_id": "5-1", "user": "ann"}
    ]
    assert [row["_value"] for row in rows(reader, "blob:*")] == ["\\xfffe"]
    assert reader.count("map:*") == 300
    assert reader.find("map:*", match(_field=["user7"]), ["_value"]).to_pylist() == [{"_value": "7"}]


def test_long_collections_are_read_to_their_end(reader: Connector, client: Redis) -> None:
    client.rpush("list:1", *range(2_500))
    client.sadd("set:1", *(f"member {place}" for place in range(2_500)))
    client.zadd("rank:1", {f"member {place}": place for place in range(2_500)})
    pipe = client.pipeline()
    for place in range(2_500):
        pipe.xadd("events:1", {"n": place})
    pipe.execute()
    for name in ("list:*", "set:*", "rank:*", "events:*"):
        assert reader.count(name) == 2_500, name
    assert len({row["_value"] for row in rows(reader, "set:*")}) == 2_500


def test_a_field_that_few_keys_have_is_found(reader: Connector, client: Redis) -> None:
    pipe = client.pipeline()
    for place in range(1_500):
        pipe.hset(f"user:{place}", "name", f"n{place}")
    pipe.hset("user:777", "rare", "r")
    pipe.execute()
    assert reader.count("user:*", match(rare=["r"])) == 1
    found = [row for row in rows(reader, "user:*") if row["rare"]]
    assert [row["_key"] for row in found] == ["user:777"]
    with pytest.raises(DataSetMissing, match="'gone'"):
        reader.count("user:*", match(gone=["r"]))


def test_members_are_deleted_and_overwritten(writer: Connector, client: Redis) -> None:
    client.rpush("list:1", "ann", "bob", "ann")
    client.sadd("set:1", "ann", "bob")
    client.zadd("rank:1", {"ann": 1.5, "bob": 2})
    client.xadd("events:1", {"user": "ann"}, id="5-1")
    client.hset("map:1", mapping={f"user{place}": str(place) for place in range(300)})
    client.set("note:1", "ann", ex=1000)
    ann = match(_value=["ann"])
    assert writer.overwrite("list:*", ann, {"_value": Replacement("[erased]")}) == 2
    assert writer.overwrite("set:*", ann, {"_value": Replacement("[erased]")}) == 1
    assert writer.overwrite("rank:*", ann, {"_value": Replacement("[erased]")}) == 1
    assert writer.overwrite("note:*", ann, {"_value": Replacement("[erased]")}) == 1
    assert writer.overwrite("map:*", match(_field=["user7"]), {"_value": Replacement("[erased]")}) == 1
    assert client.lrange("list:1", 0, -1) == [b"[erased]", b"bob", b"[erased]"]
    assert client.smembers("set:1") == {b"[erased]", b"bob"}
    assert client.zrange("rank:1", 0, -1, withscores=True) == [(b"[erased]", 1.5), (b"bob", 2.0)]
    assert (client.get("note:1"), client.ttl("note:1") > 900) == (b"[erased]", True)
    assert client.hget("map:1", "user7") == b"[erased]"
    gone = match(_value=["[erased]"])
    assert writer.delete("list:*", gone) == 2
    assert writer.delete("set:*", gone) == 1
    assert writer.delete("rank:*", gone) == 1
    assert writer.delete("events:*", match(user=["ann"])) == 1
    assert writer.delete("map:*", match(_field=["user8"])) == 1
    assert writer.delete("note:*", gone) == 1
    assert client.lrange("list:1", 0, -1) == [b"bob"]
    assert (client.smembers("set:1"), client.zcard("rank:1"), client.xlen("events:1")) == ({b"bob"}, 1, 0)
    assert (client.hlen("map:1"), client.exists("note:1")) == (299, 0)


def test_fields_of_a_json_text_are_overwritten_in_place(writer: Connector, client: Redis) -> None:
    client.set("session:1", '{"user": "ann", "age": 41, "nested": {"a": 1}}', ex=1000)
    client.set("session:2", '{"user": "bob"}')
    replacements = {"user": Replacement("[erased]"), "age": Replacement(None), "n": Replacement(0)}
    with pytest.raises(DataSetMissing, match="'n'"):
        writer.overwrite("session:*", match(user=["ann"]), replacements)
    del replacements["n"]
    assert writer.overwrite("session:*", match(user=["ann"]), replacements) == 1
    assert client.get("session:1") == b'{"user": "[erased]", "age": null, "nested": {"a": 1}}'
    assert client.ttl("session:1") > 900
    assert client.get("session:2") == b'{"user": "bob"}'


def test_what_a_kind_cannot_hold_is_refused_in_the_rehearsal_too(writer: Connector, client: Redis) -> None:
    client.xadd("events:1", {"user": "ann"})
    client.set("note:1", "ann")
    for data_set, column, replacements in (
        ("events:*", "user", {"user": Replacement("x")}),
        ("note:*", "_value", {"_value": Replacement(None)}),
        ("note:*", "_value", {"_key": Replacement("x")}),
    ):
        matches = match(**{column: ["ann"]})
        with pytest.raises(ConstraintInTheWay):
            writer.rehearse([Operation(data_set, matches, replacements)])
        with pytest.raises(ConstraintInTheWay):
            writer.overwrite(data_set, matches, replacements)
    assert client.get("note:1") == b"ann"


def test_a_user_without_the_right_is_refused_in_the_rehearsal(
    settings: dict[str, Any], client: Redis, request: pytest.FixtureRequest
) -> None:
    client.hset("user:1", "name", "ann")
    client.acl_setuser(
        "reader",
        enabled=True,
        passwords=["+pw"],
        keys=["*"],
        categories=["+@read", "+@connection", "+@transaction"],
        commands=["+scan", "+select"],
    )
    request.addfinalizer(lambda: client.acl_deluser("reader"))
    with open_writable("redis", settings | {"user": "reader", "password": "pw"}) as connector:
        assert connector.count("user:*") == 1
        for attempt in (
            lambda: connector.rehearse([Operation("user:*", match(name=["ann"]))]),
            lambda: connector.delete("user:*", match(name=["ann"])),
        ):
            with pytest.raises(AccessDenied, match="may not"):
                attempt()
        assert connector.count("user:*") == 1
    assert client.hgetall("user:1") == {b"name": b"ann"}


def test_a_change_by_somebody_else_is_seen_before_the_own(
    writer: Connector, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.hset("user:1", mapping={"name": "ann", "email": "a@example.org"})
    watched: list[Any] = []
    original = type(writer.client.pipeline()).watch  # type: ignore[attr-defined]

    def watch(self: Any, *names: Any) -> Any:
        answer = original(self, *names)
        if not watched:
            client.hset("user:1", "name", "somebody else")
        watched.append(names)
        return answer

    monkeypatch.setattr("redis.client.Pipeline.watch", watch)
    assert writer.delete("user:*", match(name=["ann"])) == 0
    assert client.hget("user:1", "name") == b"somebody else"


def test_wrong_password_and_nobody_there(settings: dict[str, Any]) -> None:
    with (
        open_connector("redis", settings | {"password": "wrong"}) as connector,
        pytest.raises(AccessDenied) as refused,
    ):
        connector.check()
    assert "wrong" not in str(refused.value)
    with (
        open_connector("redis", settings | {"host": "127.0.0.1", "port": 1}) as connector,
        pytest.raises(Unreachable, match="cannot be reached"),
    ):
        connector.check()


def test_a_server_that_hangs_is_given_up(settings: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = {"host": "127.0.0.1", "port": silent.getsockname()[1]}
        started = time.monotonic()
        with open_connector("redis", settings | address) as connector, pytest.raises(Unreachable):
            connector.check()
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("written", ["[", "[]", '{"a": "b"}', '{"a": [1]}', '{"a": [""]}'])
def test_declared_patterns_are_checked(written: str) -> None:
    form = RedisForm({"host": "h", "port": 1, "key_columns": "shown", "data_sets": written})
    assert list(form.errors) == ["data_sets"]


def test_people_in_front_of_a_key_are_no_data_sets() -> None:
    people = {
        f"anna.schmidt.{first}{second}:cart" for first in "abcdefghijklmno" for second in "pqrstuvwxyzabcd"
    }
    assert len(people) == 225
    assert set(group(people).values()) == {"*:cart"}
    few = sorted(people)[:200]
    assert group(few) == {name: name for name in few}
    assert derive("anna@localhost:cart") == "*:cart"


def test_fields_whose_names_are_data_are_one_column(writer: Connector, client: Redis) -> None:
    client.hset("role:1", mapping={"name": "Sales", "anna@example.org": "admin", "17": "x"})
    client.set("map:1", '{"name": "Sales", "anna@example.org": {"role": "admin"}, "*": 1}')
    found = {each.name: [(column.name, column.kind) for column in each.columns] for each in writer.discover()}
    columns = [
        ("_key", Kind.TEXT),
        ("_key.1", Kind.TEXT),
        ("_expires", Kind.BOOLEAN),
        ("name", Kind.TEXT),
        ("*", Kind.JSON),
    ]
    assert {name: sorted(each) for name, each in found.items()} == {
        "role:*": sorted(columns),
        "map:*": sorted(columns),
    }
    assert rows(writer, "role:*")[0]["*"] == '{"anna@example.org": "admin", "17": "x"}'
    assert rows(writer, "map:*")[0]["*"] == '{"anna@example.org": {"role": "admin"}, "*": 1}'
    for name in ("role:*", "map:*"):
        with pytest.raises(ConstraintInTheWay, match=r"The column \* of Redis cannot be written"):
            writer.rehearse([Operation(name, match(name=["Sales"]), {"*": Replacement("gone")})])
        assert writer.overwrite(name, match(name=["Sales"]), {"name": Replacement("gone")}) == 1
    assert client.hgetall("role:1") == {b"name": b"gone", b"anna@example.org": b"admin", b"17": b"x"}
    assert json.loads(client.get("map:1") or "") == {
        "name": "gone",
        "anna@example.org": {"role": "admin"},
        "*": 1,
    }
