"""Sample values on the page: masked for stewards, plain for an officer with a reason, recorded either way."""

from collections.abc import Callable

import pytest

from catalog.models import Column, System
from governance.console.models import User
from tests.catalog.ledger import facts_of
from tests.people import client_of

Find = Callable[[str], Column]
pytestmark = pytest.mark.usefixtures("scanned")


def looked(sequenced: Callable) -> list[dict]:
    return [facts for action, facts in map(facts_of, sequenced()) if action == "column.values_seen"]


def url_of(column: Column) -> str:
    return f"/columns/{column.pk}/values/"


def test_a_steward_sees_masked_values(column: Find, dana: User, sequenced: Callable):
    answer = client_of(dana).post(url_of(column("customer.email")))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count("<li><code>") == 12
    assert "@example" not in page
    assert looked(sequenced) == [{"masked": True, "values": 12, "reason": "review"}]
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_steward_gets_no_plain_values(column: Find, dana: User, sequenced: Callable):
    answer = client_of(dana).post(url_of(column("customer.email")), {"reason": "review"})
    assert answer.status_code == 403
    assert "<li><code>" not in answer.content.decode()
    assert looked(sequenced) == []


def test_an_officer_sees_plain_values_for_a_reason(column: Find, amir: User, sequenced: Callable):
    email = column("customer.email")
    masked = client_of(amir).post(url_of(email)).content.decode()
    plain = client_of(amir).post(url_of(email), {"reason": "request"}).content.decode()
    assert masked.count("***") > 11
    assert plain.count("***") == 0
    assert plain.count("<li><code>") == 12
    assert [facts["masked"] for facts in looked(sequenced)] == [True, False]


def test_a_reason_must_be_of_the_list(column: Find, amir: User):
    answer = client_of(amir).post(url_of(column("customer.email")), {"reason": "because"})
    assert answer.status_code == 422


def test_a_store_that_does_not_answer(scanned: System, column: Find, dana: User, sequenced: Callable):
    System.objects.filter(pk=scanned.pk).update(settings={**scanned.settings, "port": 1})
    answer = client_of(dana).post(url_of(column("customer.email")))
    assert answer.status_code == 502
    assert looked(sequenced) == []
