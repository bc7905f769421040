import pytest

from governance.activities import keeping
from governance.activities.models import Organisation, ProcessingActivity
from tests.people import api_of, client_of

SALES = {
    "name": "Sales",
    "purpose": "Sell music.",
    "lawful_basis": "contract",
    "subject_categories": "Customers\n\n Artists \nCustomers",
    "recipients": "Tax adviser",
}
CHINOOK = {"name": "Chinook", "contact": "Lindenhof 12, Berlin", "country": "DE"}


@pytest.fixture
def sales(db):
    return ProcessingActivity.objects.create(
        **SALES | {"subject_categories": ["Customers"], "recipients": ["Tax adviser"]}
    )


def actions(entries):
    return [(entry.action, entry.content["facts"]) for entry in entries]


def test_activity_is_recorded(amir, sequenced):
    answer = client_of(amir).post("/activities/add/", SALES)
    sales = ProcessingActivity.objects.get()
    assert answer["Location"] == f"/activities/{sales.pk}/"
    assert sales.subject_categories == ["Customers", "Artists"]
    (entry,) = sequenced()
    assert actions([entry]) == [("activity.added", {"lawful_basis": "contract"})]
    assert entry.actor == str(amir.public_id)


@pytest.mark.parametrize("name", SALES)
def test_what_article_30_always_asks_is_required(name, amir, sequenced):
    answer = client_of(amir).post("/activities/add/", SALES | {name: "  "})
    assert answer.status_code == 422
    assert f'id="id_{name}_error"' in answer.content.decode()
    assert not ProcessingActivity.objects.exists()
    over_api = SALES | {"subject_categories": ["Customers"], "recipients": ["Tax adviser"]}
    refused = api_of(amir).post(
        "/api/v1/activities/",
        over_api | {name: [] if name in ("subject_categories", "recipients") else ""},
        format="json",
    )
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [name])
    assert sequenced() == []


def test_change_is_recorded_by_field_names(amir, sales, sequenced):
    form = SALES | {
        "subject_categories": "Customers",
        "purpose": "Sell music and films.",
        "transfers": "None.",
    }
    answer = client_of(amir).post(f"/activities/{sales.pk}/change/", form)
    assert answer.status_code == 302
    assert actions(sequenced()) == [("activity.changed", {"fields": ["purpose", "transfers"]})]


def test_saving_without_a_change_leaves_no_entry(amir, sales, sequenced):
    client_of(amir).post(f"/activities/{sales.pk}/change/", SALES | {"subject_categories": "Customers"})
    assert sequenced() == []


def test_activity_is_removed_by_its_typed_word(amir, sales, sequenced):
    browser, url = client_of(amir), f"/activities/{sales.pk}/remove/"
    assert browser.post(url, {"typed": "yes"}).status_code == 422
    assert ProcessingActivity.objects.count() == 1
    assert browser.post(url, {"typed": "remove"})["Location"] == "/activities/"
    assert not ProcessingActivity.objects.exists()
    (entry,) = sequenced()
    assert (entry.action, entry.object_id, entry.content["object"]["name"]) == (
        "activity.removed",
        str(sales.pk),
        "Sales",
    )


def test_organisation_is_one_row(amir, sequenced):
    browser = client_of(amir)
    assert browser.post("/activities/organisation/", CHINOOK).status_code == 302
    assert browser.post("/activities/organisation/", CHINOOK | {"name": "Chinook Corp"}).status_code == 302
    assert [row.name for row in Organisation.objects.all()] == ["Chinook Corp"]
    assert actions(sequenced()) == [
        ("organisation.changed", {"fields": ["contact", "name"]}),
        ("organisation.changed", {"fields": ["name"]}),
    ]


def test_auditor_reads_the_organisation_and_cannot_change_it(vera, amir):
    keeping.save_organisation(Organisation(**CHINOOK))
    browser = client_of(vera)
    text = browser.get("/activities/organisation/").content.decode()
    assert "Lindenhof 12, Berlin" in text
    assert "<textarea" not in text
    assert browser.post("/activities/organisation/", CHINOOK | {"name": "X"}).status_code == 403
    assert Organisation.objects.get().name == "Chinook"


def test_activities_over_the_api(amir, vera, sequenced):
    program = api_of(amir)
    body = SALES | {"subject_categories": ["Customers"], "recipients": ["None"]}
    pk = program.post("/api/v1/activities/", body, format="json").json()["id"]
    assert (
        program.patch(f"/api/v1/activities/{pk}/", {"purpose": "Sell."}, format="json").json()["purpose"]
        == "Sell."
    )
    assert [
        row["name"] for row in program.get("/api/v1/activities/?lawful_basis=contract").json()["results"]
    ] == ["Sales"]
    assert program.get("/api/v1/activities/?lawful_basis=consent").json()["count"] == 0
    assert api_of(vera).delete(f"/api/v1/activities/{pk}/").status_code == 403
    assert program.delete(f"/api/v1/activities/{pk}/").status_code == 204
    assert program.put("/api/v1/organisation/", CHINOOK, format="json").json()["name"] == "Chinook"
    assert program.get("/api/v1/organisation/").json()["country"] == "DE"
    assert [entry.action for entry in sequenced()] == [
        "activity.added",
        "activity.changed",
        "activity.removed",
        "organisation.changed",
    ]


def test_pages_of_activities_open(vera, sales):
    browser = client_of(vera)
    assert "Sell music." in browser.get(f"/activities/{sales.pk}/").content.decode()
    assert "on record" in browser.get("/activities/card/").content.decode()
    assert browser.get("/activities/?format=csv").getvalue().decode().splitlines() == [
        "Activity,Lawful basis,Data subjects,Recipients,Changed",
        f'Sales,"Contract, Art. 6(1)(b)",Customers,Tax adviser,{sales.changed_at.isoformat()}',
    ]
