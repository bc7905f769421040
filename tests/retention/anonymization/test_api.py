"""Anonymization over REST."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog.models import DataSet, System
from governance.console.models import Job, User
from retention.anonymization.models import Outlet, Run
from tests.people import api_of
from tests.services.fixtures import Database

pytestmark = pytest.mark.django_db
JOBS = "/api/v1/anonymization/jobs/"


def body(store: System, **changes: object) -> dict[str, object]:
    return {
        "data_set": DataSet.objects.get().pk,
        "outlet": Outlet.objects.get().pk,
        "name": "customer",
        **changes,
    }


def test_a_job_is_asked_for_and_followed(
    store: System, pg_database: Database, emil: User, work: Callable[[], list[Job]]
):
    api = api_of(emil)
    made = api.post(JOBS, body(store, rules={"city": "redact"}), format="json")
    assert made.status_code == 201, made.content
    started = made.json()
    assert (started["state"], started["person"], started["job"] is not None) == ("queued", "email", True)
    assert {rule["column"]: rule["technique"] for rule in started["rules"]} == {
        "id": "keep",
        "name": "drop",
        "email": "pseudonym",
        "city": "redact",
        "spent": "keep",
    }
    work()
    ended = api.get(f"{JOBS}{started['id']}/").json()
    assert (ended["state"], ended["record_count"], ended["location"]) == (
        "delivered",
        30,
        "Shop / safe.customer",
    )
    assert ended["validation"]["passed"] is True
    assert api.get(JOBS, {"state": "delivered"}).json()["count"] == 1
    assert api.post(f"{JOBS}{started['id']}/resume/").status_code == 409


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "public.x"}, "to the schema safe of Shop only"),
        ({"rules": {"city": "rot13"}}, "There is no kind 'rot13'"),
        ({"rules": {"nobody": "keep"}}, "There is no column nobody"),
        ({"person": "nobody"}, "There is no column nobody"),
        ({"use": "analytics", "runner": "abacus"}, "is not a valid choice"),
    ],
)
def test_what_cannot_be_done_answers_400_and_starts_nothing(
    store: System, emil: User, changes: dict, said: str
):
    answer = api_of(emil).post(JOBS, body(store, **changes), format="json")
    assert answer.status_code == 400
    assert said in answer.json()["detail"]
    assert not Run.objects.exists()


def test_advice_is_given_for_each_column(store: System, vera: User):
    api = api_of(vera)
    data_set = DataSet.objects.get().pk
    advice = api.get("/api/v1/anonymization/advice/", {"data_set": data_set, "use": "third_party"}).json()
    email = next(each for each in advice if each["column"] == "email")
    assert (email["technique"], email["category"]) == ("drop", "contact.email")
    assert [each["technique"] for each in email["suggestions"]] == ["drop", "suppress"]
    assert api.get("/api/v1/anonymization/advice/", {"data_set": 0}).status_code == 400


def test_auditors_read_and_start_nothing(store: System, vera: User):
    api = api_of(vera)
    assert api.get(JOBS).status_code == 200
    assert api.post(JOBS, body(store), format="json").status_code == 403
