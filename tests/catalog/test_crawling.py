"""Structure of a real PostgreSQL in the catalog: first crawl, drift, hostile names, rights that are missing."""

import shutil
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import registering, reviewing
from catalog.connectors.base import ConnectorError
from catalog.crawling import Crawled, crawl
from catalog.models import Change, Column, DataSet, Link, System
from governance.console.models import User
from tests.catalog.chinook import settings_of
from tests.catalog.ledger import facts_of
from tests.services.fixtures import Database, Server

HOSTILE = "robert'); drop table--"


def crawled(system: System) -> Crawled:
    system = System.objects.get(pk=system.pk)
    with system.connect() as connector:
        return crawl(system, connector)


def changes() -> list[tuple[str, str, str]]:
    return [(c.data_set.name, c.column_name, c.sort) for c in Change.objects.order_by("pk")]


def test_the_first_crawl_finds_all_and_calls_nothing_drift(shop: System, sequenced: Callable):
    assert crawled(shop) == Crawled(data_sets=7, columns=35, links=7, changes=0)
    customer = DataSet.objects.get(name="public.customer")
    email = customer.columns.get(name="email")
    assert (customer.kind, customer.primary_key) == ("table", ["customer_id"])
    assert (email.data_type, email.kind, email.nullable, email.max_length) == (
        "character varying(80)",
        "text",
        False,
        80,
    )
    assert email.state == "unreviewed"
    shop.refresh_from_db()
    assert shop.crawled_at is not None
    assert facts_of(sequenced()[-1]) == (
        "system.crawled",
        {"data_sets": 7, "columns": 35, "links": 7, "changes": 0},
    )


def test_crawling_again_changes_nothing(shop: System):
    crawled(shop)
    before = list(Column.objects.order_by("pk").values())
    assert crawled(shop).changes == 0
    assert list(Column.objects.order_by("pk").values()) == before
    assert Link.objects.count() == 7


def test_a_crawl_asks_as_many_queries_for_many_columns_as_for_few(shop: System, pg_database: Database):
    crawled(shop)
    pg_database.execute("CREATE TABLE narrow (c text)")
    with CaptureQueriesContext(connection) as few:
        crawled(shop)
    pg_database.execute(
        "".join(f"CREATE TABLE wide_{n} ({', '.join(f'c{i} text' for i in range(40))});" for n in range(10))
    )
    with CaptureQueriesContext(connection) as many:
        assert crawled(shop).columns == 436
    assert len(many) == len(few)


def test_every_sort_of_drift_is_recorded(shop: System, pg_database: Database):
    crawled(shop)
    pg_database.execute(
        """
        CREATE TABLE note (note_id integer PRIMARY KEY, body text);
        DROP TABLE invoice_line;
        ALTER TABLE customer ADD COLUMN nickname text;
        ALTER TABLE customer DROP COLUMN phone;
        ALTER TABLE customer RENAME COLUMN email TO mail;
        ALTER TABLE invoice ALTER COLUMN billing_address TYPE text;
        """
    )
    assert crawled(shop).changes == 6
    assert sorted(changes()) == [
        ("public.customer", "mail", "column_renamed"),
        ("public.customer", "nickname", "column_added"),
        ("public.customer", "phone", "column_gone"),
        ("public.invoice", "billing_address", "column_changed"),
        ("public.invoice_line", "", "data_set_gone"),
        ("public.note", "", "data_set_added"),
    ]
    assert Column.objects.filter(data_set__name="public.invoice_line", gone_at=None).count() == 0
    assert Link.objects.filter(source__name="public.invoice_line", gone_at=None).count() == 0
    Change.objects.all().delete()
    pg_database.execute(
        """
        ALTER TABLE customer ADD COLUMN phone varchar(30);
        CREATE TABLE invoice_line (invoice_line_id integer PRIMARY KEY, invoice_id integer REFERENCES invoice);
        """
    )
    crawled(shop)
    assert sorted(changes()) == [
        ("public.customer", "phone", "column_back"),
        ("public.invoice_line", "", "data_set_back"),
    ]
    back = Link.objects.get(source__name="public.invoice_line", target__name="public.invoice")
    assert back.gone_at is None


def test_a_reviewed_column_keeps_its_identity_and_is_reviewed_again_when_its_type_changes(
    shop: System, pg_database: Database, column: Callable[[str], Column], dana: User
):
    crawled(shop)
    total, city = column("invoice.total"), column("customer.city")
    reviewing.classify([total, city], category="none", by=dana)
    pg_database.execute(
        "ALTER TABLE invoice ALTER COLUMN total TYPE text; ALTER TABLE customer ALTER city TYPE varchar(99)"
    )
    crawled(shop)
    again = column("invoice.total")
    assert (again.pk, again.state, again.category, again.reviewed_by) == (
        total.pk,
        "unreviewed",
        "none",
        None,
    )
    assert again.personal
    assert column("customer.city").state == "confirmed"


def test_hostile_names_are_names_and_nothing_else(shop: System, pg_database: Database, work: Callable):
    quoted = HOSTILE.replace('"', '""')
    pg_database.execute(f'CREATE TABLE "{quoted}" ("{quoted}" text, "<script>" text)')
    pg_database.execute(f"INSERT INTO \"{quoted}\" VALUES ('anna@example.org', 'x')")
    crawled(shop)
    hostile = DataSet.objects.get(columns__name=HOSTILE)
    assert HOSTILE in hostile.name
    assert sorted(hostile.columns.values_list("name", flat=True)) == ["<script>", HOSTILE]
    assert pg_database.execute("SELECT count(*) FROM customer") == [(12,)]


def test_a_table_without_rights_is_listed_with_its_problem(
    shop: System, pg_database: Database, pg_server: Server
):
    reader = pg_server.create_login(pg_database)
    pg_database.execute(f"GRANT SELECT ON customer TO {reader.user}")
    limited = registering.add(name="Limited", kind="postgresql", settings=settings_of(reader))
    crawled(limited)
    problems = dict(limited.data_sets.values_list("name", "problem"))
    assert problems["public.customer"] == ""
    assert problems["public.invoice"] == "This user may not read the table. Grant it SELECT on the table."
    assert limited.data_sets.get(name="public.invoice").columns.count() == 5


def test_a_store_that_is_gone_changes_nothing(shop: System, pg_database: Database, pg_server: Server):
    crawled(shop)
    before = list(DataSet.objects.values())
    pg_server.drop_database(pg_database)
    with pytest.raises(ConnectorError):
        crawled(shop)
    assert list(DataSet.objects.values()) == before


@pytest.mark.parametrize(
    ("write", "name", "problem"),
    [
        (
            lambda folder: (folder / "survey.csv").write_text(f"{'q' * 401},b\n1,2\n"),
            "survey.csv",
            "A column's name is longer than 400 characters or has a zero byte. Rename the column.",
        ),
        (
            lambda folder: pq.write_table(pa.table({"a\0b": [1]}), folder / "odd.parquet"),
            "odd.parquet",
            "A column's name is longer than 400 characters or has a zero byte. Rename the column.",
        ),
        (
            lambda folder: shutil.copytree(folder, folder / ("p" * 200) / ("q" * 200)),
            f"{'p' * 200}/{'q' * 182}…",
            "Its name is too long. Use at most 400 characters.",
        ),
    ],
)
def test_what_the_catalog_cannot_hold_keeps_nothing_else_out(write, name, problem, tmp_path, db):
    (tmp_path / "good.csv").write_text("email\nana@example.org\n")
    write(tmp_path)
    system = System.objects.create(name="Files", kind="folder", settings={"path": str(tmp_path)})
    assert crawled(system).data_sets == 2
    (odd,) = DataSet.objects.exclude(name="good.csv")
    assert (odd.name[: len(name)], odd.problem, odd.columns.count()) == (name, problem, 0)
    assert DataSet.objects.get(name="good.csv").columns.get().name == "email"
