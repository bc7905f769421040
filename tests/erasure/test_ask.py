"""Rows in a store that the console cannot change: all else goes, they are named, a later search finds them gone."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from catalog.connectors.base import Capability
from catalog.connectors.opening import open_connector
from catalog.connectors.search_index import SearchIndexConnector
from catalog.crawling import crawl
from catalog.models import Column, System
from erasure.jobs import recheck
from erasure.models import Step, SubjectRequest
from tests.erasure.estate import approve, find, request_of
from tests.services.fake_search import FakeSearchServer
from tests.services.fixtures import Database

State = SubjectRequest.State


@pytest.fixture
def index() -> Iterator[FakeSearchServer]:
    server = FakeSearchServer()
    letters = [{"to": "ana@example.org", "text": "Dear Ana"}, {"to": "bo@example.org", "text": "Dear Bo"}]
    server.put("letters", {"to": {"type": "keyword"}, "text": {"type": "text"}}, letters)
    yield server
    server.stop()


@pytest.fixture
def letters(index: FakeSearchServer, shop: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """An index that may only be searched, as if its connector could do no more."""
    monkeypatch.setattr(SearchIndexConnector, "capabilities", frozenset({Capability.FIND}))
    system = System.objects.create(
        name="letters", kind="search_index", region="EU", settings={"url": index.url}
    )
    with open_connector("search_index", system.settings) as connector:
        crawl(system, connector)
    Column.objects.filter(name="to").update(
        category="contact.email", sensitivity="direct", state=Column.State.CONFIRMED
    )
    return system


def test_what_is_left_to_the_custodian_is_named_and_found_gone_later(
    letters: System, index: FakeSearchServer, shop_database: Database, amir, petra, work
):
    request = find(request_of("ana@example.org", amir), amir, work)
    assert request.state == State.PLANNED
    last = request.plans.get().steps.last()
    assert (last.data_set.name, last.method, last.rows_before) == ("letters", "ask", 1)

    request = approve(request, petra, work)

    assert request.state == State.WAITING
    assert "letters / letters" in request.problem
    assert "custodian" in request.problem
    assert shop_database.execute("SELECT count(*) FROM customer WHERE email = 'ana@example.org'") == [(0,)]
    states = dict(Step.objects.filter(hit__isnull=False).values_list("method", "state"))
    assert states == {"delete": "done", "ask": "waiting"}
    assert recheck() == 0  # not yet

    del index.indices["letters"]["documents"][0]
    SubjectRequest.objects.update(look_again_at=timezone.now())
    assert recheck() == 1
    work()
    request.refresh_from_db()
    assert (request.state, request.outcome, request.residue) == (State.COMPLETE, "erased", [])
