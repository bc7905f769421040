import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from audit.ledger.models import Entry
from catalog.models import DataSet
from governance.console.models import User
from retention.policies.models import Due, Policy, Terms
from tests.erasure import estate
from tests.people import client_of
from tests.services.fixtures import Database

GIVEN = {
    "name": "Addresses",
    "scope": "category",
    "chosen": "contact.email",
    "bound": "at most",
    "number": "30",
    "unit": "day",
    "action": "delete",
    "reason": "The newsletter is over.",
}


@pytest.fixture
def customers(db: None, pg_database: Database, somebody_acts) -> DataSet:
    pg_database.execute(estate.SHOP)
    system = estate.register(pg_database)
    estate.label(system, estate.LABELS)
    return DataSet.objects.get(system=system, name="public.customer")


@pytest.fixture
def steward(dana: User) -> Client:
    return client_of(dana)


def test_a_policy_is_added_shown_and_retired(customers: DataSet, steward: Client, sequenced) -> None:
    answer = steward.post("/retention/add/", GIVEN)
    policy = Policy.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == policy.get_absolute_url()
    assert (policy.covers, policy.period) == ("E-mail address", "30 days")
    page = steward.get(f"/retention/of/{customers.pk}/").content.decode()
    assert "Rows live at most <strong>30 days</strong>" in page
    assert "column email" in page
    retired = steward.post(f"{policy.get_absolute_url()}retire/", {"reason": ""})
    assert retired.status_code == 422
    steward.post(f"{policy.get_absolute_url()}retire/", {"reason": "Replaced."})
    assert "No policy limits" in steward.get(f"/retention/of/{customers.pk}/").content.decode()
    sequenced()
    actions = list(Entry.objects.order_by("number").values_list("action", flat=True))
    assert actions[-2:] == ["policy.added", "policy.retired"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"chosen": ""}, "Choose one: nothing is no category here."),
        ({"number": "0"}, "greater than or equal to 1"),
        ({"scope": "tag"}, "Name the tag."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    customers: DataSet, steward: Client, change: dict, sentence: str
) -> None:
    answer = steward.post("/retention/add/", GIVEN | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Policy.objects.exists()


def test_the_age_of_a_row_is_said_on_its_data_set(customers: DataSet, steward: Client) -> None:
    url = f"/retention/of/{customers.pk}/terms/"
    assert steward.post(url, {"tier": "raw", "tags": "CRM, shop", "age_column": "email"}).status_code == 422
    purchases = DataSet.objects.get(system=customers.system, name="public.purchase")
    answer = steward.post(
        f"/retention/of/{purchases.pk}/terms/", {"tier": "raw", "tags": "CRM, shop", "age_column": ""}
    )
    assert answer.status_code == 302
    assert Terms.objects.get().tags == ["crm", "shop"]


def test_the_second_officer_lets_runs_go_by_themselves(customers: DataSet, amir: User, petra: User) -> None:
    first, second = client_of(amir), client_of(petra)
    first.post("/retention/add/", GIVEN)
    policy = Policy.objects.get()
    refused = first.post(f"{policy.get_absolute_url()}standing/", follow=True)
    assert "You made this policy: somebody else has to approve its runs." in refused.content.decode()
    second.post(f"{policy.get_absolute_url()}standing/")
    policy.refresh_from_db()
    assert policy.standing_by == petra


def test_nobody_else_changes_policies(customers: DataSet, emil: User, vera: User, carl: User) -> None:
    for person in (emil, vera, carl):
        assert client_of(person).get("/retention/").status_code == 200
        assert client_of(person).post("/retention/add/", GIVEN).status_code == 403
    assert not Policy.objects.exists()


def test_the_same_over_the_api(customers: DataSet, dana: User) -> None:
    api = APIClient()
    api.force_authenticate(dana)
    given = {
        "name": "Addresses",
        "scope": "category",
        "value": "contact.email",
        "number": 30,
        "unit": "day",
        "reason": "Over.",
    }
    added = api.post("/api/v1/policies/", given, format="json")
    assert (added.status_code, added.json()["covers"]) == (201, "E-mail address")
    again = api.post("/api/v1/policies/", given, format="json")
    assert (again.status_code, again.json()["errors"]["name"]) == (
        400,
        ["A policy Addresses is in force: retire it first."],
    )
    said = api.get(f"/api/v1/due/{customers.pk}/governance/").json()
    assert (said["policy"], said["candidates"][0]["verdict"]) == (added.json()["id"], "decides")
    assert api.post("/api/v1/due/count/").status_code == 202


def test_what_was_counted_is_listed(customers: DataSet, steward: Client) -> None:
    Due.objects.create(data_set=customers, state="due", rows=12, counted_at=timezone.now())
    page = steward.get("/retention/due/").content.decode()
    assert "public.customer" in page
    assert steward.get("/retention/due/?state=held").content.decode().count("public.customer") == 0
    assert "12" in client_card(steward)


def client_card(steward: Client) -> str:
    return steward.get("/retention/card/").content.decode()
