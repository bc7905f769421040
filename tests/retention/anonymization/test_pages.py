"""The pages of anonymization, as staff of each role see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from catalog.models import Column, DataSet, System
from governance.console.models import Job, User
from retention.anonymization.models import Outlet, Run, Sink
from tests.people import client_of
from tests.retention.anonymization.people import ask, worked
from tests.services.fixtures import Database

pytestmark = pytest.mark.django_db


def url(name: str, *args: Any) -> str:
    return reverse(f"anonymization:{name}", args=args)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def asked(store: System, **changes: Any) -> dict[str, Any]:
    return {
        "data_set": DataSet.objects.get(system=store).pk,
        "use": "analytics",
        "outlet": Outlet.objects.get().pk,
        "name": "customer",
        "runner": "local",
        **changes,
    }


def test_empty_pages_say_what_will_stand_there(dana: User, emil: User, vera: User):
    assert "No jobs yet" in text(client_of(vera).get(url("jobs")))
    assert "Anonymize a data set" not in text(client_of(vera).get(url("jobs")))
    assert "Ask one of them" in text(client_of(dana).get(url("new")))
    delivery = text(client_of(emil).get(url("delivery")))
    assert "None yet Jobs write only where somebody allowed it" in delivery
    assert "Nobody yet A webhook or a Kafka topic" in delivery
    assert "Allow a system" not in text(client_of(vera).get(url("delivery")))


def test_a_job_from_the_form_over_the_rules_to_the_record(
    store: System, pg_database: Database, dana: User, work: Callable[[], list[Job]]
):
    browser = client_of(dana)
    chosen = asked(store)
    first = browser.get(url("new"), chosen)
    assert first.status_code == 302
    review = browser.get(first["Location"])
    assert "Full name (confirmed): Nobody can be singled out by a column that is not there." in text(review)
    assert 'value="pseudonym" selected' in review.content.decode()
    rules = {
        f"{part}_{place}": value
        for place, (technique, parameters) in enumerate(
            [("keep", ""), ("drop", ""), ("mask_email", '{"local": "first"}'), ("keep", ""), ("keep", "")]
        )
        for part, value in (("technique", technique), ("parameters", parameters))
    }
    started = browser.post(first["Location"], rules)
    assert started.status_code == 302, text(started)
    run = Run.objects.get()
    assert started["Location"] == url("job", run.pk)
    assert (run.asked_by, run.operator) == (dana, str(dana.public_id))
    reasons = {rule["column"]: rule["reason"] for rule in run.rules["rules"]}
    assert reasons["email"] == "Chosen on the page of the job."
    assert reasons["name"].startswith("Full name (confirmed)")
    assert 'hx-get="/jobs/' in browser.get(url("job", run.pk)).content.decode()
    work()
    page = text(browser.get(url("job", run.pk)))
    assert "Delivered" in page
    assert "none of its values came out" in page
    assert "Mask e-mail addresses, keeping the domain" in page
    assert pg_database.execute("SELECT email FROM safe.customer WHERE id = 1") == [("p*****@example.org",)]
    assert "Shop / public.customer" in text(browser.get(url("jobs")))
    rows = b"".join(browser.get(url("jobs"), {"format": "csv", "state": "delivered"}).streaming_content)  # type: ignore[attr-defined]
    assert b"Shop / safe.customer" in rows


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"technique_2": ""}, "Nobody decided about this column yet."),
        ({"technique_2": "mask", "parameters_2": "{"}, "Write parameters as JSON."),
        ({"technique_2": "mask", "parameters_2": '{"first": -1}'}, "mask.first must be at least 0"),
        ({"technique_4": "mask_email"}, "cannot treat values of type double"),
    ],
)
def test_rules_that_cannot_hold_answer_422_and_start_nothing(
    store: System, dana: User, rules: dict, said: str
):
    browser = client_of(dana)
    kept = {"technique_0": "keep", "technique_1": "drop", "technique_2": "pseudonym", "technique_3": "keep"}
    answer = browser.post(f"{url('review')}?{_query(asked(store))}", kept | {"technique_4": "keep"} | rules)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Run.objects.exists()


def _query(values: dict[str, Any]) -> str:
    return "&".join(f"{name}={value}" for name, value in values.items())


def test_a_destination_outside_of_what_is_allowed_answers_422(store: System, dana: User):
    answer = client_of(dana).get(url("new"), asked(store, name="public.customer"))
    assert answer.status_code == 422
    assert "Jobs may deliver to the schema safe of Shop only." in text(answer)


def test_a_failed_job_says_why_and_can_go_on(
    store: System, pg_database: Database, dana: User, vera: User, work: Callable[[], list[Job]]
):
    run = ask("Shop/public.customer", "Shop/customer", rules={})
    settings = dict(store.settings)
    System.objects.update(settings=settings | {"port": 1})
    worked(run)
    shown = client_of(vera).get(url("job", run.pk))
    assert "the database does not answer" in text(shown)
    assert "Go on" not in text(shown)
    System.objects.update(settings=settings)
    browser = client_of(dana)
    assert "Go on" in text(browser.get(url("job", run.pk)))
    assert "goes on from what is staged" in text(browser.post(url("resume", run.pk), follow=True))
    work()
    assert "is not one that can go on" in text(browser.post(url("resume", run.pk), follow=True))
    assert Run.objects.get().outcome == "delivered"


def test_the_advisor_explains_and_shows_rows_by_role(
    store: System, dana: User, amir: User, emil: User, sequenced
):
    Column.objects.filter(name="spent").update(state="unreviewed", category="", sensitivity="")
    chosen = {"data_set": DataSet.objects.get().pk, "use": "test_data"}
    page = text(client_of(dana).get(url("advisor"), chosen))
    assert "Tests need values that look real" in page
    assert "Nothing: nobody said what it holds." in page
    assert client_of(emil).get(url("advisor"), chosen).status_code == 200
    assert client_of(emil).post(url("look", chosen["data_set"]), {"use": "test_data"}).status_code == 403

    masked = text(client_of(dana).post(url("look", chosen["data_set"]), {"use": "test_data"}))
    assert "Values are masked" in masked
    assert "p*@e******.org" in masked
    assert "p1@example.org" not in masked
    plain = text(client_of(amir).post(url("look", chosen["data_set"]), {"use": "test_data"}))
    assert "p1@example.org" in plain
    looks = [entry.content["facts"] for entry in sequenced() if entry.action == "anonymization.previewed"]
    assert [(look["masked"], look["rows"]) for look in looks] == [(True, 10), (False, 10)]


def test_an_advisor_without_an_answer_says_so(store: System, dana: User):
    browser = client_of(dana)
    assert browser.get(url("advisor"), {"data_set": 0, "use": "analytics"}).status_code == 422
    System.objects.update(settings=dict(store.settings) | {"port": 1})
    gone = browser.get(url("advisor"), {"data_set": DataSet.objects.get().pk, "use": "analytics"})
    assert gone.status_code == 422
    assert "No PostgreSQL answers" in text(gone)


def test_who_may_be_delivered_to_and_told_is_decided_on_one_page(emil: User, dana: User, store: System):
    browser = client_of(emil)
    other = System.objects.create(name="Lake", kind="folder", settings={"path": "/data/lake"})
    assert browser.post(url("outlet_add"), {"system": other.pk, "inside": "../up"}).status_code == 422
    assert browser.post(url("outlet_add"), {"system": other.pk, "inside": "safe/"}).status_code == 302
    assert str(Outlet.objects.get(system=other)) == "Lake: safe"
    assert client_of(dana).post(url("outlet_add"), {"system": other.pk}).status_code == 403
    assert browser.post(url("outlet_remove", Outlet.objects.get(system=other).pk)).status_code == 302

    wrong = browser.post(url("sink_add"), {"name": "Hook", "url": "http://example.org/"})
    assert wrong.status_code == 422
    assert "Events go to https:// only" in text(wrong)
    assert browser.post(url("sink_add"), {"name": "Hook"}).status_code == 422
    hook = {"name": "Hook", "url": "https://example.org/", "secret": "a shared secret"}
    assert browser.post(url("sink_add"), hook).status_code == 302
    page = browser.get(url("delivery"))
    assert "https://example.org/" in text(page)
    assert "a shared secret" not in page.content.decode()
    assert browser.post(url("sink_remove", Sink.objects.get().pk)).status_code == 302
    assert not Sink.objects.exists()


def test_officers_may_ask_which_jobs_processed_a_person(store: System, amir: User, dana: User):
    run = worked(ask("Shop/public.customer", "Shop/customer", rules={}))
    browser = client_of(amir)
    found = text(browser.post(url("person"), {"identifier": "P3@example.org"}))
    assert run.source in found
    assert "No job that told persons apart" in text(
        browser.post(url("person"), {"identifier": "x@example.org"})
    )
    assert browser.post(url("person"), {"identifier": ""}).status_code == 422
    assert client_of(dana).post(url("person"), {"identifier": "P3@example.org"}).status_code == 403
