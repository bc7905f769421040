"""What a Redis keeps on disk, on servers of their own: an append-only file and a snapshot, read byte by byte."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from redis import Redis

from catalog.connectors.base import Connector, Match
from catalog.connectors.destruction import open_writable
from catalog.connectors.opening import open_connector
from governance.embedded.programs import choose_port
from governance.embedded.redis import HOST, _installed

ANNA = b"anna@example.org"
MATCH = [Match(pa.table({"email": [ANNA.decode()]}))]


@contextmanager
def server(folder: Path, *options: str) -> Iterator[int]:
    port = choose_port(0)
    command = [str(_installed()), "--port", str(port), "--bind", HOST, "--dir", str(folder), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with Redis(HOST, port) as client:
            deadline = time.monotonic() + 15
            while True:
                try:
                    client.ping()
                    break
                except Exception:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            client.hset("user:1", mapping={"email": ANNA.decode()})
            client.hset("user:2", mapping={"email": "bert@example.org"})
        yield port
    finally:
        process.kill()
        process.wait()


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def writable(port: int, **more: str) -> Connector:
    return open_writable("redis", {"host": HOST, "port": port} | more)


def test_the_append_only_file_is_rewritten(tmp_path: Path) -> None:
    with server(tmp_path, "--appendonly", "yes", "--save", "") as port, writable(port) as connector:
        assert connector.delete("user:*", MATCH) == 1
        assert ANNA in on_disk(tmp_path)
        left = connector.lingering("user:*", MATCH)
        assert left
        assert (left.rows, left.until) == (1, None)
        assert "append-only file" in left.why
        connector.settle("user:*")
        assert connector.lingering("user:*", MATCH) is None
        assert ANNA not in on_disk(tmp_path)
        assert b"bert@example.org" in on_disk(tmp_path)


def test_the_snapshot_is_written_again(tmp_path: Path) -> None:
    options = ("--save", "3600", "1", "--rdbcompression", "no")
    with server(tmp_path, *options) as port, writable(port) as connector:
        with Redis(HOST, port) as client:
            client.save()
        assert ANNA in on_disk(tmp_path)
        connector.delete("user:*", MATCH)
        assert connector.lingering("user:*", MATCH)
        connector.settle("user:*")
        assert ANNA not in on_disk(tmp_path)
        assert connector.lingering("user:*", MATCH) is None
        # Whoever asks later hears the same, as long as nothing has changed since.
        with open_connector("redis", {"host": HOST, "port": port}) as reader:
            assert reader.lingering("user:*", MATCH) is None


def test_a_server_that_keeps_nothing_on_disk_has_nothing_lingering(tmp_path: Path) -> None:
    with server(tmp_path, "--save", "") as port, writable(port) as connector:
        connector.delete("user:*", MATCH)
        connector.settle("user:*")
        assert connector.lingering("user:*", MATCH) is None
        assert on_disk(tmp_path) == b""


@pytest.mark.parametrize("right", ["-bgrewriteaof", "-bgsave"])
def test_without_the_right_it_lingers_and_says_what_helps(tmp_path: Path, right: str) -> None:
    with server(tmp_path, "--appendonly", "yes", "--save", "3600", "1") as port:
        with Redis(HOST, port) as client:
            client.execute_command("ACL", "SETUSER", "console", "on", ">word", "~*", "+@all", right)
        with writable(port, user="console", password="word") as connector:
            connector.delete("user:*", MATCH)
            connector.settle("user:*")
            left = connector.lingering("user:*", MATCH)
    assert left
    assert "BGREWRITEAOF" in left.why


def test_a_person_who_stands_in_the_key_alone_is_found_and_goes(tmp_path: Path) -> None:
    with server(tmp_path, "--save", "") as port, writable(port) as connector:
        with Redis(HOST, port) as client:
            client.rpush(f"shop:{ANNA.decode()}:cart", "milk", "bread")
            client.rpush("shop:carl@example.org:cart", "tea")
        found = {each.name: [column.name for column in each.columns] for each in connector.discover()}
        assert found["shop:*:cart"] == ["_key", "_key.1", "_expires", "_value"]
        by_part = [Match(pa.table({"_key.1": ["Anna@Example.org"]}), fold=True)]
        assert connector.count("shop:*:cart", by_part) == 2
        assert connector.delete("shop:*:cart", by_part) == 2
        with Redis(HOST, port) as client:
            assert client.keys("shop:*") == [b"shop:carl@example.org:cart"]
