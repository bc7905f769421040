"""The catalog in the browser: lists and their filters, review in bulk and in place, forms that say what is wrong."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from catalog import linking, scanning
from catalog.models import Change, Column, Link, System
from governance.activities.models import ProcessingActivity
from governance.console.models import Job, User
from retention.models import Hold
from tests.catalog.chinook import settings_of
from tests.people import client_of
from tests.services.fixtures import Database

Find = Callable[[str], Column]
HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name: str, *args: Any) -> str:
    return reverse(f"catalog:{name}", args=args)


def posted(database: Database, **changes: Any) -> dict[str, Any]:
    """The form of a PostgreSQL system as a browser sends it."""
    general = {"name": "Shop", "region": "EU", "custodian": "", "settings-statement_timeout": "60"}
    return general | {f"settings-{name}": value for name, value in settings_of(database, **changes).items()}


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def names(response: Any) -> list[str]:
    """The columns a list of columns shows, as `table.column`."""
    rows = re.findall(r'<tr id="row-\d+">.*?</tr>', response.content.decode(), re.DOTALL)
    return [
        ".".join(reversed(re.findall(r"<td[^>]*><a [^>]*>(?:public\.)?([^<]*)</a>", row)[:2])) for row in rows
    ]


def test_a_system_is_connected_in_two_steps(emil: User, pg_database: Database):
    browser = client_of(emil)
    assert "Connect a system" in text(browser.get(url("systems")))
    assert "?kind=postgresql" in browser.get(url("system_add")).content.decode()
    form = browser.get(url("system_add"), {"kind": "postgresql"})
    assert 'type="password" name="settings-password"' in form.content.decode()
    answer = browser.post(f"{url('system_add')}?kind=postgresql", posted(pg_database))
    system = System.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url("system", system.pk))
    assert "Shop answers." in text(browser.get(answer["Location"]))
    assert browser.get(url("system_add"), {"kind": "oracle"}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "refuses the user"),
        ({"port": 1}, "No PostgreSQL answers at 127.0.0.1:1."),
        ({"port": "many"}, "Enter a whole number."),
        ({"user": ""}, "This field is required."),
    ],
)
def test_a_system_that_does_not_answer_is_422_and_not_stored(
    emil: User, pg_database: Database, changes: dict, words: str
):
    answer = client_of(emil).post(f"{url('system_add')}?kind=postgresql", posted(pg_database, **changes))
    assert answer.status_code == 422
    assert words in text(answer)
    assert pg_database.password not in answer.content.decode()
    assert not System.objects.exists()


def test_a_name_in_use_is_said_beside_its_field(emil: User, shop: System, pg_database: Database):
    answer = client_of(emil).post(f"{url('system_add')}?kind=postgresql", posted(pg_database))
    assert answer.status_code == 422
    assert "System with this Name already exists." in text(answer)


def test_a_changed_host_asks_for_the_secret_again(emil: User, shop: System, pg_database: Database):
    browser = client_of(emil)
    shown = browser.get(url("system_change", shop.pk))
    assert "set – replace?" in shown.content.decode()
    assert pg_database.password not in shown.content.decode()
    moved = browser.post(url("system_change", shop.pk), posted(pg_database, password="", host="localhost"))
    assert moved.status_code == 422
    assert "Enter it again: it was given for another host." in text(moved)
    kept = browser.post(url("system_change", shop.pk), posted(pg_database, password="") | {"name": "Webshop"})
    assert kept.status_code == 302
    assert System.objects.get().name == "Webshop"
    assert System.objects.get().all_settings()["password"] == pg_database.password


def test_a_test_of_a_system_says_what_is_wrong(emil: User, shop: System):
    browser = client_of(emil)
    good = browser.post(url("system_test", shop.pk), follow=True)
    assert "Shop answers: PostgreSQL 1" in text(good)
    System.objects.update(settings={**shop.settings, "port": 1})
    bad = browser.post(url("system_test", shop.pk))
    assert bad.status_code == 422
    assert "No PostgreSQL answers at 127.0.0.1:1. Check host, port" in text(bad)


def test_a_scan_starts_once_shows_progress_and_results(
    dana: User, shop: System, work: Callable[[], list[Job]]
):
    browser = client_of(dana)
    assert browser.post(url("system_scan", shop.pk))["Location"] == url("system", shop.pk)
    browser.post(url("system_scan", shop.pk))
    (job,) = Job.objects.all()
    progress = reverse("console:job_progress", args=[job.pk])
    waiting = browser.get(url("system", shop.pk)).content.decode()
    assert f'hx-get="{progress}' in waiting
    work()
    done = browser.get(progress)
    assert "hx-get" not in done.content.decode()
    assert "Scanned 35 columns of 7 data sets." in text(done)
    assert "public.customer" in text(browser.get(url("system", shop.pk)))
    assert "Scanned 35 columns" in text(browser.get(url("system", shop.pk), {"tab": "jobs"}))


@pytest.mark.parametrize("tab", ["", "settings", "drift", "jobs"])
def test_no_tab_of_a_system_shows_its_secret(vera: User, scanned: System, pg_database: Database, tab: str):
    answer = client_of(vera).get(url("system", scanned.pk), {"tab": tab})
    assert answer.status_code == 200
    assert pg_database.password not in answer.content.decode()


def test_removal_wants_the_name_typed_and_refuses_what_is_held(emil: User, scanned: System):
    browser = client_of(emil)
    assert browser.post(url("system_remove", scanned.pk), {"typed": "shop"}).status_code == 422
    invoice = scanned.data_sets.get(name="public.invoice")
    hold = Hold.objects.create(data_set=invoice, keep_columns=["total"], exemption="b", reason="Tax")
    refused = browser.post(url("system_remove", scanned.pk), {"typed": "Shop"})
    assert refused.status_code == 422
    assert "legal holds still refer to data sets of Shop (1 hold)" in text(refused)
    hold.delete()
    assert browser.post(url("system_remove", scanned.pk), {"typed": "Shop"}).status_code == 302
    assert not System.objects.exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=email", ["customer.email", "employee.email"]),
        ("category=contact&q=employee", ["employee.phone", "employee.email"]),
        ("category=contact.phone", ["customer.phone", "employee.phone"]),
        ("sensitivity=direct&q=invoice", ["invoice.billing_address"]),
        ("state=confirmed", ["album.title"]),
        ("personal=false", ["album.title"]),
        ("questioned=true", ["customer.phone"]),
        ("category=unclassified", ["artist.name"]),
        ("q=invoice&category=id", ["invoice.customer_id"]),
        ("gone=true", ["track.name"]),
    ],
)
def test_the_filters_are_in_the_url(
    vera: User, scanned: System, column: Find, query: str, expected: list[str]
):
    Column.objects.filter(pk=column("album.title").pk).update(state="confirmed", sensitivity="none")
    Column.objects.filter(pk=column("customer.phone").pk).update(questioned=True)
    Column.objects.filter(pk=column("artist.name").pk).update(category="", sensitivity="")
    Column.objects.filter(pk=column("track.name").pk).update(gone_at="2024-01-01T00:00Z")
    assert names(client_of(vera).get(f"{url('columns')}?{query}")) == expected


def test_a_data_set_and_a_system_narrow_the_list(vera: User, scanned: System):
    browser = client_of(vera)
    album = scanned.data_sets.get(name="public.album")
    shown = browser.get(url("columns"), {"data_set": album.pk, "system": scanned.pk})
    assert names(shown) == ["album.album_id", "album.title", "album.artist_id"]
    assert "Shop / public.album" in text(shown)
    assert browser.get(url("columns"), {"data_set": 999_999}).status_code == 400
    assert browser.get(url("columns"), {"sensitivity": "very"}).status_code == 400


def test_the_list_sorts_exports_and_answers_htmx_with_the_table_alone(vera: User, scanned: System):
    browser = client_of(vera)
    sorted_names = names(browser.get(url("columns"), {"q": "customer", "sort": "-name"}))
    assert sorted_names[0] == "customer.support_rep_id"
    part = browser.get(url("columns"), {"q": "email"}, **HTMX).content.decode()
    assert "<html" not in part
    file = b"".join(
        browser.get(url("columns"), {"q": "customer.email", "format": "csv"}).streaming_content
    ).decode()
    assert file.splitlines()[0].startswith(
        "Column,Data set,Category,Sensitivity,Confidence,State,System,Type"
    )
    rows = b"".join(browser.get(url("columns"), {"q": "email", "format": "csv"}).streaming_content).decode()
    assert (
        rows.splitlines()[1]
        == "email,public.customer,E-mail address,direct,98%,unreviewed,Shop,character varying(80)"
    )


def test_the_list_of_columns_costs_a_fixed_number_of_queries(
    dana: User, scanned: System, django_assert_max_num_queries: Callable
):
    browser = client_of(dana)
    with django_assert_max_num_queries(8):
        assert browser.get(url("columns")).status_code == 200


def test_review_in_bulk(dana: User, scanned: System, column: Find):
    browser = client_of(dana)
    ids = [column("customer.email").pk, column("customer.phone").pk]
    answer = browser.post(
        url("review"), {"action": "confirm", "ids": ids, "next": f"{url('columns')}?q=customer"}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{url('columns')}?q=customer")
    assert "2 columns confirmed." in text(browser.get(answer["Location"]))
    browser.post(url("review"), {"action": "none", "all": "1", "query": "?q=track"})
    assert set(Column.objects.filter(data_set__name="public.track").values_list("state", "sensitivity")) == {
        ("confirmed", "none")
    }
    browser.post(url("review"), {"action": "reopen", "ids": ids})
    assert column("customer.email").state == "unreviewed"
    browser.post(url("review"), {"action": "classify", "ids": ids, "category": "id", "sensitivity": "direct"})
    assert (column("customer.email").category, column("customer.email").sensitivity) == ("id", "direct")
    browser.post(url("review"), {"action": "reject", "ids": [column("employee.email").pk]})
    assert column("employee.email").category != "contact.email"


def test_a_review_that_says_nothing_changes_nothing(dana: User, scanned: System, column: Find):
    browser = client_of(dana)
    refused = browser.post(url("review"), {"action": "classify", "ids": [column("customer.email").pk]})
    assert refused.status_code == 422
    assert "Choose a category from the list." in text(refused)
    none = browser.post(
        url("review"), {"action": "confirm", "next": "https://elsewhere.example/"}, follow=True
    )
    assert none.redirect_chain == [(url("columns"), 302)]
    assert "No column changed" in text(none)
    assert not Column.objects.filter(state="confirmed").exists()


def test_one_column_is_accepted_in_its_row(dana: User, scanned: System, column: Find):
    email = column("customer.email")
    form = {"action": "confirm", "ids": email.pk, "row": "1"}
    row = client_of(dana).post(url("review"), form, **HTMX).content.decode().strip()
    assert row.startswith(f'<tr id="row-{email.pk}">')
    assert "Confirmed" in row
    assert "Accept" not in row


@pytest.mark.parametrize("ids", ["", "abc", "9" * 30])
def test_a_row_that_is_none_is_not_found(ids: str, dana: User, db: None):
    form = {"action": "confirm", "ids": ids, "row": "1"}
    assert client_of(dana).post(url("review"), form, **HTMX).status_code == 404


def test_only_reviewers_review(emil: User, vera: User, scanned: System, column: Find):
    for user in (emil, vera):
        browser = client_of(user)
        answer = browser.post(url("review"), {"action": "confirm", "ids": [column("customer.email").pk]})
        assert answer.status_code == 403
        assert "Accept suggestion" not in text(browser.get(url("columns")))
    assert column("customer.email").state == "unreviewed"


def test_the_page_of_a_column_explains_its_verdict(
    dana: User, scanned: System, column: Find, pg_database: Database
):
    email = column("customer.email")
    browser = client_of(dana)
    shown = browser.get(url("column", email.pk))
    assert "12 of 12 distinct values look like" in text(shown)
    assert "Yes, until somebody has reviewed it" in text(shown)
    for (value,) in pg_database.execute("SELECT email FROM customer"):
        assert value not in shown.content.decode()
    browser.post(url("review"), {"action": "confirm", "ids": [email.pk], "next": email.get_absolute_url()})
    assert "by Dana" in text(browser.get(url("column", email.pk)))
    key = text(browser.get(url("column", column("invoice.customer_id").pk)))
    assert "belong to the person of Shop / public.customer customer_id" in key


def test_a_data_set_shows_columns_links_and_activities(amir: User, scanned: System):
    sales = ProcessingActivity.objects.create(
        name="Sales", purpose="Selling", lawful_basis="contract", subject_categories=["customers"]
    )
    invoice = scanned.data_sets.get(name="public.invoice")
    browser = client_of(amir)
    shown = text(browser.get(url("data_set", invoice.pk)))
    assert "billing_address" in shown
    assert "belong to the person of Shop / public.customer" in shown
    assert browser.post(url("data_set", invoice.pk), {"activities": [sales.pk]}).status_code == 302
    assert list(invoice.activities.all()) == [sales]
    assert browser.post(url("data_set", invoice.pk), {"activities": ["x"]}).status_code == 422
    assert "public.invoice_line" in text(browser.get(url("data_sets"), {"q": "invoice"}))


def test_a_stranger_to_activities_cannot_assign_them(dana: User, scanned: System):
    invoice = scanned.data_sets.get(name="public.invoice")
    assert client_of(dana).post(url("data_set", invoice.pk), {"activities": []}).status_code == 403


def test_links_are_declared_decided_and_removed(dana: User, scanned: System):
    browser = client_of(dana)
    form = {
        "source": "Shop / public.track",
        "source_columns": "name",
        "target": "Shop / public.artist",
        "target_columns": "name, artist_id",
        "follow": "reference",
    }
    wrong = browser.post(url("link_declare"), form)
    assert wrong.status_code == 422
    assert "Name 1, one for each column of the source." in text(wrong)
    unknown = browser.post(url("link_declare"), {**form, "target": "Shop / nowhere"})
    assert "No data set of the catalog is called so" in text(unknown)
    assert browser.post(url("link_declare"), {**form, "target_columns": "name"}).status_code == 302
    link = Link.objects.get(origin="declared")
    row = browser.post(url("link_decide", link.pk), {"follow": "owned"}, **HTMX)
    assert "Belongs to the person" in text(row)
    assert '<option value="owned" selected>' in row.content.decode()
    for meaning in ("accessed", "owns", "accesses"):
        browser.post(url("link_decide", link.pk), {"follow": meaning})
        link.refresh_from_db()
        assert link.follow == meaning
        assert escape(link.says) in text(browser.get(link.source.get_absolute_url()))
    assert "8 rows" in text(browser.get(url("links")))
    assert "1 row" in text(browser.get(url("links"), {"follow": "accesses"}))
    assert browser.post(url("link_decide", link.pk), {"follow": "maybe"}).status_code == 422
    assert "8 rows" in text(browser.get(url("links")))
    assert "1 row" in text(browser.get(url("links"), {"origin": "declared"}))
    browser.post(url("link_decide", link.pk), {"action": "remove"})
    assert not Link.objects.filter(origin="declared").exists()
    key = Link.objects.filter(origin="foreign_key")[0]
    assert browser.post(url("link_decide", key.pk), {"action": "remove"}).status_code == 422
    prefilled = browser.get(url("link_declare"), {"source": scanned.data_sets.get(name="public.track").pk})
    assert 'value="Shop / public.track"' in prefilled.content.decode()


def test_changes_are_listed_and_filtered(vera: User, scanned: System, pg_database: Database, work: Callable):
    pg_database.execute("ALTER TABLE track ADD COLUMN composer text; DROP TABLE invoice_line")
    scanning.request(scanned)
    work()
    browser = client_of(vera)
    assert Change.objects.count() == 2
    shown = text(browser.get(url("changes"), {"sort_of_change": "column_added", "system": scanned.pk}))
    assert "composer" in shown
    assert "invoice_line" not in shown
    drift = text(browser.get(url("system", scanned.pk), {"tab": "drift"}))
    assert "Data set gone" in drift


def test_the_cards_say_what_waits(dana: User, scanned: System, column: Find):
    Column.objects.filter(pk=column("customer.email").pk).update(state="confirmed", questioned=True)
    browser = client_of(dana)
    assert "1 connected" in text(browser.get(url("card_systems"), **HTMX))
    review = text(browser.get(url("card_review"), **HTMX))
    assert "35 columns to review" in review
    assert "1 questioned by a later scan" in review


def test_names_from_a_store_are_escaped(vera: User, shop: System, pg_database: Database, work: Callable):
    pg_database.execute('CREATE TABLE "robert\'); drop table--" ("<script>alert(1)</script>" text)')
    scanning.request(shop, kind="catalog.crawl")
    work()
    hostile = Column.objects.get(name__startswith="<script>")
    browser = client_of(vera)
    for page in (
        url("columns") + "?q=script",
        url("column", hostile.pk),
        url("data_set", hostile.data_set_id),
    ):
        shown = browser.get(page)
        assert shown.status_code == 200
        assert "<script>alert" not in shown.content.decode()
        assert "&lt;script&gt;alert(1)" in shown.content.decode()


def test_a_link_of_two_systems_is_listed_for_both(dana: User, scanned: System, pg_database: Database):
    first = scanned.data_sets.get(name="public.customer")
    linking.declare(
        source=first, target=scanned.data_sets.get(name="public.artist"), source_columns=["last_name"],
        target_columns=["name"], by=dana,
    )  # fmt: skip
    shown = client_of(dana).get(url("links"), {"data_set": first.pk})
    assert "3 rows" in text(shown)
