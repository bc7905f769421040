"""Contracts in the browser and over the API."""

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalog.contracts.activating import activate, propose
from catalog.contracts.loading import load
from catalog.models import Contract, DataSet, Label, System
from governance.console.models import User
from tests.catalog.contracts.test_odcs import example
from tests.catalog.contracts.texts import CUSTOMER
from tests.people import api_of, client_of

API = "/api/v1/contracts/"
LATER = CUSTOMER.replace(b"version: 1.0.0", b"version: 2.0.0").replace(b"analytics: hash", b"analytics: keep")


def url(name: str, *args: Any) -> str:
    return reverse(f"catalog:{name}", args=args)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def upload(content: bytes, name: str = "customer.yaml") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, content), "system": ""}


@pytest.fixture
def active(scanned: System, dana: User) -> Contract:
    made = propose(load(CUSTOMER, name="c.yaml")[0].document, format="yaml", by=dana)
    activate(made)
    return made


def test_an_upload_is_a_draft_that_shows_what_it_would_change(active: Contract, dana: User):
    browser = client_of(dana)
    answer = browser.post(url("contract_import"), upload(LATER))
    draft = Contract.objects.get(version="2.0.0")
    assert (answer.status_code, answer["Location"]) == (302, draft.get_absolute_url())
    shown = text(browser.get(answer["Location"]))
    assert "Beside 1.0.0 , which is in force:" in shown
    assert re.search(
        r"email masking support: mask, analytics: hash support: mask, analytics: keep Protects less", shown
    )
    assert "The catalog, as it is now, keeps this contract." in shown
    assert Contract.objects.get(state="active") == active
    done = browser.post(url("contract_activate", draft.pk), follow=True)
    assert "In force. Labels: 0 added, 0 withdrawn." in text(done)
    assert Contract.objects.get(state="active") == draft
    compared = text(browser.get(url("contract_compare", draft.pk, active.pk)))
    assert "What 2.0.0 says otherwise than 1.0.0 ." in compared


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (CUSTOMER.replace(b"contact.email", b"contact.mail"), "c.yaml", "Line 43, fields[7].category: “contact.mail”"),
        (b"a: &a [1]\nb: [*a, *a]\n", "c.yaml", "Line 2, b[0]: Aliases (*name) are not accepted."),
        (CUSTOMER.replace(b"public.customer", b"public.nobody"), "c.yaml", "has no data set Shop / public.nobody."),
        (b"message {", "c.proto", "This is not Protobuf"),
        (b"x" * 4_000_001, "c.yaml", "It has 4,000,001 bytes; a contract has at most 4,000,000."),
        (b"", "c.yaml", "The submitted file is empty."),
        (b"<script>alert(1)</script>", "c.yaml", "It has the wrong type."),
    ],
)  # fmt: skip
def test_an_upload_that_cannot_be_used_is_422_and_not_stored(
    scanned: System, dana: User, content: bytes, name: str, said: str
):
    answer = client_of(dana).post(url("contract_import"), upload(content, name))
    assert answer.status_code == 422
    assert said in text(answer)
    assert "<script>alert" not in answer.content.decode()
    assert not Contract.objects.exists()


def test_of_several_contracts_all_are_stored_or_none(scanned: System, dana: User):
    browser = client_of(dana)
    answer = browser.post(url("contract_import"), upload(example("full-example"), "full.yaml"))
    assert answer.status_code == 422
    assert "The catalog has no data set my-postgres / tbl_1." in text(answer)
    assert "The catalog has no data set my-postgres / receivers_master." in text(answer)
    other = CUSTOMER.partition(b"fields:")[0].replace(b"public.customer", b"public.invoice")
    two = browser.post(url("contract_import"), upload(CUSTOMER + b"---\n" + other))
    assert two["Location"] == f"{url('contracts')}?state=draft"
    assert Contract.objects.count() == 2


def test_missing_columns_are_named_and_not_put_in_force(scanned: System, dana: User):
    browser = client_of(dana)
    browser.post(url("contract_import"), upload(CUSTOMER.replace(b"name: phone", b"name: telephone")))
    answer = browser.post(url("contract_activate", Contract.objects.get().pk))
    assert answer.status_code == 422
    assert "Shop / public.customer has no column telephone." in text(answer)
    assert not Label.objects.filter(origin="contract").exists()


def test_the_page_shows_where_the_catalog_breaks_it(active: Contract, vera: User):
    active.data_set.columns.filter(name="phone").update(data_type="integer", kind="integer")
    browser = client_of(vera)
    shown = browser.get(active.get_absolute_url())
    assert "1 breach as the catalog is now." in text(shown)
    assert "phone is integer in Shop / public.customer; the contract says character varying(30)." in text(
        shown
    )
    assert "Retire" not in text(shown)
    assert browser.post(url("contract_retire", active.pk)).status_code == 403
    assert browser.get(url("contract_import")).status_code == 403


@pytest.mark.parametrize(
    ("form", "kind"),
    [("yaml", "application/yaml"), ("odcs", "application/yaml"), ("json", "application/json")],
)
def test_exports_read_as_what_they_are(active: Contract, emil: User, form: str, kind: str):
    answer = client_of(emil).get(url("contract_export", active.pk, form))
    assert answer["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="public-customer-1.0.0.')
    (back,) = load(answer.content, name="back")
    assert back.document.fields == load(CUSTOMER, name="c")[0].document.fields
    assert client_of(emil).get(url("contract_export", active.pk, "exe")).status_code == 404


def test_lists_show_versions_without_reading_documents(
    active: Contract, dana: User, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for number in range(2, 12):
        version = f"version: {number}.0.0".encode()
        propose(
            load(CUSTOMER.replace(b"version: 1.0.0", version), name="c")[0].document, format="yaml", by=dana
        )
    browser = client_of(dana)
    with django_assert_max_num_queries(8) as queries:
        shown = browser.get(url("contracts"), {"sort": "field_count", "q": "crm"})
    assert "11 " in text(shown)
    assert not any('"catalog_contract"."document",' in query["sql"] for query in queries.captured_queries)
    own = browser.get(url("data_set_contracts", active.data_set_id), {"state": "active"})
    assert re.findall(r">(\d+\.0\.0)<", own.content.decode()) == ["1.0.0"]


def test_a_data_set_without_a_contract_offers_a_first_one(scanned: System, dana: User):
    browser = client_of(dana)
    data_set = DataSet.objects.get(name="public.invoice")
    assert "Download a first contract" in text(browser.get(url("data_set_contracts", data_set.pk)))
    answer = browser.get(url("first_contract", data_set.pk))
    assert load(answer.content, name="c")[0].document.data_set == "Shop / public.invoice"


def test_the_api_imports_checks_and_puts_in_force(scanned: System, dana: User, vera: User):
    program = api_of(dana)
    made = program.post(API, {"content": CUSTOMER.decode()}, format="json")
    assert made.status_code == 201
    (one,) = made.json()
    assert (one["system"], one["data_set_name"], one["version"], one["state"]) == (
        "Shop",
        "public.customer",
        "1.0.0",
        "draft",
    )
    assert program.get(f"{API}{one['id']}/check/").json() == []
    effect = program.post(f"{API}{one['id']}/activate/").json()
    assert effect == {"state": "active", "labels_added": 9, "labels_withdrawn": 0, "questioned": []}
    assert program.get(f"{API}?state=active").json()["results"] == [{**one, "state": "active"}]
    reader = api_of(vera)
    assert reader.get(f"{API}{one['id']}/").json()["document"]["owner"] == "crm team"
    odcs = reader.get(f"{API}{one['id']}/odcs/").json()
    assert (odcs["apiVersion"], odcs["status"], odcs["schema"][0]["physicalName"]) == (
        "v3.1.0",
        "active",
        "public.customer",
    )
    assert reader.post(f"{API}{one['id']}/retire/").status_code == 403
    assert program.post(f"{API}{one['id']}/retire/").json()["labels_withdrawn"] == 9


def test_the_api_says_what_is_wrong_with_a_contract(scanned: System, dana: User):
    program = api_of(dana)
    for content, said in (
        (
            CUSTOMER.replace(b"retention_days: 3650", b"retain: 3"),
            "line 12, retain: “retain” is not known here.",
        ),
        (
            CUSTOMER.replace(b"system: Shop", b"system: Shap"),
            "The catalog has no data set Shap / public.customer.",
        ),
    ):
        answer = program.post(API, {"content": content.decode()}, format="json")
        assert answer.status_code == 400
        assert said in answer.content.decode()
    assert not Contract.objects.exists()


@pytest.mark.parametrize("version", ['1"\r\nX-Evil: yes', "1" * 41, "", "a b"])
def test_a_version_that_is_none_is_refused_whatever_the_format(scanned: System, dana: User, version: str):
    odcs = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "x", "version": version, "status": "draft",
            "schema": [{"name": "public.customer"}]}  # fmt: skip
    answer = api_of(dana).post(API, {"content": json.dumps(odcs), "name": "c.json"}, format="json")
    assert answer.status_code == 400
    assert "is no version." in str(answer.json())
    assert Contract.objects.count() == 0
