"""What is kept of an ended request, for how long, and the figures that remain of it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from audit.reports.base import reports
from erasure import expiring
from erasure.models import Hit, Plan, Step, SubjectRequest
from erasure.requests import closing, filing, forgetting, intake, noting
from erasure.requests.models import Letter, Note, PastRequest, RequestFile
from governance.console.models import User
from tests.erasure.estate import approve, entries, find, request_of
from tests.erasure.letters import letters

NOTHING = {"rejected": 0, "packages": 0, "keys": 0, "forgotten": 0}


def ended(request: SubjectRequest, days: float) -> None:
    closed = timezone.now() - timedelta(days=days)
    SubjectRequest.objects.filter(pk=request.pk).update(closed_at=closed)


@pytest.fixture
def rejected(amir: User) -> SubjectRequest:
    """With all that is written around a request."""
    request = request_of("ana@example.org", amir)
    noting.note(request, text="Her brother called.", by=amir)
    filing.attach(request, SimpleUploadedFile("a.txt", b"Ana"), by=amir)
    closing.reject(request, reason="Unfounded.")
    assert len(letters()) == 1
    return request


def test_notes_letters_and_files_go_with_the_identifiers(rejected: SubjectRequest) -> None:
    ended(rejected, 29.9)
    assert expiring.expire() == NOTHING
    ended(rejected, 30)
    assert expiring.expire() == {**NOTHING, "keys": 1}
    letter, file = Letter.objects.get(), RequestFile.objects.get()
    assert (letter.content, letter.state, letter.kind) == ({}, "sent", "rejected")
    assert (file.name, file.available, len(file.sha256)) == ("", False, 64)
    assert not Note.objects.exists()
    assert expiring.expire() == NOTHING
    assert entries("request.keys_destroyed") == [{}]


def test_a_letter_that_is_destroyed_before_it_went_out_is_not_sent(amir: User) -> None:
    request = request_of("ana@example.org", amir)
    closing.reject(request, reason="Unfounded.")
    ended(request, 31)
    expiring.expire()
    assert letters() == []
    assert Letter.objects.get().state == "failed"


def test_how_long_is_a_setting(rejected: SubjectRequest, settings) -> None:
    settings.REQUEST_KEPT_DAYS = 90
    ended(rejected, 89)
    assert expiring.expire() == NOTHING
    ended(rejected, 90)
    assert expiring.expire() == {**NOTHING, "keys": 1}


def test_after_years_the_request_goes_and_its_figures_stay(shop, amir: User, petra: User, work) -> None:
    request = approve(find(request_of("ana@example.org", amir), amir, work), petra, work)
    assert request.state == "complete"
    subject = request.subject
    ended(request, 1095)
    expiring.expire()
    assert SubjectRequest.objects.count() == 1
    ended(request, 1096)
    request.refresh_from_db()
    SubjectRequest.objects.update(received_at=request.closed_at - timedelta(days=12), due_on="2020-01-01")
    assert expiring.expire()["forgotten"] == 1
    assert not any(model.objects.exists() for model in (SubjectRequest, Plan, Step, Hit))
    past = PastRequest.objects.get()
    assert (past.kind, past.regime, past.days, past.on_time, past.rejected) == (
        "erasure", "EU-GDPR", 12, False, False,
    )  # fmt: skip
    assert subject not in str(PastRequest.objects.values().get())
    assert entries("request.forgotten") == [{"kind": "erasure", "regime": "EU-GDPR", "rejected": False}]
    assert expiring.expire() == NOTHING


def test_nought_keeps_requests_for_ever(rejected: SubjectRequest, settings) -> None:
    settings.TICKET_KEPT_DAYS = 0
    ended(rejected, 9_999)
    expiring.expire()
    assert SubjectRequest.objects.exists()


def test_statistics_are_the_same_before_and_after_requests_are_forgotten(amir: User) -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("UTC"))
    for number, (kind, days, late, state) in enumerate(
        [
            ("erasure", 4, False, "complete"),
            ("erasure", 10, True, "rejected"),
            ("access", 3, False, "complete"),
        ]
    ):
        request = request_of(f"p{number}@example.org", amir, kind=kind)
        closed = start + timedelta(days=days)
        due = closed.date() - timedelta(days=1) if late else closed.date()
        SubjectRequest.objects.filter(pk=request.pk).update(
            state=state, received_at=start, closed_at=closed, due_on=due, extended=late
        )
    waiting = intake.receive(kind="access", identifiers=[("contact.email", "q@example.org")], channel="form")
    SubjectRequest.objects.filter(pk=waiting.pk).update(received_at=start)

    before = reports.get("request_statistics")().build()
    assert before.conclusion == "1 of 3 answers came after the deadline of the law."
    tables = {section.heading: list(section.rows) for section in before.sections}
    assert tables["By right"] == [
        ("Access, Art. 15", 2, 1, 1, "3", "100.0", "0.0", "0.0"),
        ("Erasure, Art. 17", 2, 2, 0, "7", "50.0", "50.0", "50.0"),
    ]
    assert tables["By law"] == [("GDPR (EU/EEA)", 4, 3, 1, "4", "66.7", "25.0", "33.3")]
    assert [row[0] for row in tables["By month of receipt"]] == ["2026-03"]

    for request in SubjectRequest.objects.filter(closed_at__isnull=False):
        forgetting.forget(request)
    assert PastRequest.objects.count() == 3
    assert set(PastRequest.objects.values_list("month", flat=True)) == {date(2026, 3, 1)}
    assert reports.get("request_statistics")().build() == before


def test_statistics_of_an_empty_console(db: None) -> None:
    assert reports.get("request_statistics")().build().conclusion == (
        "0 of 0 answers came after the deadline of the law."
    )
