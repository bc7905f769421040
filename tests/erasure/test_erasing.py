"""One request from search to proof, in a real database."""

import pytest

from audit.ledger.context import acting
from catalog.models import System
from erasure.models import Plan, Step, SubjectRequest
from erasure.requests import intake
from retention import holds
from tests.erasure.estate import approve, data_set, entries, find, request_of
from tests.services.fixtures import Database

State = SubjectRequest.State


def test_everything_of_one_person_goes_and_nothing_else(
    shop: System, shop_database: Database, amir, petra, work
):
    request = find(request_of("ana@example.org", amir), amir, work)
    assert request.state == State.PLANNED
    assert {hit.data_set.name: hit.rows for hit in request.hits.all()} == {
        "public.customer": 1,
        "public.newsletter": 2,
        "public.purchase": 2,
        "public.purchase_line": 3,
    }
    plan = request.plans.get()
    assert [step.data_set.name for step in plan.steps.all()] == [
        "public.purchase_line",
        "public.purchase",
        "public.customer",
        "public.newsletter",
    ]
    assert shop_database.execute("SELECT count(*) FROM customer") == [(3,)]

    request = approve(request, petra, work)

    assert (request.state, request.outcome, request.problem) == (State.COMPLETE, "erased", "")
    assert shop_database.execute("SELECT id FROM customer ORDER BY id") == [(2,), (3,)]
    assert shop_database.execute("SELECT id FROM purchase ORDER BY id") == [(20,), (30,)]
    assert shop_database.execute("SELECT purchase_id FROM purchase_line ORDER BY 1") == [(20,), (30,)]
    assert shop_database.execute("SELECT email FROM newsletter") == [("bo@example.org",)]
    assert entries("step.done") == [
        {
            "plan": 1,
            "data_set": f"shop / {name}",
            "method": "delete",
            "columns": [],
            "rows_before": rows,
            "rows_after": 0,
        }
        for name, rows in [
            ("public.purchase_line", 3),
            ("public.purchase", 2),
            ("public.customer", 1),
            ("public.newsletter", 2),
        ]
    ]
    (verified,) = entries("erasure.verified")
    assert (verified["rows_left"], verified["where"]) == (0, [])
    assert verified["data_sets_searched"] == 4


def test_a_legal_hold_keeps_sums_and_dates_and_nothing_personal(shop, shop_database, amir, petra, work):
    holds.place(
        data_set(shop, "purchase"),
        keep_columns=["id", "customer_id", "placed", "total"],
        exemption="b",
        reason="Tax law: invoices are kept ten years",
    )
    holds.place(
        data_set(shop, "purchase_line"),
        keep_columns=["purchase_id", "position", "article"],
        exemption="b",
        reason="Tax law: invoices are kept ten years",
    )
    request = approve(find(request_of("ana@example.org", amir), amir, work), petra, work)

    assert (request.state, request.outcome) == (State.COMPLETE, "erased, except what a legal hold keeps")
    assert shop_database.execute("SELECT * FROM purchase WHERE customer_id = 1 ORDER BY id") == [
        (10, 1, shop_database.execute("SELECT date '2024-01-02'")[0][0], pytest.approx(12.5), None, None),
        (11, 1, shop_database.execute("SELECT date '2024-02-03'")[0][0], pytest.approx(7), None, None),
    ]
    assert shop_database.execute("SELECT count(*) FROM purchase_line WHERE purchase_id IN (10, 11)") == [(3,)]
    ((name, email, phone, address),) = shop_database.execute(
        "SELECT name, email, phone, address FROM customer WHERE id = 1"
    )
    assert (name, phone, address) == ("erased", None, None)
    assert email.startswith("erased")
    assert shop_database.execute("SELECT * FROM customer WHERE id = 2") == [
        (2, "Bo Berg", "bo@example.org", "+46 8 1234", "Gata 2")
    ]
    done = {facts["data_set"]: facts for facts in entries("step.done")}
    assert done["shop / public.purchase"]["columns"] == ["ip", "ship_to"]
    assert done["shop / public.customer"]["columns"] == ["address", "email", "name", "phone"]
    assert (
        done["shop / public.purchase_line"]["method"],
        done["shop / public.purchase_line"]["columns"],
    ) == ("keep", [])


def test_a_name_that_looks_like_sql_is_only_a_name(shop, shop_database, amir, petra, work):
    request = approve(find(request_of("robert@example.org", amir), amir, work), petra, work)
    assert request.state == State.COMPLETE
    assert shop_database.execute("SELECT id FROM customer ORDER BY id") == [(1,), (2,)]


def test_nobody_by_that_name_is_said_to_be_nobody(shop, amir, work):
    request = find(request_of("nobody@example.org", amir), amir, work)
    assert (request.state, request.outcome) == (State.COMPLETE, "no data found")
    assert not Plan.objects.exists()
    assert not Step.objects.exists()


def test_a_customer_number_that_a_hold_keeps_is_no_residue(shop, shop_database, amir, petra, work):
    holds.place(
        data_set(shop, "purchase"),
        keep_columns=["id", "customer_id", "placed", "total"],
        exemption="b",
        reason="Tax law",
    )
    for outcome in (
        "erased, except what a legal hold keeps",
        "nothing left to erase, except what a legal hold keeps",
    ):
        request = request_of("ana@example.org", amir)
        with acting(amir.as_actor()):
            intake.add_identifier(request, "id.customer", "1")
        request = find(request, amir, work)
        if request.state == State.PLANNED:
            request = approve(request, petra, work)
        assert (request.state, request.outcome, request.residue) == (State.COMPLETE, outcome, [])
    assert shop_database.execute("SELECT DISTINCT ship_to FROM purchase WHERE customer_id = 1") == [(None,)]


def test_the_route_names_only_what_led_to_the_row(shop, amir, work):
    request = find(request_of("ana@example.org", amir), amir, work)
    assert request.hits.get(data_set=data_set(shop, "newsletter")).routes == ["email = contact.email"]
    assert request.hits.get(data_set=data_set(shop, "purchase")).routes == [
        "public.customer.id → public.purchase.customer_id"
    ]
