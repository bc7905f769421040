"""Lineage in the browser and over REST."""

import re
from collections.abc import Callable
from typing import Any

from django.urls import reverse

from catalog.models import Edge
from governance.console.models import User
from tests.catalog.lineage.conftest import Estate
from tests.people import api_of, client_of

HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name: str, *args: Any) -> str:
    return reverse(f"catalog:{name}", args=args)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_lineage_page_is_where_to_start(estate: Estate, vera: User):
    browser = client_of(vera)
    assert "No lineage yet" in text(browser.get(url("lineage")))
    estate.flow("shop.customer.email", "lake.people.email")
    estate.flow("shop.customer.email", "lake.visits.email")
    estate("shop.product.name")
    shown = browser.get(url("lineage"))
    assert [row.item.name for row in shown.context["listing"].rows] == ["people", "visits", "customer"]
    assert [(row.item.upstream, row.item.downstream) for row in shown.context["listing"].rows][2] == (None, 2)
    found = browser.get(url("lineage"), {"q": "peo"})
    assert [row.item.name for row in found.context["listing"].rows] == ["people"]
    assert url("data_set_lineage", found.context["listing"].rows[0].item.pk) in found.content.decode()


def test_the_drawing_can_be_read_clicked_and_opened(estate: Estate, vera: User, propagated: Callable):
    email = estate.suggest("shop.customer.email", "contact.email")
    estate.flow("shop.customer.email", "lake.people.hash", "TRANSFORMATION", masking=True)
    estate.flow("shop.customer.id", "lake.people.id", "JOIN", kind="indirect")
    estate.flow("lake.people.hash", "lake.gold.hash")
    people = estate("lake.people.hash").data_set
    propagated()
    browser = client_of(vera)
    answer = browser.get(url("data_set_lineage", email.data_set_id))
    page = answer.content.decode()
    assert (
        f'href="{email.get_absolute_url()}" aria-label="shop / customer / email, direct identifier"' in page
    )
    assert 'aria-label="Show 1 more downstream of people"' in page
    assert f"{url('data_set_lineage', email.data_set_id)}?expand={people.pk}" in page
    assert 'class="lineage-flow lineage-masked"' in page
    assert 'class="lineage-flow lineage-indirect"' in page
    assert "style=" not in page.partition("<main")[2]
    rows = re.findall(r"<tr><td.*?</tr>", page, re.DOTALL)
    assert len(rows) == 2
    assert "Transformation" in rows[0]
    assert "Masked" in rows[0]
    opened = browser.get(url("data_set_lineage", email.data_set_id), {"expand": people.pk})
    assert "lake / gold / hash" in opened.content.decode()
    part = browser.get(url("data_set_lineage", email.data_set_id), {"columns": "all"}, **HTMX)
    assert part.content.decode().strip().startswith('<div id="lineage">')
    assert "Personal columns only" in text(part)
    alone = browser.get(url("data_set_lineage", estate("shop.product.name").data_set_id))
    assert "No lineage known here" in text(alone)
    assert browser.get(url("data_set_lineage", 999_999)).status_code == 404


def test_a_drawing_costs_few_queries(estate: Estate, vera: User, django_assert_max_num_queries: Callable):
    for number in range(30):
        estate.suggest(f"shop.customer.c{number}", "contact.email")
        estate.flow(f"shop.customer.c{number}", f"lake.t{number}.x")
    browser = client_of(vera)
    with django_assert_max_num_queries(20):
        browser.get(url("data_set_lineage", estate("shop.customer.c0").data_set_id))


def test_an_edge_is_declared_and_removed_on_the_page(estate: Estate, dana: User, vera: User):
    page = url("data_set_lineage", estate("shop.customer.email").data_set_id)
    estate("lake.people.mail")
    form = {
        "column": "email",
        "direction": "to",
        "other": "lake / people / mail",
        "way": "direct TRANSFORMATION",
        "masking": "on",
    }
    assert client_of(vera).post(page, form).status_code == 403
    browser = client_of(dana)
    for wrong, words in (
        ({"column": "e_mail"}, "customer has no column e_mail."),
        ({"other": "lake / people / nothing"}, "people has no column nothing."),
        ({"other": "people"}, "write it as system / data set"),
        ({"other": "shop / customer / email"}, "does not flow into itself"),
    ):
        refused = browser.post(page, form | wrong)
        assert (refused.status_code, words in text(refused)) == (422, True), words
    assert browser.post(page, form).status_code == 302
    edge = Edge.objects.get()
    assert (edge.source_column, edge.target_column) == (
        estate("shop.customer.email"),
        estate("lake.people.mail"),
    )
    assert (edge.origin, edge.subtype, edge.masking) == ("declared", "TRANSFORMATION", True)
    assert url("edge_remove", edge.pk) in browser.get(page).content.decode()
    assert client_of(vera).post(url("edge_remove", edge.pk)).status_code == 403
    assert browser.post(url("edge_remove", edge.pk)).status_code == 302
    assert Edge.objects.get().gone_at is not None
    reported = estate.flow("shop.customer.email", "lake.people.mail")
    assert browser.post(url("edge_remove", reported.pk)).status_code == 422


def test_an_edge_may_come_from_elsewhere(estate: Estate, dana: User):
    page = url("data_set_lineage", estate("shop.customer.email").data_set_id)
    estate("crm.person.mail")
    form = {"column": "email", "direction": "from", "other": "crm / person / mail", "way": "indirect FILTER"}
    assert client_of(dana).post(page, form).status_code == 302
    edge = Edge.objects.get()
    assert (str(edge.source_column), edge.kind, edge.subtype) == ("crm / person / mail", "indirect", "FILTER")


def test_where_is_my_data_on_the_page(estate: Estate, vera: User, propagated: Callable):
    email = estate.suggest("shop.customer.email", "contact.email")
    estate.flow("shop.customer.email", "lake.people.email")
    propagated()
    browser = client_of(vera)
    page = url("where_is")
    assert "Choose a kind of data" in text(browser.get(page))
    column = text(browser.get(page, {"column": email.pk}))
    assert "It goes into" in column
    assert "customer.email people.email" in column
    category = text(browser.get(page, {"category": "contact.email"}))
    assert "lake / people / email" in category
    assert "EU lake 1 1 1" in category
    person = text(browser.get(page, {"identifier": "contact.email"}))
    assert "Nobody is searched for here." in person
    for unknown in (
        {"column": "x"},
        {"column": "999999"},
        {"category": "pigeon"},
        {"identifier": "contact.fax"},
    ):
        assert browser.get(page, unknown).status_code == 404
    assert f"{page}?column={email.pk}" in browser.get(email.get_absolute_url()).content.decode()


def test_the_same_over_rest(estate: Estate, dana: User, vera: User):
    email, copy = estate.suggest("shop.customer.email", "contact.email"), estate("lake.people.email")
    asked = {"source_column": email.pk, "target_column": copy.pk}
    assert api_of(vera).post("/api/v1/edges/", asked, format="json").status_code == 403
    api = api_of(dana)
    made = api.post("/api/v1/edges/", asked, format="json")
    assert (made.status_code, made.json()["subtype"], made.json()["origin"]) == (201, "IDENTITY", "declared")
    again = api.post("/api/v1/edges/", asked, format="json")
    assert (again.status_code, "declared already" in again.json()["detail"]) == (400, True)
    graph = api.get(f"/api/v1/data-sets/{email.data_set_id}/lineage/").json()
    assert [box["name"] for box in graph["data_sets"]] == ["customer", "people"]
    assert [(flow["source_column"], flow["target_column"]) for flow in graph["flows"]] == [
        (email.pk, copy.pk)
    ]
    down = api.get("/api/v1/where/", {"column": email.pk}).json()
    assert [(place["id"], place["route"]) for place in down["downstream"]] == [(copy.pk, [email.pk, copy.pk])]
    kinds = api.get("/api/v1/where/", {"category": "contact.email"}).json()
    assert [(row["name"], row["columns"]) for row in kinds["systems"]] == [("shop", 1)]
    person = api.get("/api/v1/where/", {"identifier": "contact.email"}).json()
    assert [one["name"] for one in person["beyond"]] == ["customer"]  # its system is not connected
    listed = api.get("/api/v1/edges/", {"data_set": copy.data_set_id}).json()
    assert [edge["id"] for edge in listed["results"]] == [made.json()["id"]]
    assert api.delete(f"/api/v1/edges/{made.json()['id']}/").status_code == 204
    assert api.get(f"/api/v1/edges/{made.json()['id']}/").status_code == 404


def test_rest_says_what_is_wrong(estate: Estate, vera: User):
    api = api_of(vera)
    for asked, words in (
        ({}, "Name one of: column, category, identifier."),
        ({"column": "1", "category": "name"}, "Name one of: column, category, identifier."),
        ({"column": "x"}, "There is no such column."),
        ({"column": "999999"}, "There is no such column."),
        ({"category": "pigeon"}, "There is no such category."),
        ({"identifier": "contact.fax"}, "There is no such identifier."),
    ):
        answer = api.get("/api/v1/where/", asked)
        assert (answer.status_code, words in answer.json()["detail"]) == (400, True), asked
    assert api.get("/api/v1/data-sets/999999/lineage/").status_code == 404
