"""The pages on which requests are handled: clocks, assignment, notes, letters, files, and the texts of letters."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from audit.ledger.models import Entry, Waiting
from audit.ledger.sequencing import sequence
from erasure.models import SubjectRequest
from erasure.offering import handling_things
from erasure.requests import closing, filing, grouping, identity, intake, noting, pausing
from erasure.requests.models import Letter, Note, RequestFile
from governance.console.models import User
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import letters
from tests.erasure.officers import text_of
from tests.people import client_of

LIST = "/requests/"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PRIVATE = "Her brother called: the other account is his."


def handled(request: SubjectRequest, user: User) -> list[str]:
    return [offer.label for offer in handling_things(SubjectRequest.objects.get(pk=request.pk), user)]


def references(response) -> list[str]:
    return [row.item.reference for row in response.context["listing"].rows]


def test_the_clock_is_paused_and_resumed_on_its_page(
    officer: Client, asked: SubjectRequest, amir: User, vera: User
) -> None:
    url = asked.get_absolute_url()
    assert handled(asked, amir) == ["Acknowledge", "Pause the clock", "Assign", "Put first"]
    assert handled(asked, vera) == []
    assert "lets the clock stand to clarify what is asked for" in text_of(officer.get(f"{url}pause/"))
    assert officer.post(f"{url}pause/", {"reason": ""}).status_code == 422
    assert officer.post(f"{url}pause/", {"reason": "Which account?"})["Location"] == url
    page = text_of(officer.get(url))
    assert "Clock paused" in page
    assert "Which account?" in page
    assert handled(asked, amir)[1] == "Resume the clock"
    assert officer.post(f"{url}pause/", {"reason": "Again."}).status_code == 409
    assert officer.post(f"{url}resume/")["Location"] == url
    assert officer.post(f"{url}resume/").status_code == 409
    assert [subject for _, subject in letters()] == [
        f"We need something from you: request {asked.reference}",
        f"We are going on with your request {asked.reference}",
    ]


def test_a_law_without_pause_offers_none(officer: Client, amir: User) -> None:
    asked = intake.receive(
        kind="erasure", identifiers=[("contact.email", "bo@example.org")], channel="form", regime="CCPA"
    )
    assert handled(asked, amir) == ["Assign", "Put first"]
    response = officer.post(f"{asked.get_absolute_url()}pause/", {"reason": "Which account?"})
    assert response.status_code == 409
    assert "CCPA/CPRA (California) lets no clock stand" in text_of(response)


def test_an_ended_request_is_reopened_or_appealed_against(officer: Client, amir: User) -> None:
    asked = intake.receive(
        kind="erasure", identifiers=[("contact.email", "bo@example.org")], channel="form", regime="US-VA"
    )
    identity.confirm_by_officer(asked, how="Passport.")
    closing.reject(asked, reason="Unfounded.")
    url = asked.get_absolute_url()
    assert handled(asked, amir) == ["Enter an appeal", "Reopen"]
    assert officer.post(f"{url}appeal/")["Location"] == url
    assert "Appeal to be decided" in text_of(officer.get(url))
    assert officer.post(f"{url}appeal/decide/", {"decision": "maybe", "reason": "x"}).status_code == 422
    assert (
        officer.post(f"{url}appeal/decide/", {"decision": "refused", "reason": "It stands."})["Location"]
        == url
    )
    assert handled(asked, amir) == ["Reopen"]
    assert officer.post(f"{url}reopen/", {"reason": "New facts."})["Location"] == url
    asked.refresh_from_db()
    assert (asked.state, asked.reopened) == ("verified", 2)


def test_an_officer_hands_over_and_puts_first(
    officer: Client, asked: SubjectRequest, amir: User, petra: User, dana: User
) -> None:
    url = asked.get_absolute_url()
    assert officer.post(f"{url}assign/", {"officer": dana.pk}).status_code == 422
    officer.post(f"{url}assign/", {"officer": petra.pk})
    officer.post(f"{url}expedite/")
    page = text_of(officer.get(url))
    assert "Goes first" in page
    assert handled(asked, amir)[-2:] == ["Hand over", "Put back in line"]
    officer.post(f"{url}expedite/")
    asked.refresh_from_db()
    assert (asked.assigned_to, asked.expedited) == (petra, False)


@pytest.fixture
def three(amir: User, petra: User) -> list[SubjectRequest]:
    """One paused; one due in 3 days, unacknowledged, petra's; one that shares an identifier with the second."""
    paused = request_of("ana@example.org", amir)
    pausing.pause(paused, reason="Which account?")
    soon = request_of("bo@example.org", amir)
    SubjectRequest.objects.filter(pk=soon.pk).update(
        due_on=timezone.localdate() + timedelta(days=3),
        assigned_to=petra,
        acknowledge_by=timezone.localdate(),
    )
    sibling = intake.receive(kind="access", identifiers=[("contact.email", "bo@example.org")], channel="form")
    SubjectRequest.objects.filter(pk=sibling.pk).update(due_on=timezone.localdate() + timedelta(days=20))
    return [paused, soon, sibling]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 0]),
        ("?paused=true", [0]),
        ("?paused=false", [1, 2]),
        ("?due_soon=true", [1]),
        ("?target_missed=true", [1]),
        ("?unacknowledged=true", [1]),
        ("?repeated=true", [1, 2]),
        ("?repeated=false", [0]),
        ("?extended=true", []),
        ("?appealed=true", []),
        ("?regime=EU-GDPR", [1, 2, 0]),
        ("?regime=CCPA", []),
        ("?assigned_to=null", [2, 0]),
    ],
)
def test_the_list_is_filtered_by_its_clocks(
    officer: Client, three: list[SubjectRequest], query: str, expected: list[int]
) -> None:
    response = officer.get(f"{LIST}{query}")
    assert references(response) == [three[number].reference for number in expected]


def test_the_list_says_whose_a_request_is_and_puts_first_what_goes_first(
    officer: Client, three: list[SubjectRequest], petra: User
) -> None:
    assert references(officer.get(f"{LIST}?assigned_to={petra.pk}")) == [three[1].reference]
    SubjectRequest.objects.filter(pk=three[2].pk).update(expedited=True)
    assert references(officer.get(LIST))[0] == three[2].reference


def test_many_are_given_to_an_officer_and_acknowledged_at_once(
    officer: Client, three: list[SubjectRequest], petra: User, vera: User
) -> None:
    ids = [str(request.pk) for request in three[1:]]
    form = {"ids": ids, "action": "assign", "officer": petra.pk, "next": f"{LIST}?kind=access"}
    assert officer.post(f"{LIST}bulk/", form)["Location"] == f"{LIST}?kind=access"
    assert SubjectRequest.objects.filter(assigned_to=petra).count() == 2
    officer.post(f"{LIST}bulk/", {"ids": ids, "action": "acknowledge"})
    officer.post(f"{LIST}bulk/", {"ids": ids, "action": "acknowledge"})
    assert len(entries("request.acknowledged")) == 2
    officer.post(f"{LIST}bulk/", {"ids": ids, "action": "assign", "officer": "x"})
    assert len(entries("request.assigned")) == 2
    away = officer.post(
        f"{LIST}bulk/", {"ids": ids, "action": "acknowledge", "next": "https://evil.example/"}
    )
    assert away["Location"] == LIST
    assert client_of(vera).post(f"{LIST}bulk/", form).status_code == 403


def test_the_same_person_stands_on_the_page_and_a_duplicate_is_closed(
    officer: Client, asked: SubjectRequest, amir: User
) -> None:
    intake.add_identifier(asked, "id.customer", "1")
    other = intake.receive(
        kind="erasure",
        identifiers=[("contact.email", "ana@work.example"), ("id.customer", "1")],
        channel="form",
    )
    url = other.get_absolute_url()
    assert f'<a href="{asked.get_absolute_url()}">{asked.reference}</a>' in text_of(officer.get(url))
    assert officer.post(f"{url}duplicate/", {"other": other.pk}).status_code == 422
    assert officer.post(f"{url}duplicate/", {"other": asked.pk})["Location"] == url
    assert "Duplicate of" in text_of(officer.get(url))
    assert list(grouping.same_person(asked)) == [other]


def test_a_note_is_sealed_and_stays_out_of_the_ledger(
    officer: Client, asked: SubjectRequest, vera: User, amir: User
) -> None:
    url = asked.get_absolute_url()
    assert officer.post(f"{url}notes/", {"kind": "internal", "text": ""}).status_code == 422
    there = officer.post(f"{url}notes/", {"kind": "internal", "text": PRIVATE})
    assert there["Location"] == f"{url}correspondence/"
    page = officer.get(there["Location"])
    assert PRIVATE in text_of(page)
    assert "no-store" in page["Cache-Control"]
    note = Note.objects.get()
    assert (note.text, note.written_by) == (PRIVATE, amir)
    assert b"brother" not in bytes(note.sealed)
    sequence()
    assert not any(
        b"brother" in bytes(entry.body) for entry in [*Entry.objects.all(), *Waiting.objects.all()]
    )
    assert entries("request.note_written") == [{"kind": "internal"}]
    auditor = client_of(vera)
    seen = text_of(auditor.get(f"{url}correspondence/"))
    assert "Wrote a note on a request" in seen
    assert PRIVATE not in seen
    assert auditor.post(f"{url}notes/", {"kind": "internal", "text": "x"}).status_code == 403


def test_a_letter_of_ones_own_is_written_and_sent_again(officer: Client, asked: SubjectRequest) -> None:
    url = asked.get_absolute_url()
    assert officer.post(f"{url}write/", {"text": " "}).status_code == 422
    officer.post(f"{url}write/", {"text": "Which <account>?"})
    assert letters() == [("ana@example.org", f"About your request {asked.reference}")]
    page = text_of(officer.get(f"{url}correspondence/"))
    assert "Which &lt;account&gt;?" in page
    letter = Letter.objects.get()
    assert officer.post(f"{url}letters/{letter.pk}/again/").status_code == 409
    Letter.objects.update(state="failed", problem="The mail server refused the address (550).")
    page = text_of(officer.get(f"{url}correspondence/"))
    assert "refused the address (550)" in page
    assert "Send again" in page
    assert officer.post(f"{url}letters/{letter.pk}/again/").status_code == 302
    assert len(letters()) == 2
    other = request_of("bo@example.org", User.objects.get(username="amir"))
    assert officer.post(f"{other.get_absolute_url()}letters/{letter.pk}/again/").status_code == 404


def test_a_file_is_kept_sealed_handed_out_and_removed(
    officer: Client, asked: SubjectRequest, vera: User
) -> None:
    url = asked.get_absolute_url()
    upload = SimpleUploadedFile("passport of Ana.pdf", PDF)
    assert officer.post(f"{url}files/", {"file": upload}).status_code == 302
    kept = RequestFile.objects.get()
    assert (kept.content_type, kept.size) == ("application/pdf", len(PDF))
    assert "passport of Ana.pdf" in text_of(officer.get(f"{url}correspondence/"))
    assert "passport of Ana.pdf" not in text_of(client_of(vera).get(f"{url}correspondence/"))
    response = officer.post(f"{url}files/{kept.pk}/")
    assert response.content == PDF
    assert response["Content-Disposition"].startswith("attachment")
    assert "no-store" in response["Cache-Control"]
    assert officer.get(f"{url}files/{kept.pk}/").status_code == 405
    assert client_of(vera).post(f"{url}files/{kept.pk}/").status_code == 403
    assert officer.post(f"{url}files/{kept.pk}/remove/").status_code == 302
    assert officer.post(f"{url}files/{kept.pk}/").status_code == 404
    digest = {"sha256": kept.sha256}
    assert entries("request.file_added") == [{"type": "application/pdf", "size": len(PDF), **digest}]
    assert entries("request.file_read") + entries("request.file_removed") == [digest, digest]


def test_what_is_no_file_to_keep_is_refused(officer: Client, asked: SubjectRequest, monkeypatch) -> None:
    url = f"{asked.get_absolute_url()}files/"
    for upload, message in (
        (SimpleUploadedFile("a.exe", b"MZ"), "files can be attached"),
        (SimpleUploadedFile("a.pdf", b"<script>"), "is not what its name says"),
    ):
        response = officer.post(url, {"file": upload})
        assert response.status_code == 422
        assert message in text_of(response)
    monkeypatch.setattr(filing, "AT_MOST", 0)
    with pytest.raises(ValidationError, match="remove one first"):
        filing.attach(asked, SimpleUploadedFile("a.pdf", PDF))
    assert not RequestFile.objects.exists()


def test_nobody_can_be_written_to_once_the_address_is_gone(officer: Client, asked: SubjectRequest) -> None:
    asked.identifiers.update(sealed=None)
    response = officer.post(f"{asked.get_absolute_url()}write/", {"text": "Hello."})
    assert response.status_code == 409
    assert "there is nowhere to write to" in text_of(response)


def test_the_texts_of_letters_are_changed_previewed_and_taken_back(
    officer: Client, vera: User, dana: User
) -> None:
    url = f"{LIST}letters/paused/de/"
    assert f'href="{url}"' in text_of(officer.get(f"{LIST}letters/"))
    assert "Wir brauchen etwas von Ihnen" in text_of(officer.get(url))
    given = {"subject": "Frage zu {reference}", "body": "Bitte: {reason}"}
    shown = officer.post(url, {**given, "preview": "1"})
    assert shown.status_code == 200
    assert "Bitte: [the reason an officer gave]" in text_of(shown)
    assert "Own text" not in text_of(officer.get(url))
    assert officer.post(url, given)["Location"] == url
    assert "Own text" in text_of(officer.get(url))
    wrong = officer.post(url, {**given, "body": "Bitte."})
    assert wrong.status_code == 422
    assert "This letter has to say {reason}." in text_of(wrong)
    assert officer.post(f"{url}restore/").status_code == 302
    assert officer.post(f"{url}restore/").status_code == 302
    assert "Own text" not in text_of(officer.get(url))
    assert officer.get(f"{LIST}letters/paused/xx/").status_code == 404
    assert officer.get(f"{LIST}letters/nothing/de/").status_code == 404
    for stranger in (vera, dana):
        assert client_of(stranger).get(url).status_code == 403
        assert client_of(stranger).post(url, given).status_code == 403


def test_the_line_of_time_costs_a_fixed_number_of_queries(
    officer: Client, asked: SubjectRequest, amir: User, django_assert_max_num_queries: Callable
) -> None:
    for number in range(12):
        noting.note(asked, text=f"Note {number}.", by=amir)
        noting.write_to_person(asked, text=f"Letter {number}.")
    sequence()
    with django_assert_max_num_queries(16):
        officer.get(f"{asked.get_absolute_url()}correspondence/")
