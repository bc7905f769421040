"""Erasure through the console in stores that keep what was deleted for a while, and of objects that go whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.crawling import crawl
from catalog.models import Column, DataSet, System
from erasure.models import Step, SubjectRequest
from governance.console.models import User
from retention import holds
from tests.erasure.estate import approve, find, request_of
from tests.people import client_of
from tests.services.fake_search import FakeSearchServer
from tests.services.kafka import KafkaBroker

State = SubjectRequest.State
ANA, BO = b'{"email": "ana@example.org"}', b'{"email": "bo@example.org"}'
DAY = 86_400_000


def connected(kind: str, settings: dict[str, Any], *, told_by: str = "email") -> System:
    system = System.objects.create(name=f"{kind} estate", kind=kind, region="EU")
    system.set_settings(settings)
    system.save()
    with system.connect() as connector:
        crawl(system, connector)
    columns = Column.objects.filter(data_set__system=system)
    columns.update(category="none.operational", sensitivity="none", state=Column.State.CONFIRMED)
    columns.filter(name=told_by).update(category="contact.email", sensitivity="direct")
    return system


@pytest.fixture
def topics(kafka_broker: KafkaBroker, db: None, somebody_acts: None) -> System:
    kafka_broker.create_topic("carts", cleanup_policy="compact")
    kafka_broker.produce("carts", [ANA, BO, ANA], keys=[b"1", b"2", b"3"])
    kafka_broker.create_topic("clicks", retention_ms=str(7 * DAY), segment_ms=str(DAY))
    kafka_broker.produce("clicks", [ANA, BO])
    return connected("kafka", {"bootstrap_servers": kafka_broker.bootstrap})


def test_a_plan_for_topics_says_what_will_happen_and_until_when(
    topics: System, amir: User, petra: User, work: Any, kafka_broker: KafkaBroker
) -> None:
    request = find(request_of("ana@example.org", amir), amir, work)
    assert request.state == State.PLANNED, request.problem
    plan = request.plans.get()
    steps = {step.data_set.name: step for step in plan.steps.all()}
    assert {name: (step.method, step.rows_before) for name, step in steps.items()} == {
        "carts": ("tombstone", 2),
        "clicks": ("outlive", 1),
    }
    page = client_of(petra).get(plan.get_absolute_url()).content.decode()
    assert "Write tombstones, then wait for compaction" in page
    assert "2 of 2 keys get a tombstone" in page
    assert "its retention removes messages by" in page

    request = approve(request, petra, work)

    assert kafka_broker.messages("carts")[3:] == [(b"1", None), (b"3", None)]
    assert len(kafka_broker.messages("clicks")) == 2
    assert request.state != State.COMPLETE  # as long as the brokers hold the messages


def test_a_topic_that_keeps_for_ever_blocks_the_plan(
    kafka_broker: KafkaBroker, db: None, somebody_acts: None, amir: User, work: Any
) -> None:
    kafka_broker.create_topic("log", retention_ms="-1")
    kafka_broker.produce("log", [ANA])
    connected("kafka", {"bootstrap_servers": kafka_broker.bootstrap})
    request = find(request_of("ana@example.org", amir), amir, work)
    assert request.state == State.FOUND
    (problem,) = request.plans.get().problems
    assert "for ever" in problem["message"]
    assert "Set a retention" in problem["remedy"]


def test_a_hold_keeps_the_messages(
    topics: System, amir: User, petra: User, work: Any, kafka_broker: KafkaBroker
) -> None:
    for data_set in DataSet.objects.filter(system=topics):
        holds.place(data_set, keep_columns=[], exemption="b", reason="Tax law")
    request = find(request_of("ana@example.org", amir), amir, work)
    assert [step.method for step in Step.objects.all()] in ([], ["keep", "keep"])
    assert [value for _, value in kafka_broker.messages("carts")] == [ANA, BO, ANA]
    assert (request.state, request.residue) == (State.COMPLETE, [])
    assert "legal hold" in request.outcome


@pytest.fixture
def index() -> Iterator[FakeSearchServer]:
    server = FakeSearchServer()
    people = [
        {"email": "ana@example.org", "text": "Dear Ana"},
        {"email": "bo@example.org", "text": "Dear Bo"},
    ]
    server.put("letters", {"email": {"type": "keyword"}, "text": {"type": "text"}}, people)
    yield server
    server.stop()


def test_documents_of_an_index_go(
    index: FakeSearchServer, db: None, somebody_acts: None, amir: User, petra: User, work: Any
) -> None:
    connected("search_index", {"url": index.url})
    request = approve(find(request_of("ana@example.org", amir), amir, work), petra, work)
    assert [hit["_source"]["email"] for hit in index.indices["letters"]["documents"]] == ["bo@example.org"]
    assert (request.state, request.outcome) == (State.COMPLETE, "erased")


def test_objects_of_a_person_go_whole(
    tmp_path: Path, db: None, somebody_acts: None, amir: User, petra: User, work: Any
) -> None:
    for name in ("ana@example.org/scan.pdf", "ana@example.org/old/scan.pdf", "bo@example.org/scan.pdf"):
        path = tmp_path / "mail" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    connected("folder", {"path": str(tmp_path), "objects": "mail/{email}/**"})
    request = find(request_of("ana@example.org", amir), amir, work)
    step = request.plans.get().steps.get()
    assert (step.data_set.name, step.method, step.rows_before) == ("mail/{email}/**", "delete", 2)
    request = approve(request, petra, work)
    assert (request.state, request.outcome) == (State.COMPLETE, "erased")
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["bo@example.org"]
