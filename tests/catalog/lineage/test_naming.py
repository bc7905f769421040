"""Names meet: symlinks, external data sets that turn out to be real ones, and what is not to be merged."""

from collections.abc import Callable

import pytest

from catalog import registering, scanning
from catalog.lineage.naming import learn_names, resolve
from catalog.models import Column, DataSet, DataSetName, Edge, Label, System
from governance.console.models import Job
from retention.models import Hold
from tests.catalog.ledger import facts_of
from tests.catalog.lineage.openlineage import columns, data_set, edges, lineage, run_event, send
from tests.services.fixtures import Database

IDENTITY = ("DIRECT", "IDENTITY", False)


class Postgres:
    """What `learn_names` asks of a connector."""

    def lineage_namespace(self) -> str:
        return "postgresql://DB"

    def lineage_name(self, data_set: str) -> str:
        return f"shop.{data_set}"


def link(name: str, namespace: str = "hive") -> dict:
    return {"identifiers": [{"namespace": namespace, "name": name, "type": "TABLE"}]}


def test_name_nobody_knows_is_a_data_set_of_an_external_system(db: None, sequenced):
    found = resolve({("kafka://broker:9092", "orders"), ("kafka://broker:9092", "people")})
    assert {one.name for one in found.values()} == {"orders", "people"}
    system = System.objects.get()
    assert (system.name, system.kind, system.connectable) == ("kafka://broker:9092", "external", False)
    assert facts_of(sequenced()[-1]) == (
        "lineage.named",
        {"data_sets": 2, "systems": ["kafka://broker:9092"]},
    )
    again = resolve({("kafka://BROKER:9092/", "orders")})
    assert again == {("kafka://BROKER:9092/", "orders"): found["kafka://broker:9092", "orders"]}
    assert resolve({("kafka://broker:9092", "none")}, external=False) == {}


def test_namespace_may_be_long_or_called_like_a_connected_system(db: None):
    System.objects.create(name="shop", kind="postgresql")
    resolve({("shop", "t"), ("x" * 400, "t")})
    names = set(System.objects.filter(kind="external").values_list("name", flat=True))
    assert {len(name) for name in names} == {15, 80}
    resolve({("shop", "u"), ("x" * 400, "u")})
    assert DataSet.objects.count() == 4
    assert System.objects.count() == 3


def test_symlink_first_seen_later_merges_what_was_two(db: None):
    send(run_event(outputs=[data_set("db.t", columnLineage=lineage("db.s", a=("x", *IDENTITY)))]))
    told = lineage("db.s", a=("x", *IDENTITY), b=("y", *IDENTITY))
    send(
        run_event(
            at="2026-03-01T09:00:00Z", outputs=[data_set("default.t", namespace="hive", columnLineage=told)]
        )
    )
    assert DataSet.objects.count() == 3
    send(
        run_event(
            at="2026-03-02T10:00:00Z", job="other", outputs=[data_set("db.t", symlinks=link("default.t"))]
        )
    )
    assert set(DataSet.objects.values_list("name", flat=True)) == {"db.t", "db.s"}
    assert not System.objects.filter(name="hive").exists()
    assert edges() == {
        ("db.s:x", "db.t:a", "direct", "IDENTITY", False),
        ("db.s:y", "db.t:b", "direct", "IDENTITY", False),
    }
    first = Edge.objects.get(target_column__name="a")
    assert (first.first_seen_at.hour, first.last_seen_at.hour) == (9, 10)
    assert resolve({("hive", "default.t")})["hive", "default.t"].name == "db.t"


def test_connected_system_takes_over_what_lineage_knew(db: None, sequenced):
    tag = {"tags": [{"key": "pii", "value": "email", "field": "mail"}]}
    people = data_set("shop.public.people", schema=columns(mail="text", old="text"), tags=tag)
    told = lineage("shop.public.people", m=("mail", *IDENTITY), o=("old", *IDENTITY))
    send(run_event(inputs=[people], outputs=[data_set("shop.public.report", columnLineage=told)]))
    real = System.objects.create(name="Shop", kind="postgresql")
    table = DataSet.objects.create(system=real, name="public.people", kind="table")
    column = Column.objects.create(data_set=table, name="Mail", position=1, data_type="text", kind="text")
    learn_names(real, Postgres())  # type: ignore[arg-type]
    assert edges() == {
        ("public.people:Mail", "shop.public.report:m", "direct", "IDENTITY", False),
        ("public.people", "shop.public.report:o", "direct", "IDENTITY", False),
    }
    assert Label.objects.get(origin="facet").column == column
    assert set(DataSet.objects.values_list("name", flat=True)) == {"public.people", "shop.public.report"}
    assert "lineage.merged" in {facts_of(entry)[0] for entry in sequenced()}
    assert (
        resolve({("postgres://db:5432", "shop.public.people")}, external=False)[
            "postgres://db:5432", "shop.public.people"
        ]
        == table
    )
    learn_names(real, Postgres())  # type: ignore[arg-type]
    assert DataSetName.objects.count() == 2
    send(
        run_event(
            at="2026-03-02T10:00:00Z", outputs=[data_set("shop.public.people", schema=columns(new="int"))]
        )
    )
    assert list(table.columns.values_list("name", flat=True)) == ["Mail"]  # a connected store is asked itself


def test_two_connected_systems_are_never_merged(db: None):
    for name in ("one", "two"):
        system = System.objects.create(name=name, kind="postgresql")
        table = DataSet.objects.create(system=system, name="t", kind="table")
        DataSetName.objects.create(namespace=name, name="t", data_set=table)
    found = resolve({("one", "t"), ("two", "t")}, same=[(("one", "t"), ("two", "t"))])
    assert {one.system.name for one in found.values()} == {"one", "two"}


def test_what_a_hold_refers_to_stays_marked_as_gone(db: None):
    external = resolve({("hive", "t")})["hive", "t"]
    Hold.objects.create(data_set=external, keep_columns=[], exemption="e", reason="A claim in court")
    real = System.objects.create(name="Shop", kind="postgresql")
    table = DataSet.objects.create(system=real, name="t", kind="table")
    DataSetName.objects.create(namespace="one", name="t", data_set=table)
    found = resolve({("one", "t"), ("hive", "t")}, same=[(("one", "t"), ("hive", "t"))])
    assert set(found.values()) == {table}
    external.refresh_from_db()
    assert external.gone_at is not None


def test_crawl_learns_the_names_of_a_real_store(
    pg_database: Database, work: Callable[[], list[Job]], monkeypatch: pytest.MonkeyPatch, db: None
):
    pg_database.execute("CREATE TABLE people (mail text)")
    settings = {
        "host": pg_database.host,
        "port": pg_database.port,
        "database": pg_database.name,
        "user": pg_database.user,
        "password": pg_database.password,
    }
    system = registering.add(name="Shop", kind="postgresql", settings=settings)
    scanning.request(system, kind="catalog.crawl")
    assert [job.state for job in work()] == ["done"]
    with system.connect() as connector:
        namespace, name = connector.lineage_namespace(), connector.lineage_name("public.people")
    assert (namespace, name) == (
        f"postgres://{pg_database.host}:{pg_database.port}",
        f"{pg_database.name}.public.people",
    )
    told = lineage("x", mail=("m", *IDENTITY))
    send(run_event(outputs=[data_set(name, namespace=namespace, columnLineage=told)]))
    edge = Edge.objects.get()
    assert (edge.target.system, edge.target_column.name) == (system, "mail")
