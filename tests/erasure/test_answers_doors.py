"""The pages and the API of corrections, restrictions and objections: the same verbs, the same refusals."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import System
from erasure.answers.models import Correction, Mark, Notice, Objection
from erasure.models import Package, PackagePart
from erasure.packages import previewing
from erasure.packages.sealing import SealedParts
from governance.activities.models import ProcessingActivity
from governance.console.models import Job, User
from tests.erasure.answering import content_of
from tests.erasure.estate import approve, crawl_again, data_set, entries, find, request_of
from tests.erasure.officers import text_of
from tests.people import api_of, client_of
from tests.services.fixtures import Database


@pytest.fixture
def selling(db: None) -> ProcessingActivity:
    return ProcessingActivity.objects.create(
        name="Selling", purpose="To sell.", lawful_basis="legitimate_interests", subject_categories=[]
    )


def test_corrections_are_stated_masked_and_taken_back_on_the_page(
    officer: Client, amir: User, vera: User
) -> None:
    asked = request_of("ana@example.org", amir, kind="rectification")
    url = asked.get_absolute_url()
    given = {"category": "name.full", "wrong": "Ana Lima", "right": "Ana Limette"}
    assert officer.post(f"{url}corrections/add/", {**given, "right": "Ana Lima"}).status_code == 422
    assert officer.post(f"{url}corrections/add/", given)["Location"] == url
    assert officer.post(f"{url}statement/", {"text": "Since my wedding."}).status_code == 302
    page = text_of(officer.get(url))
    assert "Limette" not in page
    assert "“Since my wedding.”" in page
    assert "Since my wedding." not in text_of(client_of(vera).get(url))
    correction = Correction.objects.get()
    assert client_of(vera).post(f"{url}corrections/{correction.pk}/remove/").status_code == 403
    officer.post(f"{url}corrections/{correction.pk}/remove/")
    assert not Correction.objects.exists()


def test_corrections_over_the_api_never_say_a_value(amir: User, vera: User) -> None:
    asked = request_of("ana@example.org", amir, kind="rectification")
    api, url = api_of(amir), f"/api/v1/requests/{asked.pk}/"
    given = {"category": "name.full", "wrong": "Ana Lima", "right": "Ana Limette"}
    stated = api.post(f"{url}corrections/", given, format="json")
    assert (stated.status_code, sorted(stated.json())) == (201, ["category", "id", "stated_at", "stated_by"])
    assert b"Limette" not in api.get(f"{url}corrections/").content
    assert api.post(f"{url}corrections/", {**given, "wrong": ""}, format="json").status_code == 400
    assert api_of(vera).post(f"{url}corrections/", given, format="json").status_code == 403
    assert api.put(f"{url}statement/", {"text": "My words."}, format="json").status_code == 204
    assert api.delete(f"{url}corrections/{stated.json()['id']}/").status_code == 204
    other = request_of("bo@example.org", amir)
    refused = api.post(f"/api/v1/requests/{other.pk}/corrections/", given, format="json")
    assert refused.status_code == 409


def test_a_restriction_is_marked_told_and_lifted_from_its_page(
    shop: System, shop_database: Database, officer: Client, amir: User, petra: User, work
) -> None:
    shop_database.execute("ALTER TABLE customer ADD restricted text")
    crawl_again(shop)
    customers = data_set(shop, "customer")
    given = {"data_set": customers.pk, "column": "restricted", "value": "yes"}
    assert officer.post("/requests/restriction-marks/", {**given, "column": "id"}).status_code == 422
    assert officer.post("/requests/restriction-marks/", given).status_code == 302
    assert "shop / public.customer" in text_of(officer.get("/requests/restriction-marks/"))
    request = approve(find(request_of("ana@example.org", amir, kind="restriction"), amir, work), petra, work)
    assert shop_database.execute("SELECT restricted FROM customer WHERE id = 1") == [("yes",)]
    url = request.get_absolute_url()
    assert "Tell the person that it ends" in text_of(officer.get(url))
    today = timezone.localdate()
    late = officer.post(f"{url}lifting/", {"on": today.isoformat(), "reason": "Over."})
    assert late.status_code == 422
    told = officer.post(f"{url}lifting/", {"on": (today + timedelta(days=2)).isoformat(), "reason": "Over."})
    assert told.status_code == 302
    early = officer.post(f"{url}lift/")
    assert (early.status_code, "and not before" in text_of(early)) == (409, True)
    mark = Mark.objects.get()
    officer.post(f"/requests/restriction-marks/{mark.pk}/remove/")
    assert not Mark.objects.exists()


def test_marks_and_lifting_over_the_api(shop: System, amir: User, vera: User) -> None:
    api = api_of(amir)
    given = {"data_set": data_set(shop, "customer").pk, "column": "phone", "value": "withheld"}
    assert api_of(vera).post("/api/v1/restriction-marks/", given, format="json").status_code == 403
    made = api.post("/api/v1/restriction-marks/", given, format="json")
    assert (made.status_code, made.json()["otherwise"]) == (201, "")
    assert [each["column"] for each in api.get("/api/v1/restriction-marks/").json()] == ["phone"]
    assert api.delete(f"/api/v1/restriction-marks/{made.json()['id']}/").status_code == 204
    asked = request_of("ana@example.org", amir, kind="restriction")
    url = f"/api/v1/requests/{asked.pk}/"
    day = (timezone.localdate() + timedelta(days=2)).isoformat()
    assert api.post(f"{url}lifting/", {"on": day, "reason": "Over."}, format="json").status_code == 409
    assert api.post(f"{url}lift/").status_code == 409


def test_an_objection_is_entered_decided_and_settled_on_the_page(
    officer: Client, amir: User, selling: ProcessingActivity
) -> None:
    asked = request_of("ana@example.org", amir, kind="objection")
    url = asked.get_absolute_url()
    assert officer.post(f"{url}settle/").status_code == 409
    officer.post(f"{url}objections/add/", {"activity": ""})  # direct marketing of any kind
    officer.post(f"{url}objections/add/", {"activity": selling.pk})
    marketing, sales = Objection.objects.order_by("pk")
    assert (marketing.marketing, sales.marketing) == (True, False)
    refused = officer.post(f"{url}objections/{marketing.pk}/", {"state": "overridden", "reason": "Profit."})
    assert refused.status_code == 422
    officer.post(f"{url}objections/{marketing.pk}/", {"state": "upheld"})
    officer.post(f"{url}objections/{sales.pk}/", {"state": "overridden", "reason": "A claim is pending."})
    assert "Carry out what was decided" in text_of(officer.get(url))
    officer.post(f"{url}settle/")
    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == ("complete", "objection upheld in part")


def test_engineers_ask_what_follows_from_requests(
    amir: User, emil: User, vera: User, selling: ProcessingActivity
) -> None:
    asked = request_of("ana@example.org", amir, kind="objection")
    api, url = api_of(amir), f"/api/v1/requests/{asked.pk}/"
    entered = api.post(f"{url}objections/", {"activity": selling.pk}, format="json")
    assert (entered.status_code, entered.json()["purpose"]) == (201, "Selling")
    decided = api.put(f"{url}objections/{entered.json()['id']}/", {"state": "upheld"}, format="json")
    assert decided.json()["state"] == "upheld"
    assert api.post(f"{url}settle/").json()["outcome"] == "objection upheld"
    engineer = api_of(emil)
    question = {"category": "contact.email", "values": ["bo@example.org", "ANA@example.org"]}
    for purpose, said in (("Selling", ["objected"]), ("Billing", []), ("", ["objected"])):
        answer = engineer.post("/api/v1/registry/effects/", {**question, "purpose": purpose}, format="json")
        assert answer.json() == {"effects": [[], said]}
    assert api_of(vera).post("/api/v1/registry/effects/", question, format="json").status_code == 403
    one = {"category": "contact.email", "value": "ana@example.org"}
    answer = engineer.post("/api/v1/registry/opt-out/", one, format="json").json()
    assert answer == {"opted_out": False, "may_be_asked_again": None}


def test_what_packages_say_is_changed_and_recorded(officer: Client, amir: User, vera: User) -> None:
    assert officer.post("/requests/notice/", {"authority": "CNIL, Paris"}).status_code == 302
    assert Notice.objects.get().authority == "CNIL, Paris"
    assert client_of(vera).get("/requests/notice/").status_code == 403
    api = api_of(amir)
    changed = api.put("/api/v1/package-notice/", {"sources": "Public registers."}, format="json")
    assert changed.json()["sources"] == "Public registers."
    assert api.get("/api/v1/package-notice/").json()["authority"] == "CNIL, Paris"
    assert entries("notice.changed") == [{"fields": ["authority"]}, {"fields": ["sources"]}]
    assert "What packages say" in text_of(officer.get("/requests/"))


def test_a_worker_that_dies_while_it_writes_leaves_nothing_that_opens(
    shop: System, amir: User, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = find(request_of("ana@example.org", amir, kind="access"), amir, work)
    previewing.release(request, by=amir)
    whole = SealedParts._store

    def die(self: SealedParts, size: int) -> None:
        whole(self, size)
        raise KeyboardInterrupt

    monkeypatch.setattr(SealedParts, "_store", die)
    with pytest.raises(KeyboardInterrupt):
        work()
    request.refresh_from_db()
    half = Package.objects.get()
    assert (request.state, half.sha256, half.available, half.parts.count()) == ("found", "", False, 1)
    monkeypatch.setattr(SealedParts, "_store", whole)
    Job.objects.filter(kind="erasure.package").update(
        state="queued"
    )  # as the sweep does once its heartbeat has stopped
    work()
    request.refresh_from_db()
    package = Package.objects.get()
    assert (request.state, package.available) == ("complete", True)
    assert PackagePart.objects.count() == package.parts.count()
    assert len(content_of(package)) == package.size
