"""The answer to an access request: everything found and nothing else, readable, sealed until it is fetched."""

import base64
import hashlib
import json

import jsonschema
import pytest
from django.db import connection

from catalog.models import DataSet
from erasure import packaging
from erasure.models import Package, PackagePart, SubjectRequest
from erasure.packages import reading
from erasure.packages.fetching import link_for
from erasure.packages.forms import as_html, as_json
from erasure.requests import starting
from erasure.requests.states import NotNow
from governance.activities.models import Organisation, ProcessingActivity
from governance.console.jobs import JobFailed
from governance.keyring.sealing import CannotOpen
from tests.erasure.answering import content_of, made, opened
from tests.erasure.estate import entries, find, request_of
from tests.erasure.letters import letters, secret
from tests.services.fixtures import Database


@pytest.fixture
def answered(shop, amir, work) -> SubjectRequest:
    Organisation.objects.create(name="Tea & Sons", contact="Harbour 1")
    activity = ProcessingActivity.objects.create(
        name="Sales",
        purpose="To deliver what was bought.",
        lawful_basis="contract",
        subject_categories=["Customers"],
        recipients=["Post"],
    )
    DataSet.objects.get(name="public.purchase").activities.add(activity)
    request = made(find(request_of("ana@example.org", amir, kind="access"), amir, work), work)
    assert (request.state, request.outcome) == ("complete", "answered")
    return request


def test_the_package_holds_every_row_of_the_person_and_of_nobody_else(answered: SubjectRequest) -> None:
    files = opened(answered.package)
    assert list(files) == [
        "your-data.html",
        "your-data.json",
        "your-data.schema.json",
        "csv/001-shop-public.customer.csv",
        "csv/002-shop-public.newsletter.csv",
        "csv/003-shop-public.purchase.csv",
        "csv/004-shop-public.purchase_line.csv",
    ]
    jsonschema.validate(json.loads(files["your-data.json"]), json.loads(as_json.SCHEMA.read_text()))
    data = json.loads(files["your-data.json"])
    assert {key: data[key] for key in ("request", "controller", "contact", "not_searched")} == {
        "request": answered.reference,
        "controller": "Tea & Sons",
        "contact": "Harbour 1",
        "not_searched": [],
    }
    sections = {section["data_set"]: section for section in data["data"]}
    assert list(sections) == [
        "public.customer",
        "public.newsletter",
        "public.purchase",
        "public.purchase_line",
    ]
    assert sections["public.customer"]["rows"] == [
        {
            "id": 1,
            "name": "Ana Lima",
            "email": "ana@example.org",
            "phone": "+55 11 91234",
            "address": "Rua A 1",
        }
    ]
    rows = {
        name: sorted(section["rows"], key=lambda row: list(row.values()))
        for name, section in sections.items()
    }
    assert rows["public.newsletter"] == [
        {"email": "Ana@Example.org", "topic": "tea"},
        {"email": "ana@example.org", "topic": "cups"},
    ]
    first = {"id": 10, "customer_id": 1, "placed": "2024-01-02", "total": "12.50", "ship_to": "Rua A 1"}
    second = {"id": 11, "customer_id": 1, "placed": "2024-02-03", "total": "7.00", "ship_to": "Rua A 1"}
    assert rows["public.purchase"] == [{**first, "ip": "10.0.0.1/32"}, {**second, "ip": None}]
    assert rows["public.purchase_line"] == [
        {"purchase_id": 10, "position": 1, "article": "tea"},
        {"purchase_id": 10, "position": 2, "article": "cup"},
        {"purchase_id": 11, "position": 1, "article": "pot"},
    ]
    assert sections["public.purchase"]["activities"] == [
        {
            "name": "Sales",
            "purpose": "To deliver what was bought.",
            "lawful_basis": "Contract, Art. 6(1)(b)",
            "recipients": ["Post"],
            "transfers": "",
            "safeguards": "",
        }
    ]
    assert sections["public.customer"]["columns"] == {
        "id": "Customer number",
        "name": "Full name",
        "email": "E-mail address",
        "phone": "Telephone number",
        "address": "Street address",
    }
    assert sections["public.newsletter"]["columns"]["topic"] == "not classified"
    assert answered.package.rows == 8
    for other in ("bo@example.org", "Bo Berg", "Gata 2", "robert"):
        assert other not in files["your-data.json"]
        assert other not in files["your-data.html"]


def test_the_page_can_be_read_by_the_person(answered: SubjectRequest) -> None:
    page = opened(answered.package)["your-data.html"]
    assert "Tea &amp; Sons holds the following data about you" in page
    assert '<th scope="col">email<small>E-mail address</small></th>' in page
    assert "<td>1</td><td>Ana Lima</td><td>ana@example.org</td><td>+55 11 91234</td><td>Rua A 1</td>" in page
    assert (
        "<strong>Sales.</strong> To deliver what was bought. Contract, Art. 6(1)(b). Recipients: Post."
        in page
    )
    assert (
        "<td>10</td><td>1</td><td>2024-01-02</td><td>12.50</td><td>Rua A 1</td><td>10.0.0.1/32</td>" in page
    )
    assert "2 records, found by" in page


def test_what_people_wrote_is_text_and_runs_nowhere(shop, shop_database: Database, amir, work) -> None:
    shop_database.execute("UPDATE customer SET name = '<script>alert(1)</script>' WHERE id = 1")
    request = made(find(request_of("ana@example.org", amir, kind="access"), amir, work), work)
    files = opened(request.package)
    assert "<script>" not in files["your-data.html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in files["your-data.html"]
    (customer,) = [
        s for s in json.loads(files["your-data.json"])["data"] if s["data_set"] == "public.customer"
    ]
    assert customer["rows"][0]["name"] == "<script>alert(1)</script>"


def test_more_rows_than_a_page_can_show_are_all_in_the_json(
    shop, shop_database: Database, amir, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_html, "SHOWN", 3)
    monkeypatch.setattr(reading, "KEYS_AT_ONCE", 2)
    shop_database.execute(
        "INSERT INTO purchase SELECT n, 1, '2024-05-05', n, 'Rua A 1', NULL FROM generate_series(100, 104) n"
    )
    files = opened(made(find(request_of("ana@example.org", amir, kind="access"), amir, work), work).package)
    (purchases,) = [
        s for s in json.loads(files["your-data.json"])["data"] if s["data_set"] == "public.purchase"
    ]
    assert sorted(row["id"] for row in purchases["rows"]) == [10, 11, 100, 101, 102, 103, 104]
    assert "4 more records are in your-data.json." in files["your-data.html"]


def test_nobody_known_gets_an_empty_package_that_says_so(shop, amir, work) -> None:
    request = made(find(request_of("nobody@example.org", amir, kind="access"), amir, work), work)
    assert (request.state, request.package.rows) == ("complete", 0)
    assert json.loads(opened(request.package)["your-data.json"])["data"] == []


def test_the_package_is_sealed_announced_and_recorded(answered: SubjectRequest) -> None:
    package = answered.package
    content = content_of(package)
    assert (package.size, package.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert letters() == [("ana@example.org", f"Your data are ready: request {answered.reference}")]
    link = link_for(secret("package"))
    assert (link.package, link.state) == (package, "open")
    assert link_for("wrong") is None
    assert entries("package.made") == [{"rows": 8, "sha256": package.sha256}]
    assert entries("package.read") == [{"sha256": package.sha256}]
    assert entries("request.completed") == [{"outcome": "answered"}]


def test_a_part_in_the_place_of_another_does_not_open(answered: SubjectRequest) -> None:
    PackagePart.objects.update(number=7)
    with pytest.raises(CannotOpen):
        content_of(answered.package)


def test_nothing_about_the_person_stands_in_clear_anywhere_in_the_console(answered: SubjectRequest) -> None:
    secrets = [b"ana@example.org", b"Ana Lima", b"+55 11 91234", b"Rua A 1"]
    forms = [form for value in secrets for form in (
        value.decode().lower(), value.hex(), base64.b64encode(value).decode().rstrip("=")[:-1].lower(),
    )]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        assert {"erasure_identifier", "erasure_hit", "erasure_package_part", "erasure_request"} <= set(tables)
        read = 0
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                read += 1
                assert [form for form in forms if form in row.lower()] == [], table
    assert read > 20


@pytest.mark.parametrize("state", ["verified", "complete", "rejected", "failed"])
def test_only_what_was_found_is_packaged(amir, work, state: str) -> None:
    request = request_of("ana@example.org", amir, kind="access")
    SubjectRequest.objects.update(state=state)
    request.refresh_from_db()
    with pytest.raises(NotNow):
        starting.package(request)
    with pytest.raises(JobFailed, match="there is nothing to package"):
        list(packaging.make_package(request))
    assert not Package.objects.exists()


def test_an_erasure_has_no_package(amir) -> None:
    request = request_of("ana@example.org", amir)
    SubjectRequest.objects.update(state="found")
    with pytest.raises(NotNow, match="A request of this kind is not answered"):
        starting.package(request)


def test_a_store_that_does_not_answer_is_said_and_can_be_tried_again(
    shop, shop_database: Database, amir, work
) -> None:
    request = find(request_of("ana@example.org", amir, kind="access"), amir, work)
    password = shop_database.password
    shop.set_settings({**shop.all_settings(), "password": "changed"})
    shop.save()
    made(request, work)
    assert request.state == "failed"
    assert request.problem.startswith("The package could not be made.")
    assert password not in request.problem
    assert not Package.objects.exists()
    shop.set_settings({**shop.all_settings(), "password": password})
    shop.save()
    starting.search(request)
    work()
    assert made(request, work).state == "complete"
