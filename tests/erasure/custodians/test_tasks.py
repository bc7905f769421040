"""What a custodian does on their page: sees whom it is about, confirms with evidence, refuses, asks for time."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import System
from erasure.custodians import asking, expiring, reminding
from erasure.custodians.answering import confirm
from erasure.custodians.models import Evidence, Task
from erasure.models import Step, SubjectRequest
from erasure.requests.states import NotNow
from governance.console.permissions import Role
from tests.erasure.custodians.conftest import carried_out, checked, drafted
from tests.erasure.estate import entries
from tests.erasure.officers import text_of
from tests.erasure.test_attaching import PDF
from tests.people import api_of, client_of, person

pytestmark = pytest.mark.django_db


def address(task: Task, action: str = "") -> str:
    return f"/tasks/{task.public_id}/{action}"


def days(number: int):
    return timezone.localdate() + timedelta(days=number)


def test_custodian_is_written_to_without_a_word_about_the_person(task, erasing):
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["carl@console.example"], f"Task {erasing.reference} in crm")
    assert f"http://testserver{address(task)}" in letter.body
    assert "ana" not in letter.subject + letter.body
    assert entries("task.given") == [
        {"whom": "crm", "way": "letter", "due": task.due_on.isoformat(), "plan": 1, "step": 1}
    ]


def test_system_without_a_custodian_is_told_to_the_officers(
    crm, plan, erasing, django_capture_on_commit_callbacks
):
    System.objects.update(custodian=None)
    (step,) = drafted(plan, "ask_custodian")
    assert step.target == "crm: it has no custodian yet, officers are told"
    with django_capture_on_commit_callbacks(execute=True):
        carried_out(step)
    assert [letter.to for letter in mail.outbox] == [["amir@console.example"]]
    assert "The system has no custodian" in mail.outbox[0].body


def test_identifiers_are_shown_to_the_custodian_alone_and_that_is_recorded(task, carl, amir, petra):
    browser = client_of(carl)
    assert "ana@example.org" not in text_of(browser.get(address(task)))
    shown = browser.post(address(task, "identifiers/"))
    assert "ana@example.org" in text_of(shown)
    assert "no-store" in shown["Cache-Control"]
    assert len(entries("task.identifiers_revealed")) == 1
    assert client_of(amir).post(address(task, "identifiers/")).status_code == 403
    assert "ana@example.org" not in text_of(client_of(petra).get(address(task)))


def test_another_custodian_finds_nothing_there(task):
    cleo = person("cleo", Role.CUSTODIAN)
    browser = client_of(cleo)
    assert browser.get(address(task)).status_code == 404
    assert browser.post(address(task, "identifiers/")).status_code == 404
    assert browser.post(address(task, "confirm/"), {"state": "done", "note": "x"}).status_code == 404
    assert task.request.reference not in text_of(browser.get("/tasks/"))
    assert api_of(cleo).get(f"/api/v1/tasks/{task.public_id}/").status_code == 404


def test_lists_are_of_ones_own_systems(task, carl, amir, emil):
    for user in (carl, amir):
        assert task.request.reference in text_of(client_of(user).get("/tasks/?open=true"))
        assert task.request.reference not in text_of(client_of(user).get("/tasks/?overdue=true"))
    assert client_of(emil).get("/tasks/").status_code == 403
    assert "crm" in text_of(client_of(amir).get(f"/requests/{task.request.pk}/"))


def test_confirmation_with_evidence_closes_the_step(task, carl, vera):
    browser = client_of(carl)
    upload = SimpleUploadedFile("../ana lima.pdf", PDF, content_type="text/html")
    answer = browser.post(
        address(task, "confirm/"), {"state": "done", "note": "Deleted in the admin tool.", "evidence": upload}
    )
    assert answer.status_code == 302
    outcome = checked(task.step)
    digest = sha256(PDF).hexdigest()
    assert (outcome.left, outcome.facts["answer"], outcome.facts["evidence"]) == (0, "done", [digest])
    assert entries("task.confirmed") == [{"state": "done", "way": "page", "evidence": [digest]}]

    evidence = Evidence.objects.get()
    assert evidence.name == "ana lima.pdf"
    assert bytes(evidence.sealed).find(b"%PDF") == bytes(evidence.sealed_name).find(b"ana") == -1
    url = address(task, f"evidence/{evidence.public_id}/")
    file = client_of(vera).post(url)
    assert (file.content, file["Content-Type"]) == (PDF, "application/pdf")
    assert file["Content-Disposition"].startswith("attachment;")
    assert (file["X-Content-Type-Options"], file["Cache-Control"]) == ("nosniff", "no-store")
    assert "sandbox" in file["Content-Security-Policy"]
    assert entries("task.evidence_read") == [{"sha256": digest}]
    assert client_of(vera).get(url).status_code == 405


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"state": "done"}, "This field is required."),
        ({"state": "refused", "note": "x"}, "Select a valid choice."),
        ({"state": "done", "note": "x" * 1001}, "at most 1000 characters"),
        (
            {"state": "done", "note": "x", "evidence": SimpleUploadedFile("a.html", b"<script>")},
            "Only PDF, PNG, JPEG, TXT, CSV or EML files can be attached.",
        ),
    ],
)
def test_confirmation_that_says_too_little_is_422(task, carl, given, said):
    answer = client_of(carl).post(address(task, "confirm/"), given)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert Task.objects.get().state == "asked"
    assert not Evidence.objects.exists()


def test_answer_counts_once(task, carl):
    browser = client_of(carl)
    confirm(task, state="nothing found", note="Never a customer.", way="page", by=carl)
    refused = browser.post(address(task, "confirm/"), {"state": "done", "note": "x"})
    assert refused.status_code == 409
    assert "was answered before: nothing found" in text_of(refused)
    with pytest.raises(NotNow):
        confirm(Task.objects.get(), state="done", note="x", way="page", by=carl)
    assert len(entries("task.confirmed")) == 1


def test_refusal_is_told_to_the_officers(task, carl, django_capture_on_commit_callbacks):
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(carl).post(address(task, "refuse/"), {"exemption": "e", "reason": "A claim."})
    assert answer.status_code == 302
    assert checked(task.step).facts["exemption"] == "e"
    assert [letter.to for letter in mail.outbox] == [["amir@console.example"]]
    assert "Legal claims, Art. 17(3)(e)" in mail.outbox[0].body


def test_time_is_given_and_the_step_waits_until_then(task, carl, django_capture_on_commit_callbacks):
    browser = client_of(carl)
    for wrong in (days(0), days(61)):
        given = {"until": wrong.isoformat(), "reason": "Nightly job."}
        assert browser.post(address(task, "delay/"), given).status_code == 422
    given = {"until": days(10).isoformat(), "reason": "Nightly job."}
    assert browser.post(address(task, "delay/"), given).status_code == 302
    outcome = checked(task.step)
    assert (outcome.left, outcome.until.date()) == (1, days(10))
    assert browser.post(address(task, "confirm/"), {"state": "done", "note": "Ran."}).status_code == 302


def test_reminders_come_before_the_day_and_once_after_it(task):
    mail.outbox.clear()
    assert reminding.remind() == 0
    Task.objects.update(asked_at=timezone.now() - timedelta(days=20))
    for due, expected in ((8, 0), (7, 1), (6, 0), (2, 1), (1, 0), (0, 0), (-1, 1), (-9, 0)):
        Task.objects.update(due_on=days(due))
        assert (due, reminding.remind()) == (due, expected)
    assert [letter.subject.partition(":")[0] for letter in mail.outbox] == ["Reminder"] * 3
    assert [facts["reminders"] for facts in entries("task.reminded")] == [1, 2, 3]


def test_days_that_passed_unseen_are_one_reminder(task):
    Task.objects.update(asked_at=timezone.now() - timedelta(days=20), due_on=days(-3))
    assert [reminding.remind(), reminding.remind()] == [1, 0]


def test_due_day_is_before_the_person_has_to_be_answered(erasing):
    assert asking.due_on(erasing) == min(days(14), erasing.due_on - timedelta(days=3))
    erasing.due_on = days(5)
    assert asking.due_on(erasing) == days(2)
    erasing.due_on = days(-5)
    assert asking.due_on(erasing) == days(1)


def test_evidence_and_notes_go_30_days_after_the_end_and_digests_stay(task, carl, erasing):
    client_of(carl).post(
        address(task, "confirm/"),
        {"state": "done", "note": "x", "evidence": SimpleUploadedFile("a.pdf", PDF)},
    )
    SubjectRequest.objects.update(state="complete", closed_at=timezone.now() - timedelta(days=29))
    assert expiring.expire() == 0
    SubjectRequest.objects.update(closed_at=timezone.now() - timedelta(days=30))
    assert [expiring.expire(), expiring.expire()] == [1, 0]
    evidence = Evidence.objects.get()
    assert (evidence.name, evidence.available, evidence.sha256) == ("", False, sha256(PDF).hexdigest())
    assert Task.objects.get().note == ""
    url = address(task, f"evidence/{evidence.public_id}/")
    assert client_of(carl).post(url).status_code == 404
    assert checked(task.step).facts["evidence"] == [sha256(PDF).hexdigest()]


def test_step_becomes_one_task_however_often_it_is_carried_out(task):
    assert carried_out(task.step).left == 1
    assert Task.objects.count() == len(entries("task.given")) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.create(step=task.step, request=task.request, system=task.system, due_on=days(1))


def test_answered_system_is_not_asked_again_by_a_later_plan(task, carl, plan):
    confirm(task, state="done", note="x", way="page", by=carl)
    assert drafted(plan, "ask_custodian") == []


def test_everything_over_the_api(task, carl, amir):
    api, url = api_of(carl), f"/api/v1/tasks/{task.public_id}/"
    assert api.get("/api/v1/tasks/?open=true").json()["count"] == 1
    revealed = api.post(f"{url}identifiers/")
    assert revealed.json()["identifiers"] == [{"category": "contact.email", "value": "ana@example.org"}]
    assert revealed["Cache-Control"] == "no-store"
    wrong = {"file": SimpleUploadedFile("a.exe", b"MZ")}
    assert api.post(f"{url}evidence/", wrong, format="multipart").status_code == 400
    right = {"file": SimpleUploadedFile("a.pdf", PDF)}
    assert api.post(f"{url}evidence/", right, format="multipart").status_code == 200
    given = {"until": days(3).isoformat(), "reason": "Nightly job."}
    assert api.post(f"{url}delay/", given, format="json").json()["state"] == "needs time"
    assert api_of(amir).post(f"{url}send/").status_code == 200
    done = api.post(f"{url}confirm/", {"state": "done", "note": "Ran."}, format="json").json()
    assert (done["state"], done["answered_by_way"], done["evidence"][0]["sha256"]) == (
        "done",
        "api",
        sha256(PDF).hexdigest(),
    )
    again = api.post(f"{url}refuse/", {"exemption": "b", "reason": "x"}, format="json")
    assert again.status_code == 409
    assert entries("task.confirmed") == [
        {"state": "done", "way": "api", "evidence": [sha256(PDF).hexdigest()]}
    ]


def test_custodian_cannot_be_given_up_like_a_recipient(task, amir):
    given = {"reason": "They never answer."}
    assert client_of(amir).post(address(task, "impossible/"), given).status_code == 409
    assert Task.objects.get().state == "asked"


def test_state_of_the_task_is_durable_against_a_second_worker(task, carl):
    """Two answers at once: the second sees that it was too late, and nothing of it stays."""
    stale = Task.objects.get()
    confirm(task, state="done", note="First.", way="page", by=carl)
    with pytest.raises(NotNow):
        confirm(stale, state="nothing found", note="Second.", way="page", by=carl)
    assert Task.objects.get().note == "First."
    assert Step.objects.get().check_at is not None
