"""The catalog over REST: every verb, every refusal, and never a secret."""

from collections.abc import Callable
from typing import Any

import pytest

from catalog.models import Column, Link, System
from governance.activities.models import ProcessingActivity
from governance.console.models import Job, User
from retention.models import Hold
from tests.catalog.chinook import settings_of
from tests.people import api_of
from tests.services.fixtures import Database

Find = Callable[[str], Column]
SYSTEMS, COLUMNS, LINKS = "/api/v1/systems/", "/api/v1/columns/", "/api/v1/links/"


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_the_kinds_of_store_describe_their_settings(emil: User):
    kinds = {kind["kind"]: kind for kind in api_of(emil).get("/api/v1/connectors/").json()}
    settings = kinds["postgresql"]["settings"]
    assert settings["required"] == ["database", "user"]
    assert settings["properties"]["password"]["writeOnly"] is True
    assert settings["properties"]["port"] == {
        "type": "integer",
        "title": "Port",
        "default": 5432,
        "minimum": 1,
        "maximum": 65535,
    }
    assert "folder" in kinds


def test_a_system_is_registered_scanned_and_never_shows_its_secret(
    emil: User, pg_database: Database, work: Callable[[], list[Job]]
):
    api = api_of(emil)
    body = {"name": "Shop", "kind": "postgresql", "region": "EU", "settings": settings_of(pg_database)}
    created = api.post(SYSTEMS, body, format="json")
    assert created.status_code == 201
    assert created.json()["secrets_set"] is True
    assert "password" not in created.json()["settings"]
    address = f"{SYSTEMS}{created.json()['id']}/"
    assert api.post(f"{address}test/").json()["answer"].startswith("PostgreSQL 1")
    started = api.post(f"{address}scan/")
    assert started.status_code == 202
    assert api.post(f"{address}scan/").json()["id"] == started.json()["id"]
    assert api.post(f"{address}crawl/").status_code == 202
    assert [job.state for job in work()] == ["done", "done"]
    assert pg_database.password not in api.get(address).content.decode()
    assert results(api.get(SYSTEMS, {"q": "sho"}))[0]["state"] == "reachable"
    assert results(api.get(SYSTEMS, {"q": "other"})) == []


def test_a_system_that_does_not_answer_is_a_problem_and_not_stored(emil: User, pg_database: Database):
    body = {"name": "Shop", "kind": "postgresql", "settings": settings_of(pg_database, port=1)}
    refused = api_of(emil).post(SYSTEMS, body, format="json")
    assert refused.status_code == 422
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["detail"].startswith("No PostgreSQL answers at 127.0.0.1:1.")
    assert not System.objects.exists()


def test_wrong_settings_are_named(emil: User, pg_database: Database):
    api = api_of(emil)
    wrong = api.post(
        SYSTEMS, {"name": "Shop", "kind": "postgresql", "settings": {"colour": "x"}}, format="json"
    )
    assert wrong.status_code == 400
    assert wrong.json()["errors"] == {"colour": ["This kind of system has no such setting."]}
    kind = api.post(SYSTEMS, {"name": "Shop", "kind": "oracle", "settings": {}}, format="json")
    assert list(kind.json()["errors"]) == ["kind"]


def test_a_system_is_changed_by_what_is_given(emil: User, shop: System, pg_database: Database):
    api, address = api_of(emil), f"{SYSTEMS}{shop.pk}/"
    assert api.patch(address, {"region": "DE"}, format="json").json()["region"] == "DE"
    assert System.objects.get().all_settings()["password"] == pg_database.password
    moved = api.patch(address, {"settings": {"host": "localhost"}}, format="json")
    assert moved.status_code == 400
    assert list(moved.json()["errors"]) == ["password"]
    wrong = api.patch(address, {"settings": {"password": "wrong"}}, format="json")
    assert wrong.status_code == 422
    narrower = {"settings": {"schemas": "public", "password": pg_database.password}}
    assert api.patch(address, narrower, format="json").json()["settings"]["schemas"] == "public"


def test_a_held_system_is_a_conflict(emil: User, scanned: System):
    api, address = api_of(emil), f"{SYSTEMS}{scanned.pk}/"
    invoice = scanned.data_sets.get(name="public.invoice")
    hold = Hold.objects.create(data_set=invoice, keep_columns=["total"], exemption="b", reason="Tax")
    assert api.delete(address).status_code == 409
    hold.delete()
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_columns_filter_as_on_the_page(vera: User, scanned: System, column: Find):
    api = api_of(vera)
    names = [row["name"] for row in results(api.get(COLUMNS, {"category": "contact", "q": "employee"}))]
    assert names == ["phone", "email"]
    album = scanned.data_sets.get(name="public.album")
    assert len(results(api.get(COLUMNS, {"data_set": album.pk}))) == 3
    assert results(api.get(COLUMNS, {"personal": "false"})) == []
    assert api.get(COLUMNS, {"state": "wrong"}).status_code == 400
    one = api.get(f"{COLUMNS}{column('customer.email').pk}/").json()
    assert (one["category"], one["personal"], one["system"]) == ("contact.email", True, scanned.pk)
    assert one["labels"][0]["origin"] == "scan"


def test_a_page_of_columns_costs_a_fixed_number_of_queries(
    vera: User, scanned: System, django_assert_max_num_queries: Callable
):
    api = api_of(vera)
    with django_assert_max_num_queries(5):
        assert len(results(api.get(COLUMNS))) == 35


def test_review_over_rest(dana: User, scanned: System, column: Find):
    api = api_of(dana)
    ids = [column("customer.email").pk, column("customer.phone").pk]
    done = api.post(f"{COLUMNS}review/", {"decision": "confirm", "columns": ids}, format="json")
    assert sorted(done.json()["changed"]) == sorted(ids)
    again = api.post(f"{COLUMNS}review/", {"decision": "confirm", "columns": ids}, format="json")
    assert again.json()["changed"] == []
    wrong = {"decision": "classify", "columns": ids, "category": "shoe.size"}
    assert api.post(f"{COLUMNS}review/", wrong, format="json").status_code == 400
    assert (
        api.post(f"{COLUMNS}review/", {"decision": "erase", "columns": ids}, format="json").status_code == 400
    )


def test_permissions_and_scopes_close_the_rest(
    emil: User, dana: User, vera: User, scanned: System, column: Find
):
    review = {"decision": "confirm", "columns": [column("customer.email").pk]}
    assert api_of(emil).post(f"{COLUMNS}review/", review, format="json").status_code == 403
    narrow = api_of(dana, "catalog.view")
    assert narrow.get(COLUMNS).status_code == 200
    assert narrow.post(f"{COLUMNS}review/", review, format="json").status_code == 403
    assert api_of(vera).post(f"{SYSTEMS}{scanned.pk}/scan/").status_code == 403
    assert api_of(dana).delete(f"{SYSTEMS}{scanned.pk}/").status_code == 403
    assert column("customer.email").state == "unreviewed"
    assert System.objects.exists()


def test_links_over_rest(dana: User, scanned: System):
    api = api_of(dana)
    ends = {
        "source": scanned.data_sets.get(name="public.track").pk,
        "target": scanned.data_sets.get(name="public.artist").pk,
        "source_columns": ["name"],
        "target_columns": ["name"],
        "follow": "reference",
    }
    wrong = api.post(LINKS, {**ends, "source_columns": ["nothing"]}, format="json")
    assert wrong.json()["errors"] == {"source_columns": ["public.track has no column nothing."]}
    made = api.post(LINKS, ends, format="json")
    assert (made.status_code, made.json()["origin"]) == (201, "declared")
    address = f"{LINKS}{made.json()['id']}/"
    assert api.post(LINKS, ends, format="json").status_code == 400
    assert api.patch(address, {"follow": "owned"}, format="json").json()["follow"] == "owned"
    assert len(results(api.get(LINKS, {"follow": "owned"}))) == 3
    for meaning in ("accessed", "owns", "accesses"):
        assert api.patch(address, {"follow": meaning}, format="json").json()["follow"] == meaning
    assert api.delete(address).status_code == 204
    key = Link.objects.filter(origin="foreign_key")[0]
    assert api.delete(f"{LINKS}{key.pk}/").status_code == 400


def test_data_sets_and_their_activities(amir: User, scanned: System):
    api = api_of(amir)
    (customer,) = results(api.get("/api/v1/data-sets/", {"q": "customer"}))
    assert (customer["column_count"], customer["unreviewed_count"]) == (9, 9)
    sales = ProcessingActivity.objects.create(
        name="Sales", purpose="Selling", lawful_basis="contract", subject_categories=["customers"]
    )
    address = f"/api/v1/data-sets/{customer['id']}/activities/"
    assert api.put(address, {"activities": [sales.pk]}, format="json").json()["activities"] == [sales.pk]
    assert api.put(address, {"activities": [999]}, format="json").status_code == 400


def test_changes_over_rest(vera: User, scanned: System, pg_database: Database, work: Callable, emil: User):
    pg_database.execute("ALTER TABLE track ADD COLUMN composer text")
    api_of(emil).post(f"{SYSTEMS}{scanned.pk}/crawl/")
    work()
    (change,) = results(api_of(vera).get("/api/v1/changes/"))
    assert (change["column_name"], change["sort"]) == ("composer", "column_added")


@pytest.mark.parametrize("path", [SYSTEMS, COLUMNS, LINKS, "/api/v1/connectors/", "/api/v1/changes/"])
def test_strangers_get_nothing(db: None, client: Any, path: str):
    assert client.get(path).status_code == 401
