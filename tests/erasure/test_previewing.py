"""What goes into a package (Art. 15(4)): others are found and withheld, and nothing is made before it is released."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from catalog.models import System
from erasure.answers.models import Preview, Selection
from erasure.models import Package, SubjectRequest
from erasure.packages import others, previewing
from erasure.packages.redacting import MARK
from erasure.requests import starting
from erasure.requests.states import NotNow
from governance.activities.models import ProcessingActivity
from governance.console.models import User
from tests.erasure.answering import made, opened
from tests.erasure.estate import crawl_again, data_set, entries, find, label, own_all_links, request_of
from tests.erasure.officers import text_of
from tests.people import api_of, client_of
from tests.services.fixtures import Database

MESSAGES = """
CREATE TABLE message (
    id integer PRIMARY KEY, sender_email text, recipient_email text, recipient_name text, body text, seen integer
);
INSERT INTO message VALUES
    (1, 'ana@example.org', 'bo@example.org', 'Bo Berg', 'Please ask Margaret Thompson to call 212-555-0187.', 1),
    (2, 'ana@example.org', 'ana@example.org', 'Ana Lima', 'Ana Lima wrote this to ana@example.org.', 2),
    (3, 'bo@example.org', 'ana@example.org', 'Ana Lima', NULL, 3);
"""
LABELS = {
    "message.id": ("none.operational", "none"),
    "message.sender_email": ("contact.email", "direct"),
    "message.recipient_email": ("contact.email", "direct"),
    "message.recipient_name": ("name.full", "direct"),
    "message.body": ("content.free_text", "quasi"),
    "message.seen": ("none.operational", "none"),
}


@pytest.fixture
def asked(shop: System, shop_database: Database, amir: User, work) -> SubjectRequest:
    """Ana's access request, found in a shop with messages between persons."""
    shop_database.execute(MESSAGES)
    crawl_again(shop)
    label(shop, LABELS)
    own_all_links(shop)
    return find(request_of("ana@example.org", amir, kind="access"), amir, work)


def of_messages(request: SubjectRequest) -> Selection:
    return request.preview.selections.get(data_set__name="public.message")


def rows(request: SubjectRequest, name: str) -> list[dict]:
    data = json.loads(opened(request.package)["your-data.json"])
    (section,) = [each for each in data["data"] if each["data_set"] == f"public.{name}"]
    return sorted(section["rows"], key=lambda row: row["id"])


def test_others_are_proposed_to_be_withheld_and_the_person_is_not(asked: SubjectRequest) -> None:
    columns = of_messages(asked).columns
    assert {name: (each["choice"], each["others"]) for name, each in columns.items()} == {
        "id": ("give", 0),
        "sender_email": ("others", 1),
        "recipient_email": ("others", 1),
        "recipient_name": ("others", 1),
        "body": ("others", 1),
        "seen": ("give", 0),
    }
    withheld = {each.data_set.name: each.withheld for each in asked.preview.selections.all()}
    assert withheld["public.customer"] == withheld["public.purchase"] == withheld["public.newsletter"] == []
    assert entries("preview.made") == [{"data_sets": 5, "proposed": 4}]


def test_what_is_withheld_says_so_and_the_rest_is_given(asked: SubjectRequest, amir: User, work) -> None:
    request = made(asked, work, by=amir)
    first, second, third = rows(request, "message")
    assert (first["sender_email"], first["recipient_email"]) == ("ana@example.org", MARK)
    assert first["recipient_name"] == MARK
    assert "Margaret" not in first["body"]
    assert "555-0187" not in first["body"]
    assert first["body"].startswith("Please ask [withheld]")
    assert second["body"] == "Ana Lima wrote this to ana@example.org."
    assert (third["sender_email"], third["recipient_name"], third["body"]) == (MARK, "Ana Lima", None)
    everything = "".join(opened(request.package).values())
    for other in ("bo@example.org", "Bo Berg", "Margaret"):
        assert other not in everything


def test_text_that_nobody_can_read_is_withheld(
    asked: SubjectRequest, amir: User, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_model(texts: list[str]) -> list:
        raise OSError("There is no model.")

    monkeypatch.setattr(others, "recognize", no_model)
    first, second, third = rows(made(asked, work, by=amir), "message")
    assert (first["body"], second["body"], third["body"]) == (MARK, MARK, None)


def test_nothing_is_made_before_it_is_released(asked: SubjectRequest, amir: User, work) -> None:
    with pytest.raises(NotNow, match="release it first"):
        starting.package(asked)
    assert work() == []
    assert not Package.objects.exists()
    previewing.release(asked, by=amir)
    with pytest.raises(NotNow):
        previewing.release(asked, by=amir)
    with pytest.raises(NotNow, match="released already"):
        previewing.decide(of_messages(asked), included=True, columns={})
    assert Preview.objects.get().released_by == amir


def test_an_officer_gives_withholds_and_leaves_out(asked: SubjectRequest, amir: User, work) -> None:
    selection = of_messages(asked)
    third = next(row["digest"] for row in selection.sample if row["cells"]["id"] == "3")
    previewing.decide(
        selection,
        included=True,
        columns={"recipient_name": "give", "body": "redact"},
        left_out=[third],
        reason="It tells about Bo.",
        by=amir,
    )
    previewing.decide(
        asked.preview.selections.get(data_set__name="public.newsletter"),
        included=False,
        columns={},
        reason="A trade secret.",
        by=amir,
    )
    request = made(asked, work, by=amir)
    first, second = rows(request, "message")
    assert (first["recipient_name"], first["body"], second["body"]) == ("Bo Berg", MARK, MARK)
    data = json.loads(opened(request.package)["your-data.json"])
    assert data["left_out"] == [{"data_set": "public.newsletter", "reason": "A trade secret."}]
    assert "public.newsletter" not in [each["data_set"] for each in data["data"]]
    assert entries("selection.decided")[0] == {
        "data_set": "shop / public.message",
        "included": True,
        "withheld": ["body", "recipient_email", "sender_email"],
        "rows_left_out": 1,
        "reason": "It tells about Bo.",
    }
    (released,) = entries("preview.released")
    assert released == {"data_sets": 4, "left_out": ["shop / public.newsletter"], "withheld": 3}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"included": False}, "reason"),
        ({"columns": {"nothing": "give"}}, "columns"),
        ({"columns": {"body": "burn"}}, "columns"),
        ({"left_out": ["0" * 32], "reason": "Why not."}, "left_out"),
        ({"reason": "x" * 251}, "reason"),
    ],
)
def test_bad_decisions_are_refused_and_change_nothing(asked: SubjectRequest, given: dict, field: str) -> None:
    before = Selection.objects.filter(preview__request=asked).values_list("columns", "included", "left_out")
    stored = list(before)
    with pytest.raises(ValidationError) as refusal:
        previewing.decide(of_messages(asked), **{"included": True, "columns": {}, **given})
    assert list(refusal.value.message_dict) == [field]
    assert list(before.all()) == stored


def test_what_the_preview_keeps_of_the_person_is_sealed_and_goes_with_the_answer(
    asked: SubjectRequest, amir: User, work
) -> None:
    selection = of_messages(asked)
    assert b"ana@example.org" not in bytes(selection.sealed_sample)
    assert "ana@example.org" in asked.preview.own
    made(asked, work, by=amir)
    assert Preview.objects.get().sealed_own is None
    assert not Selection.objects.exclude(sealed_sample=None).exists()


def test_the_pages_show_decide_and_release(asked: SubjectRequest, officer: Client, vera: User, work) -> None:
    url = f"{asked.get_absolute_url()}preview/"
    assert client_of(vera).get(url).status_code == 403
    assert "shop / public.message" in text_of(officer.get(url))
    selection = of_messages(asked)
    page = text_of(officer.get(f"{url}{selection.pk}/"))
    assert "bo@example.org" in page
    assert "Full name that is not known to be the person’s, in 1 of 3 rows looked at." in page
    assert entries("preview.read") == [{}]
    names = {f"column_{place}": "give" for place in range(6)}
    refusal = officer.post(f"{url}{selection.pk}/", names)
    assert refusal.status_code == 422
    assert "Say why it, or rows of it, are left out" in text_of(refusal)
    answer = officer.post(f"{url}{selection.pk}/", {**names, "included": "on", "column_4": "redact"})
    assert (answer.status_code, answer["Location"]) == (302, url)
    selection.refresh_from_db()
    assert selection.withheld == ["body"]
    officer.post(f"{url}release/")
    work()
    page = text_of(officer.get(asked.get_absolute_url()))
    assert "Links to the package" in page
    assert "Send the person a new link" in page
    assert officer.get(url).status_code == 409


def test_the_same_over_the_api(asked: SubjectRequest, amir: User, vera: User, work) -> None:
    api, url = api_of(amir), f"/api/v1/requests/{asked.pk}/preview/"
    assert api_of(vera).get(url).status_code == 403
    shown = api.get(url).json()
    (messages,) = [each for each in shown["selections"] if each["name"] == "shop / public.message"]
    assert messages["columns"]["body"]["choice"] == "others"
    decided = api.put(
        f"{url}{messages['id']}/", {"columns": {"body": "give"}, "included": True}, format="json"
    )
    assert (decided.status_code, decided.json()["columns"]["body"]["choice"]) == (200, "give")
    assert api.put(f"{url}{messages['id']}/", {"included": False}, format="json").status_code == 400
    assert api.post(f"{url}release/").status_code == 202
    assert api.post(f"{url}release/").status_code == 409
    work()
    links = api.get(f"/api/v1/requests/{asked.pk}/package/links/").json()
    assert [(link["controller"], link["state"]) for link in links] == [("", "open")]


def test_what_is_portable_is_what_was_provided_on_consent_or_contract(
    asked: SubjectRequest, shop: System, amir: User, work
) -> None:
    sales = ProcessingActivity.objects.create(
        name="Sales", purpose="To sell.", lawful_basis="contract", subject_categories=[]
    )
    taxes = ProcessingActivity.objects.create(
        name="Taxes", purpose="To pay.", lawful_basis="legal_obligation", subject_categories=[]
    )
    data_set(shop, "customer").activities.add(sales)
    data_set(shop, "purchase").activities.add(taxes)
    request = find(request_of("ana@example.org", amir, kind="portability"), amir, work)
    given = {each.data_set.name: each.included for each in request.preview.selections.all()}
    assert given == {
        "public.customer": True,
        "public.message": False,
        "public.newsletter": False,
        "public.purchase": False,
        "public.purchase_line": False,
    }
    request = made(request, work, by=amir)
    assert sorted(opened(request.package)) == [
        "csv/001-shop-public.customer.csv",
        "your-data.json",
        "your-data.schema.json",
    ]
