"""Views of a real store: in the catalog as what they are, with the edges that make them."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.ledger.context import Actor, acting
from catalog.connectors.opening import open_connector
from catalog.crawling import crawl
from catalog.models import VIEW, Change, Column, DataSet, DataSetName, Edge, LineageJob, System
from catalog.scanning import scan_data_set
from tests.erasure.estate import SHOP, entries, register
from tests.services.fixtures import Database

VIEWS = """
CREATE VIEW contact AS
    SELECT c.id, lower(c.email) AS mail, md5(c.phone) AS phone_hash, count(p.id) AS purchases
    FROM customer c LEFT JOIN purchase p ON p.customer_id = c.id WHERE c.address IS NOT NULL GROUP BY c.id;
CREATE VIEW reader AS SELECT contact.* FROM contact JOIN newsletter ON newsletter.email = contact.mail;
CREATE MATERIALIZED VIEW total AS SELECT customer_id, sum(total) AS total FROM purchase GROUP BY customer_id;
"""


@pytest.fixture
def shop(db: None, pg_database: Database) -> System:
    pg_database.execute(SHOP + VIEWS)
    with acting(Actor("system", "test")):
        return register(pg_database)


def again(system: System) -> None:
    with acting(Actor("system", "test")), system.connect() as connector:
        crawl(system, connector)


def edges(view: str) -> set[tuple[str, str, str, str, str, bool]]:
    found = Edge.objects.filter(target__name=f"public.{view}", gone_at=None, origin=Edge.Origin.VIEW)
    return {
        (
            edge.source.name.removeprefix("public."),
            edge.source_column.name if edge.source_column else "*",
            edge.target_column.name if edge.target_column else "*",
            edge.kind,
            edge.subtype,
            edge.masking,
        )
        for edge in found.select_related("source", "source_column", "target_column")
    }


def test_views_are_data_sets_with_columns_and_samples(shop: System) -> None:
    assert set(shop.data_sets.filter(kind=VIEW).values_list("name", flat=True)) == {
        "public.contact",
        "public.reader",
        "public.total",
    }
    names = (
        Column.objects.filter(data_set__name="public.contact")
        .order_by("position")
        .values_list("name", flat=True)
    )
    assert list(names) == ["id", "mail", "phone_hash", "purchases"]
    with shop.connect() as connector:
        sample = connector.sample("public.contact", rows=1, seed=3)
        assert sample.num_rows == 1
        assert sample == connector.sample("public.contact", rows=1, seed=3)
        assert connector.sample("public.total", rows=5).num_rows == 3
        assert connector.count("public.contact") == 2
        assert sum(batch.num_rows for batch in connector.read("public.reader")) == 2
        judged, problem = scan_data_set(shop.data_sets.get(name="public.contact"), connector)
    assert (judged, problem) == (4, "")


def test_edges_of_views(shop: System) -> None:
    assert edges("contact") == {
        ("customer", "id", "id", "direct", "IDENTITY", False),
        ("customer", "email", "mail", "direct", "TRANSFORMATION", False),
        ("customer", "phone", "phone_hash", "direct", "TRANSFORMATION", True),
        ("purchase", "id", "purchases", "direct", "AGGREGATION", True),
        ("purchase", "customer_id", "*", "indirect", "JOIN", False),
        ("customer", "id", "*", "indirect", "JOIN", False),
        ("customer", "address", "*", "indirect", "FILTER", False),
        ("customer", "id", "*", "indirect", "GROUP_BY", False),
    }
    assert {edge for edge in edges("reader") if edge[3] == "direct"} == {
        ("contact", name, name, "direct", "IDENTITY", False)
        for name in ("id", "mail", "phone_hash", "purchases")
    }
    assert ("purchase", "total", "total", "direct", "AGGREGATION", False) in edges("total")


def test_a_view_has_the_name_that_producers_use(shop: System, pg_database: Database) -> None:
    name = DataSetName.objects.get(data_set__name="public.contact")
    assert name.namespace == f"postgres://{pg_database.host.lower()}:{pg_database.port}"
    assert name.name == f"{pg_database.name}.public.contact"
    job = LineageJob.objects.get(name=name.name)
    assert (job.kind, job.problem, "md5" in job.sql) == ("VIEW", "", True)


def test_edges_follow_the_view(shop: System, pg_database: Database) -> None:
    before = Edge.objects.count()
    again(shop)
    assert (Edge.objects.count(), Edge.objects.filter(gone_at=None).count()) == (before, before)
    pg_database.execute(
        "DROP VIEW reader; DROP VIEW contact; CREATE VIEW contact AS SELECT id, phone AS mail FROM customer"
    )
    again(shop)
    assert edges("reader") == set()
    assert edges("contact") == {
        ("customer", "id", "id", "direct", "IDENTITY", False),
        ("customer", "phone", "mail", "direct", "IDENTITY", False),
    }
    assert Change.objects.filter(sort=Change.Sort.DATA_SET_GONE).count() == 1


def test_a_view_on_a_schema_left_out_names_it_as_known_from_lineage_only(
    db: None, pg_database: Database
) -> None:
    pg_database.execute(
        "CREATE SCHEMA secret; CREATE TABLE secret.person (email text);"
        " CREATE VIEW mails AS SELECT email FROM secret.person"
    )
    with acting(Actor("system", "test")):
        system = register(pg_database)
        system.settings["schemas"] = "public"
        system.save()
        DataSet.objects.filter(system=system).delete()
        again(system)
    edge = Edge.objects.get(target__name="public.mails", kind="direct")
    assert (edge.source.name, edge.source.system.connectable) == (f"{pg_database.name}.secret.person", False)
    assert edge.source_column is not None
    assert edge.source_column.name == "email"


def test_definitions_say_every_schema(pg_database: Database) -> None:
    pg_database.execute(
        'CREATE SCHEMA "Odd.One"; CREATE TABLE "Odd.One".t (a int); CREATE VIEW "Odd.One".v AS TABLE "Odd.One".t'
    )
    settings = {"host": pg_database.host, "port": pg_database.port, "database": pg_database.name,
                "user": pg_database.user, "password": pg_database.password}  # fmt: skip
    with open_connector("postgresql", settings) as connector:
        (view,) = connector.definitions()
    assert (view.data_set, view.dialect) == ('"Odd.One".v', "postgres")
    assert '"Odd.One".t' in view.sql


def test_models_in_a_folder(shop: System, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "marts").mkdir()
    (tmp_path / "staging.sql").write_text(
        "{{ config(materialized='table') }}\n{# a {{ ref('comment') }} #}\n"
        "select id, email, phone from {{ source('public', 'customer') }}\n"
        "{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}"
    )
    (tmp_path / "marts" / "people.sql").write_text("select id, md5(email) as mail from {{ ref('staging') }}")
    call_command("lineage", "sql", str(tmp_path), dialect="postgres", system="shop", job="dbt")
    found = Edge.objects.filter(origin=Edge.Origin.SQL, kind="direct", gone_at=None)
    told = {
        (
            edge.source.name.split(".")[-1],
            edge.source_column.name,
            edge.target.name.split(".")[-1],
            edge.masking,
        )
        for edge in found.select_related("source", "source_column", "target")
        if edge.source_column
    }
    assert told == {
        ("customer", "id", "staging", False),
        ("customer", "email", "staging", False),
        ("customer", "phone", "staging", False),
        ("staging", "id", "people", False),
        ("staging", "email", "people", True),
    }
    assert set(LineageJob.objects.filter(kind="SQL").values_list("name", flat=True)) == {
        "dbt/staging",
        "dbt/marts/people",
    }
    assert "2 files." in capsys.readouterr().out
    (tmp_path / "staging.sql").write_text("select id from {{ source('public', 'customer') }}")
    call_command("lineage", "sql", str(tmp_path), dialect="postgres", system="shop", job="dbt")
    assert found.filter(target__name__endswith="staging").count() == 1
    assert [facts["flows"] for facts in entries("lineage.read")] == [7, 3]


def test_what_a_file_does_not_tell_is_said_and_the_rest_is_stored(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "load.sql"
    path.write_text(
        "insert into a select p from b;\nselekt 'ana@example.org';\ninsert into c select {{ var('x') }} as y, q from d"
    )
    with pytest.raises(CommandError, match="1 files could not be read") as refused:
        call_command("lineage", "sql", str(path), dialect="ansi")
    assert refused.value.returncode == 1
    told = capsys.readouterr().err
    assert "Statement 2 at line 2" in told
    assert "Line 3: only the template's own engine" in told
    assert "ana@example.org" not in told
    job = LineageJob.objects.get()
    assert (job.namespace, job.name, job.problem.splitlines()[0][:11]) == ("sql", "load", "Statement 2")
    assert Edge.objects.filter(kind="direct").count() == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql", "/nowhere/at/all.sql"], "There is no file or folder"),
        (["sql", ".", "--dialect", "klingon"], "There is no dialect 'klingon'"),
        (["sql", ".", "--system", "nobody"], "There is no system 'nobody'; known: none"),
    ],
)
def test_what_is_not_there_is_named(db: None, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        call_command("lineage", *arguments)
    assert refused.value.returncode == 2


def test_a_file_in_another_encoding_keeps_no_other_out(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.sql").write_bytes("select 'é' as x".encode("latin-1"))
    (tmp_path / "b.sql").write_text("insert into t select p from s")
    with pytest.raises(CommandError, match="1 files"):
        call_command("lineage", "sql", str(tmp_path))
    assert "a.sql: it is not UTF-8; save it as such." in capsys.readouterr().err
    assert Edge.objects.count() == 1
