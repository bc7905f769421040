"""Erasing in a search index, on the FAKE of its HTTP interface: no package that a test may install brings the real one.

What a real server does beyond the documentation (how long retention leases keep deleted documents) is not seen here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from catalog.connectors.base import (
    AccessDenied,
    Connector,
    ConstraintInTheWay,
    Match,
    Operation,
    Replacement,
    Unreachable,
)
from catalog.connectors.destruction import open_writable
from tests.services.fake_search import FakeSearchServer

PROPERTIES = {
    "email": {"type": "keyword"},
    "age": {"type": "integer"},
    "born": {"type": "date"},
    "place": {"type": "geo_point"},
    "note": {"type": "text"},
}


@pytest.fixture
def server() -> Iterator[FakeSearchServer]:
    server = FakeSearchServer()
    server.put(
        "people",
        PROPERTIES,
        [
            {"email": "anna@example.org", "age": 40, "note": "first"},
            {"email": "bert@example.org", "age": 50, "note": "other"},
            {"email": "anna@example.org", "age": 41, "note": "second"},
        ],
    )
    yield server
    server.stop()


@pytest.fixture
def writer(server: FakeSearchServer) -> Iterator[Connector]:
    with open_writable("search_index", {"url": server.url}) as connector:
        yield connector


ANNA = [Match(pa.table({"email": ["anna@example.org"]}))]


def held(server: FakeSearchServer) -> str:
    """Everything the server still has, in documents, segments and translog."""
    return json.dumps(server.indices["people"])


def test_deleted_documents_are_merged_out_of_their_segments(
    server: FakeSearchServer, writer: Connector
) -> None:
    server.indices["people"]["settings"]["index.merge.policy.expunge_deletes_allowed"] = "7"
    assert writer.delete("people", ANNA) == 2
    assert writer.count("people", ANNA) == 0
    assert "anna" in held(server)
    left = writer.lingering("people", ANNA)
    assert left
    assert (left.rows, left.until) == (1, None)
    assert "2 deleted documents" in left.why
    writer.settle("people")
    assert writer.lingering("people", ANNA) is None
    assert "anna" not in held(server)
    assert server.indices["people"]["settings"] == {"index.merge.policy.expunge_deletes_allowed": "7"}


def test_what_others_delete_after_the_merge_does_not_linger(
    server: FakeSearchServer, writer: Connector
) -> None:
    writer.delete("people", ANNA)
    writer.settle("people")
    server.change("people", "1", {"note": "changed"})
    assert writer.lingering("people", ANNA) is None


@pytest.mark.parametrize("door", ["_forcemerge", "_settings", "_flush"])
def test_without_the_right_to_merge_it_lingers_and_says_what_helps(
    server: FakeSearchServer, writer: Connector, door: str
) -> None:
    writer.delete("people", ANNA)
    server.forbidden = {door}
    writer.settle("people")
    left = writer.lingering("people", ANNA)
    assert left
    assert "right to force a merge" in left.why


def test_a_document_that_changed_meanwhile_is_looked_for_again(
    server: FakeSearchServer, writer: Connector
) -> None:
    server.interfere = [
        lambda: server.change("people", "0", {"note": "newer"}),
        lambda: server.change("people", "2", {"email": "somebody.else@example.org"}),
    ]
    assert writer.delete("people", ANNA) == 1
    assert [hit["_source"]["email"] for hit in server.indices["people"]["documents"]] == [
        "bert@example.org",
        "somebody.else@example.org",
    ]


def test_documents_that_keep_changing_are_given_up(server: FakeSearchServer, writer: Connector) -> None:
    versions = iter(range(1_000))

    original = server.bulk

    def bulk(path: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        server.change("people", "0", {"age": next(versions)})
        return original(path, lines)

    server.bulk = bulk  # type: ignore[method-assign]
    with pytest.raises(ConstraintInTheWay, match="kept changing"):
        writer.delete("people", ANNA)
    assert writer.count("people", ANNA) == 1


def test_overwriting_writes_what_the_mapping_takes(server: FakeSearchServer, writer: Connector) -> None:
    replacements = {"note": Replacement("erased"), "age": Replacement(0), "born": Replacement(None)}
    assert writer.overwrite("people", ANNA, replacements) == 2
    assert [hit["_source"] for hit in server.indices["people"]["documents"]] == [
        {"email": "anna@example.org", "age": 0, "note": "erased", "born": None},
        {"email": "bert@example.org", "age": 50, "note": "other"},
        {"email": "anna@example.org", "age": 0, "note": "erased", "born": None},
    ]


@pytest.mark.parametrize(("column", "value"), [("age", "erased"), ("born", "erased"), ("place", "erased")])
def test_what_the_mapping_would_refuse_is_met_in_rehearsal(
    server: FakeSearchServer, writer: Connector, column: str, value: Any
) -> None:
    before = held(server)
    for attempt in (
        lambda: writer.rehearse([Operation("people", ANNA, {column: Replacement(value)})]),
        lambda: writer.overwrite("people", ANNA, {column: Replacement(value)}),
    ):
        with pytest.raises(ConstraintInTheWay, match=column):
            attempt()
    assert held(server) == before


def test_a_block_or_a_missing_right_is_met_in_rehearsal(server: FakeSearchServer, writer: Connector) -> None:
    server.indices["people"]["settings"]["index.blocks.write"] = "true"
    with pytest.raises(ConstraintInTheWay, match="takes no writes"):
        writer.rehearse([Operation("people", ANNA)])
    server.indices["people"]["settings"].clear()
    server.forbidden = {"_delete_by_query"}
    with pytest.raises(AccessDenied):
        writer.rehearse([Operation("people", ANNA)])


def test_a_busy_server_is_asked_again_by_whoever_asked(server: FakeSearchServer, writer: Connector) -> None:
    server.broken = 429
    with pytest.raises(Unreachable, match="too busy"):
        writer.delete("people", ANNA)


def test_an_index_without_its_documents_is_a_problem() -> None:
    server = FakeSearchServer()
    server.put("logs", PROPERTIES, [])
    original = server.answer

    def answer(method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        status, found = original(method, path, body)
        if "_mapping" in path:
            found["logs"]["mappings"]["_source"] = {"enabled": False}
        return status, found

    server.answer = answer  # type: ignore[method-assign]
    with open_writable("search_index", {"url": server.url}) as connector:
        (found,) = connector.discover()
    server.stop()
    assert "_source" in found.problem
