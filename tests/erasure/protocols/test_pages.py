"""Agents, controllers and what they sent: on their pages and over the console's own API."""

import json

import pytest
from django.urls import reverse

from erasure.models import SubjectRequest
from erasure.protocols import registering
from erasure.protocols.models import Agent, Business, Controller, Received
from tests.erasure.estate import entries
from tests.erasure.protocols.conftest import AgentSystem
from tests.people import api_of, client_of

pytestmark = pytest.mark.django_db
API = "/api/v1/protocols"


def test_administrator_sets_up_the_network(ada):
    browser = client_of(ada)
    assert b"No message is taken yet" in browser.get("/protocols/agents/").content
    answer = browser.post("/protocols/business/", {"business_id": "ACME_GMBH", "voluntary_regime": "UK-GDPR"})
    assert (answer.status_code, Business.objects.get().voluntary_regime) == (302, "UK-GDPR")
    page = browser.get("/protocols/business/").content.decode()
    assert "http://testserver/protocols/drp/business.json" in page
    refused = browser.post("/protocols/business/", {"business_id": "Ä", "voluntary_regime": "UK-GDPR"})
    assert refused.status_code == 422
    assert entries("protocols.business_set") == [{"voluntary_regime": "UK-GDPR"}]


def test_officer_registers_changes_and_ends_an_agent(amir):
    browser, outside = client_of(amir), AgentSystem()
    form = {"agent_id": "CR_AA", "name": "Slip", "verify_key": outside.verify_key}
    answer = browser.post("/protocols/agents/add/", form)
    agent = Agent.objects.get()
    assert answer["Location"] == f"/protocols/agents/{agent.pk}/"
    assert browser.post("/protocols/agents/add/", form).status_code == 422  # the id is taken
    changed = {**form, "vouches": "on", "assurance_url": "https://slip.example/how"}
    assert browser.post(f"/protocols/agents/{agent.pk}/change/", changed).status_code == 302
    assert b"https://slip.example/how" in browser.get(f"/protocols/agents/{agent.pk}/").content
    assert browser.post(f"/protocols/agents/{agent.pk}/end/").status_code == 302
    assert b"Retired" in browser.get("/protocols/agents/").content
    assert entries("agent.changed") == [{"fields": ["assurance_url", "vouches"]}]
    assert len(entries("agent.registered")) == len(entries("agent.ended")) == 1


@pytest.mark.parametrize("key", ["", "AAAA", "not base64", "A" * 43 + "=", "\xff" * 44])
def test_what_is_no_verify_key_is_refused(amir, key):
    form = {"agent_id": "CR_AA", "name": "Slip", "verify_key": key}
    assert client_of(amir).post("/protocols/agents/add/", form).status_code == 422
    assert not Agent.objects.exists()


def test_token_of_a_controller_is_shown_once(amir):
    browser = client_of(amir)
    answer = browser.post("/protocols/controllers/add/", {"controller_id": "shop", "name": "Shop Ltd"})
    (token,) = answer.content.decode().split("<code>")[1:]
    token = token.partition("<")[0]
    controller = Controller.objects.get()
    assert (answer.status_code, len(token)) == (200, 64)
    page = f"/protocols/controllers/{controller.pk}/"
    assert token not in browser.get(page).content.decode()
    again = browser.post(f"{page}renew/").content.decode()
    assert "<code>" in again
    assert token not in again
    assert browser.post(f"{page}end/").status_code == 302
    assert browser.post(f"{page}renew/").status_code == 302
    controller.refresh_from_db()
    assert controller.token_digest is None


def test_auditor_reads_and_changes_nothing(vera, outside, agent):
    browser = client_of(vera)
    outside.exercise()
    for url in ("/protocols/", "/protocols/agents/", "/protocols/certificate/", agent.get_absolute_url()):
        assert browser.get(url).status_code == 200
    assert browser.post("/protocols/certificate/", {"certificate": "x"}).status_code == 403
    assert browser.get("/protocols/agents/add/").status_code == 403
    assert browser.post(reverse("protocols:agent_end", args=[agent.pk])).status_code == 403
    assert browser.get(reverse("protocols:deny", args=[Received.objects.get().public_id])).status_code == 403


def test_what_was_received_is_listed_and_denied(amir, outside):
    browser = client_of(amir)
    outside.exercise()
    request, received = SubjectRequest.objects.get(), Received.objects.get()
    page = browser.get("/protocols/").content.decode()
    assert request.reference in page
    assert "ana@" not in page
    deny = reverse("protocols:deny", args=[received.public_id])
    assert f'href="{deny}"' in page
    assert browser.get("/protocols/?protocol=opendsr").content.decode().count(request.reference) == 0
    assert browser.post(deny, {"denial": "suspected_fraud", "reason": ""}).status_code == 422
    assert browser.post(deny, {"denial": "suspected_fraud", "reason": "Not theirs."}).status_code == 302
    received.refresh_from_db()
    request.refresh_from_db()
    assert (received.denial, request.state) == ("suspected_fraud", "rejected")
    assert browser.post(deny, {"denial": "other", "reason": "Again."}).status_code == 422
    assert f'href="{deny}"' not in browser.get("/protocols/").content.decode()


def test_list_asks_no_more_for_more(amir, outside, django_assert_max_num_queries):
    for number in range(6):
        outside.exercise(email=f"person{number}@example.org")
    browser = client_of(amir)
    browser.get("/protocols/")
    with django_assert_max_num_queries(9):
        browser.get("/protocols/")


def test_certificate_page_offers_the_request_for_one(ada):
    page = client_of(ada).get("/protocols/certificate/").content.decode()
    assert "-----BEGIN CERTIFICATE REQUEST-----" in page
    assert "self-signed, for trials" in page
    answer = client_of(ada).post("/protocols/certificate/", {"certificate": "nothing"})
    assert answer.status_code == 422


def test_api_does_the_same(ada, amir, outside):
    api = api_of(amir)
    other = AgentSystem("OTHER")
    made = api.post(
        f"{API}/agents/",
        {"agent_id": "OTHER", "name": "Other", "verify_key": other.verify_key},
        format="json",
    )
    assert (made.status_code, made.json()["state"]) == (201, "active")
    url = f"{API}/agents/{made.json()['id']}/"
    changed = api.patch(url, {"vouches": True}, format="json")
    assert (changed.status_code, changed.json()["vouches"], changed.json()["name"]) == (200, True, "Other")
    assert api.patch(url, {"verify_key": "AAAA"}, format="json").status_code == 400
    assert api.post(f"{url}end/").json()["state"] == "retired"
    assert api.post(f"{url}end/").status_code == 409
    assert [each["agent_id"] for each in api.get(f"{API}/agents/?state=active").json()["results"]] == [
        "CR_AA"
    ]

    made = api.post(f"{API}/controllers/", {"controller_id": "shop", "name": "Shop"}, format="json")
    assert (made.status_code, len(made.json()["token"]), made["Cache-Control"]) == (201, 64, "no-store")
    url = f"{API}/controllers/{made.json()['id']}/"
    assert api.get(url).json()["token"] == ""
    assert len(api.post(f"{url}renew/").json()["token"]) == 64
    assert api.post(f"{url}end/").json()["state"] == "retired"
    assert api.post(f"{url}renew/").status_code == 409

    outside.exercise()
    (received,) = api.get(f"{API}/received/").json()["results"]
    assert (received["sender"], received["told"]) == ("Permission Slip", "in_progress/need_user_verification")
    denied = api.post(
        f"{API}/received/{received['id']}/deny/", {"denial": "other", "reason": "No."}, format="json"
    )
    assert (denied.status_code, denied.json()["denial"]) == (200, "other")

    admin = api_of(ada)
    business = {"business_id": "ACME_AG", "voluntary_regime": "EU-GDPR"}
    assert admin.put(f"{API}/business/", business, format="json").status_code == 200
    assert admin.get(f"{API}/business/").json()["business_id"] == "ACME_AG"
    shown = admin.get(f"{API}/certificate/").json()
    assert (shown["issued"], shown["certificate_request"][:10]) == (False, "-----BEGIN")
    assert admin.put(f"{API}/certificate/", {"certificate": "x"}, format="json").status_code == 400
    assert admin.get(f"{API}/received/").status_code == 403


def test_ledger_says_who_may_send_and_no_secret(amir, shop, outside):
    facts = json.dumps(
        [*entries("agent.registered"), *entries("controller.registered"), *entries("agent.paired")]
    )
    assert outside.token not in facts
    assert shop.token not in facts
    assert registering.IDS.fullmatch("CR_AA_DRP_ID_001_LOCAL")
