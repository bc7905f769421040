"""Art. 19: the register of recipients, telling them what was done, their answer, and naming them to the person."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.models import DataSet, System
from erasure.custodians import connecting, registering
from erasure.custodians.models import Recipient, Task
from erasure.custodians.sending import send_due
from erasure.measures import registry as measures
from erasure.measures.base import Planned
from erasure.models import Step, SubjectRequest
from erasure.requests.states import NotNow
from governance.activities.models import ProcessingActivity
from tests.erasure.custodians.conftest import carried_out, checked, drafted
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import letters
from tests.erasure.officers import text_of
from tests.people import api_of, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def erased(mailer, plan) -> Step:
    """A step that deletes rows of a data set whose activity names the recipient."""
    system = System.objects.create(name="shop", kind="postgresql", region="EU")
    data_set = DataSet.objects.create(system=system, name="public.newsletter", kind="table")
    data_set.activities.add(ProcessingActivity.objects.get())
    return Step.objects.create(plan=plan, position=1, data_set=data_set, method="delete", rows_before=2)


@pytest.fixture
def told(erased, plan, mailer, django_capture_on_commit_callbacks) -> Task:
    (step,) = drafted(plan, "notify", (erased,))
    with django_capture_on_commit_callbacks(execute=True):
        carried_out(step)
    return Task.objects.get()


def notice() -> str:
    """The path of the link in the newest letter."""
    return re.findall(r"http://testserver(/tasks/notice/\S+)", mail.outbox[-1].body)[-1]


def test_recipients_are_those_of_the_activities_and_of_the_data_set_itself(erased, mailer, plan):
    printer = Recipient.objects.create(name="Printer Ltd", kind="controller")
    printer.data_sets.add(erased.data_set)
    Recipient.objects.create(name="Somebody else", kind="controller")
    gone = Recipient.objects.create(name="Left", kind="controller", ended_at=timezone.now())
    gone.data_sets.add(erased.data_set)
    ((data_set, receiving),) = registering.recipients_of([erased.data_set]).items()
    assert (data_set, set(receiving)) == (erased.data_set, {mailer, printer})
    kept = Step(plan=plan, data_set=erased.data_set, method="keep")
    assert drafted(plan, "notify", (kept,)) == []


def test_of_many_each_is_told_what_is_changed_for_them(erased, plan, mailer, amir):
    """Not again who was told already, and nothing where nothing changes."""
    others = [request_of(f"{name}@example.org", amir) for name in ("bo", "cleo")]
    (done,) = drafted(plan, "notify", (erased,))
    carried_out(done)
    Task.objects.update(state=Task.State.DONE)
    kept = Step(data_set=erased.data_set, method="keep")
    planned = [Planned(plan.request, [erased]), Planned(others[0], [erased]), Planned(others[1], [kept])]
    told, untold, unchanged = measures.get("notify")().drafts(planned)
    assert (told, unchanged) == ([], [])
    (step,) = untold
    assert step.facts == {"recipient": mailer.pk, "data_sets": ["shop / public.newsletter"]}


def test_recipient_reads_whom_it_is_about_behind_a_link_and_answers_once(told, sam):
    (letter,) = mail.outbox
    assert letter.to == ["privacy@mailer.example"]
    assert "ana" not in letter.subject + letter.body
    url = notice()
    page = sam.get(url)
    assert page.status_code == 200
    assert "ana@example.org" not in text_of(page)
    assert (page["Referrer-Policy"], "no-store" in page["Cache-Control"]) == ("strict-origin", True)

    assert "ana@example.org" in text_of(sam.post(url, {"show": "1"}))
    assert len(entries("task.identifiers_revealed")) == 1
    assert sam.post(url, {"state": "refused", "note": "x"}).status_code == 422
    assert Task.objects.get().open

    assert "Thank you" in text_of(sam.post(url, {"state": "done", "note": "Deleted."}))
    assert sam.get(url).status_code == 410
    assert sam.post(url, {"state": "nothing found", "note": "x"}).status_code == 410
    outcome = checked(told.step)
    assert (outcome.left, outcome.facts["answer"], outcome.facts["way"]) == (0, "done", "link")


def test_link_ends_with_time_and_with_a_newer_one(told, sam, django_capture_on_commit_callbacks, amir):
    first = notice()
    with django_capture_on_commit_callbacks(execute=True):
        client_of(amir).post(f"/tasks/{told.public_id}/send/")
    assert sam.get(first).status_code == 410
    assert sam.get(notice()).status_code == 200
    Task.objects.update(link_expires_at=timezone.now() - timedelta(seconds=1))
    assert sam.get(notice()).status_code == 410
    assert sam.get("/tasks/notice/nothing/").status_code == 410


def test_link_is_kept_as_a_digest_alone(told):
    assert notice().split("/")[3] not in str(vars(Task.objects.get()))


def test_recipient_may_be_told_by_webhook(erased, plan, mailer, receiver, sam):
    _, receiver.secret = connecting.set_webhook(mailer, receiver.url)
    (step,) = drafted(plan, "notify", (erased,))
    carried_out(step)
    assert send_due() == (1, 0)
    task = Task.objects.get()
    path, body, headers = receiver.erase(str(task.public_id))
    assert sam.post(path, body, content_type="application/json", headers=headers).status_code == 200
    assert checked(step).facts["way"] == "webhook"
    assert mail.outbox == []


def test_recipient_without_any_address_is_said_so(erased, plan, mailer, django_capture_on_commit_callbacks):
    Recipient.objects.update(contact_email="")
    (step,) = drafted(plan, "notify", (erased,))
    with django_capture_on_commit_callbacks(execute=True):
        assert carried_out(step).waits_for == "The confirmation of Mailer GmbH"
    assert Task.objects.get().problem.startswith("No letter could be sent")


def test_impossible_is_declared_with_a_reason(told, amir, vera):
    url = f"/tasks/{told.public_id}/impossible/"
    assert client_of(vera).post(url, {"reason": "x"}).status_code == 403
    assert client_of(amir).post(url, {"reason": ""}).status_code == 422
    assert client_of(amir).post(url, {"reason": "Wound up in 2025, no successor."}).status_code == 302
    assert checked(told.step).facts["answer"] == "impossible"
    assert entries("task.notice_impossible") == [{"reason": "Wound up in 2025, no successor."}]


def test_person_is_named_the_recipients_when_they_ask(
    told, amir, erasing, django_capture_on_commit_callbacks
):
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert client_of(amir).post(f"/tasks/requests/{erasing.pk}/recipients/").status_code == 302
    assert [to for to, _ in letters()] == ["ana@example.org"]
    (letter,) = mail.outbox
    assert "- Mailer GmbH" in letter.body
    assert entries("request.recipients_named") == [{"recipients": ["Mailer GmbH"]}]


def test_nobody_is_named_where_nobody_was_told_or_the_identity_is_open(erasing, amir, told):
    SubjectRequest.objects.update(verified_at=None)
    erasing.refresh_from_db()
    with pytest.raises(NotNow, match="not verified"):
        registering.name_recipients(erasing)
    Task.objects.all().delete()
    assert client_of(amir).post(f"/tasks/requests/{erasing.pk}/recipients/").status_code == 409


def test_register_is_kept_on_its_pages(mailer, amir, vera):
    browser = client_of(amir)
    listed = text_of(browser.get("/tasks/recipients/"))
    assert "Printer Ltd" in listed  # named by an activity, in nobody's register
    assert ">None<" not in listed
    activity = ProcessingActivity.objects.get()
    given = {"name": "Printer Ltd", "kind": "controller", "region": "DE", "activities": [activity.pk]}
    added = browser.post("/tasks/recipients/add/", given)
    assert added.status_code == 302, text_of(added)
    printer = Recipient.objects.get(name="Printer Ltd")
    assert added["Location"] == printer.get_absolute_url()
    assert browser.post("/tasks/recipients/add/", given).status_code == 422
    changed = given | {"contact_email": "a@printer.example"}
    assert browser.post(f"{printer.get_absolute_url()}change/", changed).status_code == 302
    assert entries("recipient.changed") == [{"fields": ["contact_email"]}]
    browser.post(f"{printer.get_absolute_url()}end/")
    assert Recipient.objects.get(pk=printer.pk).state == "retired"
    assert "Retired" in text_of(client_of(vera).get(printer.get_absolute_url()))
    assert client_of(vera).post("/tasks/recipients/add/", given).status_code == 403
    with pytest.raises(ValidationError):
        registering.end(Recipient.objects.get(pk=printer.pk))


def test_register_over_the_api(amir, vera, mailer):
    api = api_of(amir)
    given = {"name": "Printer Ltd", "kind": "processor", "contact_email": "a@printer.example"}
    made = api.post("/api/v1/recipients/", given, format="json")
    assert made.status_code == 201
    assert api.post("/api/v1/recipients/", given, format="json").status_code == 400
    url = f"/api/v1/recipients/{made.json()['id']}/"
    assert api.put(url, given | {"kind": "controller"}, format="json").json()["kind"] == "controller"
    assert api.post(f"{url}end/").json()["state"] == "retired"
    assert api.post(f"{url}end/").status_code == 400
    assert api_of(vera).get("/api/v1/recipients/?state=active").json()["count"] == 1
    assert api_of(vera).post("/api/v1/recipients/", given, format="json").status_code == 403
