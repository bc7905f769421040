"""A shop with totals by article, and readers in a lake with figures by country."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from django.utils import timezone
from pyiceberg.catalog.sql import SqlCatalog

from catalog.crawling import crawl
from catalog.models import Column, DataSet, Edge, System
from tests.erasure import estate
from tests.services.fixtures import Database

TOTALS = """
CREATE TABLE article_totals (article text, customers bigint, total numeric(12,2));
CREATE TABLE topic_totals (topic text, readers bigint);
INSERT INTO topic_totals VALUES ('tea', 2), ('cups', 1);
CREATE MATERIALIZED VIEW per_day AS
    SELECT placed AS day, count(*) AS orders, sum(total) AS total FROM purchase GROUP BY placed;
"""
READERS = pa.table(
    {
        "email": ["ana@example.org", "bo@example.org", "cy@example.org"],
        "country": ["Brazil", "Sweden", "Brazil"],
        "spent": pa.array([5, 7, None], pa.int64()),
    }
)
FIGURES = {"country": "country", "readers": "count(*)", "spent": "sum(spent)"}


@dataclass
class Lake:
    system: System
    catalog: SqlCatalog
    folder: Path

    def rows(self, name: str) -> list[dict]:
        return sorted(self.catalog.load_table(name).scan().to_arrow().to_pylist(), key=str)

    def data_set(self, name: str) -> DataSet:
        return DataSet.objects.get(system=self.system, name=name)


@pytest.fixture
def totals(db: None, shop_database: Database) -> System:
    """The shop with derived tables, crawled and labelled; edges run from purchases and newsletters into them."""
    shop_database.execute(TOTALS)
    system = estate.register(shop_database)
    estate.label(system, estate.LABELS)
    estate.own_all_links(system)
    flow(estate.data_set(system, "purchase_line"), estate.data_set(system, "article_totals"))
    flow(estate.data_set(system, "purchase"), estate.data_set(system, "article_totals"))
    flow(estate.data_set(system, "newsletter"), estate.data_set(system, "topic_totals"))
    flow(estate.data_set(system, "purchase"), estate.data_set(system, "per_day"), origin=Edge.Origin.VIEW)
    return system


@pytest.fixture
def lake(db: None, tmp_path: Path) -> Lake:
    (tmp_path / "warehouse").mkdir()
    uri = f"sqlite:///{tmp_path}/catalog.db"
    catalog = SqlCatalog("default", uri=uri, warehouse=f"file://{tmp_path}/warehouse")
    catalog.create_namespace("silver")
    catalog.create_namespace("gold")
    catalog.create_table("silver.reader", schema=READERS.schema).append(READERS)
    gold = pa.schema([("country", pa.string()), ("readers", pa.int64()), ("spent", pa.int64())])
    catalog.create_table("gold.by_country", schema=gold)
    system = System.objects.create(name="Lake", kind="iceberg")
    system.set_settings({"catalog": "sql", "uri": uri, "warehouse": f"{tmp_path}/warehouse"})
    system.save()
    with system.connect() as connector:
        crawl(system, connector)
    Column.objects.filter(data_set__system=system, name="email").update(
        category="contact.email", sensitivity="direct", state=Column.State.CONFIRMED
    )
    made = Lake(system, catalog, tmp_path)
    flow(made.data_set("silver.reader"), made.data_set("gold.by_country"))
    return made


def flow(source: DataSet, target: DataSet, *, origin: str = Edge.Origin.SQL) -> None:
    now = timezone.now()
    Edge.objects.create(
        source=source, target=target, origin=origin, kind=Edge.Kind.DIRECT, subtype="AGGREGATION",
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
