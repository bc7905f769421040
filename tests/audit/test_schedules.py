"""Reports that make themselves: when, to where, and what becomes of one that cannot be made or sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from audit.ledger import guarding, verifier
from audit.ledger.models import Entry
from audit.ledger.signing import signing_key
from audit.reports.checking import check_file
from audit.reports.models import Delivery, Issue, Schedule
from audit.reports.renderers.json import Json
from audit.reports.schedules import delivering, issuing, scheduling
from audit.reports.schedules.rhythms import next_after, window
from audit.reports.tasks import forget, make_due, send
from governance.console.models import User
from tests.people import api_of, client_of

State = Delivery.State
LONG_AGO = datetime(2026, 1, 5, 5, tzinfo=UTC)


@pytest.fixture
def worm(tmp_path: Path, settings: Any) -> Path:
    settings.LEDGER_WORM = f"file://{tmp_path}/worm"
    return tmp_path / "worm"


def scheduled(by: User, **changes: Any) -> Schedule:
    """One that is due."""
    said = {"kind": "article_30", "form": "json", "rhythm": "monthly", "recipients": ["vera@example.org"]}
    made = scheduling.add(Schedule(**{**said, **changes}), by=by)
    Schedule.objects.filter(pk=made.pk).update(next_at=LONG_AGO)
    made.refresh_from_db()
    return made


def lapse() -> None:
    """The time of a lease, or of a wait, goes by."""
    past = timezone.now() - timedelta(seconds=1)
    Issue.objects.exclude(next_try_at=None).update(next_try_at=past)
    Delivery.objects.exclude(next_try_at=None).update(next_try_at=past)


def actions(entries: list[Entry]) -> list[str]:
    return [entry.action for entry in entries if entry.action.startswith("report.")]


@pytest.mark.parametrize(
    ("rhythm", "now", "due", "days"),
    [
        ("daily", "2026-03-04T05:00", "2026-03-04", ("2026-03-03", "2026-03-03")),
        ("daily", "2026-03-04T07:00", "2026-03-05", ("2026-03-04", "2026-03-04")),
        ("weekly", "2026-03-04T07:00", "2026-03-09", ("2026-03-02", "2026-03-08")),
        ("weekly", "2026-03-02T05:00", "2026-03-02", ("2026-02-23", "2026-03-01")),
        ("monthly", "2028-02-01T07:00", "2028-03-01", ("2028-02-01", "2028-02-29")),
        ("monthly", "2026-12-31T07:00", "2027-01-01", ("2026-12-01", "2026-12-31")),
    ],
)
def test_when_it_comes_due(rhythm: str, now: str, due: str, days: tuple[str, str], settings: Any):
    settings.TIME_ZONE = "Europe/Berlin"
    here = timezone.get_current_timezone()
    found = next_after(rhythm, datetime.fromisoformat(now).replace(tzinfo=here))
    assert found == datetime.fromisoformat(f"{due}T06:00").replace(tzinfo=here)
    assert window(rhythm, found) == tuple(map(date.fromisoformat, days))


def test_it_is_made_once_and_goes_everywhere(amir: User, worm: Path, sequenced: Callable):
    due = scheduled(amir, recipients=["vera@example.org", "board@example.org"], to_worm=True)
    make_due()
    make_due()
    (issue,) = due.issues.all()
    assert [each.state for each in issue.deliveries.all()] == [State.SENT] * 3
    assert (issue.due_at, issue.body) == (LONG_AGO, None)
    due.refresh_from_db()
    assert due.next_at > timezone.now()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["board@example.org", "vera@example.org"]
    name, body, _ = mail.outbox[0].attachments[0]
    body = body.encode() if isinstance(body, str) else body
    assert (name, json.loads(body)["report"]) == (issue.name, "article_30")
    assert sha256(body).hexdigest() == issue.sha256
    assert issue.sha256 in mail.outbox[0].body
    assert (
        "http://testserver/reports/check/" in mail.outbox[0].body or "/reports/check/" in mail.outbox[0].body
    )
    (stored,) = (worm / "reports").iterdir()
    assert (stored.read_bytes(), stored.stat().st_mode & 0o222) == (body, 0)
    assert check_file([body]).known
    guarding.export_now()
    key = verifier.Key(str(signing_key().verifier))
    found = verifier.verify_made(body, [key], export=verifier.Export(worm))
    assert [each["facts"]["sha256"] for each in found["recorded"]] == [issue.sha256]
    entries = sequenced()
    assert actions(entries) == ["report.scheduled", "report.made", *["report.sent"] * 3]
    assert not [entry for entry in entries if b"example.org" in bytes(entry.body)]


def test_what_was_missed_is_not_caught_up(amir: User):
    due = scheduled(amir, rhythm="daily")
    assert (issuing.open_due(), issuing.open_due()) == (1, 0)
    assert due.issues.count() == 1


def test_a_mail_server_that_is_down_is_tried_again_and_then_said(
    amir: User, monkeypatch: pytest.MonkeyPatch, sequenced: Callable
):
    def refuse(message: EmailMessage) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailMessage, "send", refuse)
    due = scheduled(amir)
    make_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (State.QUEUED, 1)
    assert delivery.problem == "SMTPServerDisconnected: the mail server did not take it."
    for _ in delivering.WAITS:
        lapse()
        send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (State.FAILED, len(delivering.WAITS) + 1)
    assert delivering.stuck() == 1
    assert actions(sequenced())[-1] == "report.not_sent"
    monkeypatch.undo()
    browser = client_of(amir)
    assert "1 scheduled file could not be made or sent" in browser.get("/reports/").content.decode()
    browser.post(f"/reports/schedules/deliveries/{delivery.pk}/again/")
    send()
    assert [letter.to for letter in mail.outbox] == [["vera@example.org"]]
    assert (delivering.stuck(), due.issues.get().body) == (0, None)


def test_an_address_that_is_refused_is_not_tried_again(amir: User, monkeypatch: pytest.MonkeyPatch):
    def refuse(message: EmailMessage) -> int:
        raise SMTPRecipientsRefused({message.to[0]: (550, b"no")})

    monkeypatch.setattr(EmailMessage, "send", refuse)
    scheduled(amir)
    make_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.problem) == (State.FAILED, "The mail server refused the address (550).")


def test_a_worker_killed_while_it_sends_sends_nothing_twice(
    amir: User, monkeypatch: pytest.MonkeyPatch, sequenced: Callable
):
    taken = EmailMessage.send

    def killed(message: EmailMessage) -> int:
        taken(message)
        raise SystemExit

    scheduled(amir, recipients=["vera@example.org", "zoe@example.org"])
    monkeypatch.setattr(EmailMessage, "send", killed)
    with pytest.raises(SystemExit):
        make_due()
    monkeypatch.undo()
    make_due()  # the other letter only
    lapse()
    make_due()
    make_due()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["vera@example.org", "zoe@example.org"]
    assert {each.state for each in Delivery.objects.all()} == {State.UNSURE, State.SENT}
    unsure = Delivery.objects.get(state=State.UNSURE)
    assert (unsure.problem, delivering.stuck()) == (delivering.UNSURE, 1)
    assert actions(sequenced()).count("report.not_sent") == 1
    shown = client_of(amir).get(unsure.issue.schedule.get_absolute_url()).content.decode()
    assert "Not known whether it arrived" in shown
    first = mail.outbox[0].extra_headers["Message-ID"]
    assert delivering.send_again(unsure)
    send()
    assert mail.outbox[-1].extra_headers["Message-ID"] == first


def test_a_worker_killed_while_it_makes_makes_nothing_twice(
    amir: User, monkeypatch: pytest.MonkeyPatch, sequenced: Callable
):
    def killed(*_: Any) -> bytes:
        raise SystemExit

    scheduled(amir)
    monkeypatch.setattr(Json, "render", killed)
    with pytest.raises(SystemExit):
        make_due()
    monkeypatch.undo()
    make_due()
    assert mail.outbox == []  # another worker may still be at it
    lapse()
    make_due()
    assert len(mail.outbox) == 1
    assert actions(sequenced()) == ["report.scheduled", "report.made", "report.sent"]


def test_what_cannot_be_made_is_tried_again_and_then_said(
    amir: User, monkeypatch: pytest.MonkeyPatch, sequenced: Callable
):
    def broken(*_: Any) -> bytes:
        raise RuntimeError("words that may quote data")

    due = scheduled(amir)
    monkeypatch.setattr(Json, "render", broken)
    for _ in range(len(issuing.WAITS) + 1):
        make_due()
        lapse()
    issue = due.issues.get()
    assert (issue.state, issue.problem) == (
        Issue.State.FAILED,
        "Unexpected RuntimeError: see the worker's log.",
    )
    assert actions(sequenced()) == ["report.scheduled", "report.not_made"]
    monkeypatch.undo()
    client_of(amir).post(f"/reports/schedules/issues/{issue.pk}/again/")
    make_due()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda amir: User.objects.update(is_active=False), "may not read this report any more"),
        (lambda amir: User.objects.update(role="engineer"), "may not read this report any more"),
        (lambda amir: User.objects.update(role="steward"), "may not schedule reports any more"),
        (lambda amir: Schedule.objects.update(kind="horoscope"), "There is no such report"),
        (lambda amir: Schedule.objects.update(kind="erasure_proof"), "This field is required."),
    ],
)
def test_what_can_be_made_no_more_is_said_at_once(amir: User, change: Callable, problem: str):
    due = scheduled(amir)
    change(amir)
    make_due()
    issue = due.issues.get()
    assert (issue.state, problem in issue.problem) == (Issue.State.FAILED, True)


def test_without_write_once_storage_it_waits_for_it(amir: User, settings: Any, tmp_path: Path):
    settings.LEDGER_WORM = ""
    scheduled(amir, recipients=[], to_worm=True)
    make_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.problem) == (
        State.QUEUED,
        "There is no write-once storage: set LEDGER_WORM.",
    )
    settings.LEDGER_WORM = f"file://{tmp_path}/worm"
    lapse()
    send()
    delivery.refresh_from_db()
    assert delivery.state == State.SENT


def test_one_that_is_stopped_is_not_made(amir: User):
    due = scheduled(amir)
    issuing.open_due()
    assert scheduling.stop(due)
    assert not scheduling.stop(due)
    make_due()
    assert (due.issues.get().problem, mail.outbox) == ("It was stopped before it was made.", [])
    assert delivering.stuck() == 0


# Doors


def test_the_pages(vera: User, dana: User, emil: User, sam: Client):
    browser = client_of(vera)
    assert 'href="/reports/schedules/add/transfers/"' in browser.get("/reports/schedules/").content.decode()
    add = "/reports/schedules/add/article_30/"
    given = {"form": "pdf", "rhythm": "weekly", "recipients": "vera@example.org\nboard@example.org"}
    for wrong, said in (
        ({"recipients": ""}, "Give at least one address, or send it to write-once storage."),
        ({"recipients": "vera"}, "“vera” is no address for e-mail."),
        ({"form": "docx"}, "Select a valid choice."),
        ({"rhythm": "hourly"}, "Select a valid choice."),
        ({"recipients": "\n".join(f"v{n}@example.org" for n in range(21))}, "At most 20 addresses."),
    ):
        answer = browser.post(add, {**given, **wrong})
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
    page = browser.post(add, given)["Location"]
    made = Schedule.objects.get()
    assert (made.recipients, made.form, made.rhythm, made.made_by) == (
        ["vera@example.org", "board@example.org"],
        "pdf",
        "weekly",
        vera,
    )
    assert "board@example.org" in browser.get(page).content.decode()
    seen = client_of(dana).get(page).content.decode()
    assert ("board@example.org" in seen, "2 by e-mail" in seen) == (False, True)
    browser.post(f"{page}change/", {**given, "rhythm": "daily"})
    made.refresh_from_db()
    assert made.rhythm == "daily"
    browser.post(f"{page}stop/")
    made.refresh_from_db()
    assert made.state == "stopped"
    assert browser.get(f"{page}change/").status_code == 404
    assert client_of(dana).post(add, given).status_code == 403
    assert client_of(emil).get(page).status_code == 403
    assert sam.get(page).status_code == 302


def test_the_parameters_of_the_report_are_checked(vera: User):
    add = "/reports/schedules/add/erasure_proof/"
    given = {"form": "pdf", "rhythm": "weekly", "recipients": "vera@example.org", "request": "R-1999-1"}
    answer = client_of(vera).post(add, given)
    assert (answer.status_code, "There is no request with this reference." in answer.content.decode()) == (
        422,
        True,
    )


def test_over_rest(vera: User, dana: User):
    api, url = api_of(vera), "/api/v1/reports/schedules/"
    given = {"kind": "transfers", "form": "csv", "rhythm": "daily", "recipients": ["vera@example.org"]}
    answer = api.post(url, given, format="json")
    assert (answer.status_code, answer.json()["issues"]) == (201, [])
    made = Schedule.objects.get()
    assert (made.made_by, made.kind) == (vera, "transfers")
    Schedule.objects.update(next_at=LONG_AGO)
    make_due()
    (issue,) = api.get(f"{url}{made.pk}/").json()["issues"]
    assert (issue["state"], [each["state"] for each in issue["deliveries"]]) == ("made", ["sent"])
    for wrong in ({"kind": "horoscope"}, {"form": "doc"}, {"recipients": []}, {"recipients": ["x"]}):
        assert api.post(url, {**given, **wrong}, format="json").status_code == 400
    assert api_of(dana).post(url, given, format="json").status_code == 403
    assert api.delete(f"{url}{made.pk}/").status_code == 204
    made.refresh_from_db()
    assert made.stopped_at is not None


def test_addresses_are_for_those_who_may_change_them_over_rest_too(vera: User, dana: User):
    made = scheduled(vera)
    url = f"/api/v1/reports/schedules/{made.pk}/"
    readers = (api_of(vera), api_of(vera, "reports.view"), api_of(dana))
    said = [api.get(url).json().get("recipients") for api in readers]
    assert said == [["vera@example.org"], None, None]


def test_a_token_schedules_no_report_that_it_may_not_read(amir: User):
    given = {"kind": "transfers", "form": "csv", "rhythm": "daily", "recipients": ["mallory@example.org"]}
    answer = api_of(amir, "reports.schedule").post("/api/v1/reports/schedules/", given, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["kind"])
    assert not Schedule.objects.exists()


def test_old_files_and_addresses_are_forgotten(amir: User, vera: User, worm: Path, settings: Any, sequenced):
    old, fresh = scheduled(amir), scheduled(amir, kind="transfers", recipients=["amir@example.org"])
    make_due()
    forget()
    assert Issue.objects.count() == Delivery.objects.count() == 2  # of a day of 2026, and not that old yet
    issue = old.issues.get()
    past = timezone.now() - timedelta(days=settings.REPORT_KEPT_DAYS, minutes=1)
    Schedule.objects.filter(pk=old.pk).update(stopped_at=past)
    Issue.objects.filter(pk=issue.pk).update(due_at=past)
    Delivery.objects.filter(issue=issue).update(state=State.QUEUED)
    forget()
    assert Issue.objects.filter(pk=issue.pk).exists()  # it is still to be sent
    Delivery.objects.filter(issue=issue).update(state=State.FAILED)
    forget()
    assert list(Delivery.objects.values_list("address", flat=True)) == ["amir@example.org"]
    assert list(Schedule.objects.order_by("pk").values_list("recipients", flat=True)) == [
        [],
        ["amir@example.org"],
    ]
    told = [entry.content["facts"] for entry in sequenced() if entry.action == "report.schedules_forgotten"]
    assert told == [{"issues": 0, "schedules": 1}, {"issues": 1, "schedules": 0}]
    assert fresh.issues.count() == 1
