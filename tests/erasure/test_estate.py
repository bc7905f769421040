"""What a search looks into, and what it leaves alone."""

import pytest
from django.utils import timezone

from audit.ledger.context import Actor, acting
from catalog.connectors import registry
from catalog.lineage.naming import resolve
from catalog.models import Column, DataSet, System
from erasure.finding import Connections, Estate, beyond_reach
from tests.erasure.estate import crawl_again
from tests.services.fixtures import Database


def searched() -> set[str]:
    with Connections() as connections:
        return {data_set.name for data_set in Estate.load(connections).data_sets.values()}


def test_views_are_not_searched(shop: System, shop_database: Database) -> None:
    tables = {"public.customer", "public.purchase", "public.purchase_line", "public.newsletter"}
    assert searched() == tables
    shop_database.execute(
        "CREATE VIEW mails AS SELECT email FROM customer; CREATE MATERIALIZED VIEW kept AS SELECT * FROM mails"
    )
    crawl_again(shop)
    assert (
        DataSet.objects.filter(name__in=["public.mails", "public.kept"], kind="view", gone_at=None).count()
        == 2
    )
    assert searched() == tables


def test_what_only_lineage_speaks_of_is_not_searched(shop: System) -> None:
    before = searched()
    with acting(Actor("system", "test")):
        resolve([("s3://bucket", "people.csv")])
    assert DataSet.objects.filter(name="people.csv").exists()
    assert searched() == before


def test_a_store_that_finds_no_rows_is_not_searched(shop: System, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = System.objects.create(name="Stream", kind="kafka", crawled_at=timezone.now())
    DataSet.objects.create(system=stream, name="clicks", kind="topic")
    assert "clicks" in searched()
    monkeypatch.setattr(registry.get("kafka"), "capabilities", frozenset())
    assert "clicks" not in searched()


def test_what_no_search_reaches_is_named(db: None):
    mail = System.objects.create(name="Mail service", kind="external")
    sums = System.objects.create(name="Figures", kind="external")
    for system, sensitivity in ((mail, "direct"), (sums, "none")):
        data_set = DataSet.objects.create(system=system, name="t", kind="table")
        Column.objects.create(
            data_set=data_set,
            name="c",
            position=1,
            data_type="",
            kind="unknown",
            sensitivity=sensitivity,
            state="confirmed",
        )
    assert beyond_reach() == [mail]
