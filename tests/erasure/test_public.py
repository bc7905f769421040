"""The pages of data subjects: nobody learns who is known, links work once, and nobody may knock too often."""

import html
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from audit.ledger.models import Entry
from erasure.models import IdentityCheck, Package, SubjectRequest
from erasure.packages.sealing import PART_BYTES
from erasure.public.wording import say
from erasure.requests import identity, status
from governance.activities.models import Organisation
from tests.erasure.answering import stored_as
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import letters, link

ASK = "/privacy/"
ANA = {"kind": "erasure", "email": "ana@example.org", "place": "EU-GDPR"}
Send = Callable[..., HttpResponseBase]


@pytest.fixture(autouse=True)
def one_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits count by the clock hour: let none end in the middle of a test."""
    now = timezone.now().timestamp()
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: now))


@pytest.fixture
def send(sam: Client, django_capture_on_commit_callbacks: Callable) -> Send:
    """Post a form as a stranger, letters included."""

    def post(path: str = ASK, data: dict | None = None, **extra: str) -> HttpResponseBase:
        with django_capture_on_commit_callbacks(execute=True):
            return sam.post(path, ANA if data is None else data, **extra)

    return post


def test_the_form_is_there_for_everybody_and_protected(db: None) -> None:
    response = Client().get(ASK)
    assert response.status_code == 200
    assert b'name="csrfmiddlewaretoken"' in response.content
    assert "no-store" in response["Cache-Control"]
    assert Client(enforce_csrf_checks=True).post(ASK, ANA).status_code == 403
    assert not SubjectRequest.objects.exists()


def test_browsers_send_the_origin_of_the_form(db: None) -> None:
    """Told to send no referrer, they would say the origin is null, and the CSRF check would refuse everybody."""
    response = Client().get(ASK)
    assert response["Referrer-Policy"] == "same-origin"
    assert 'name="referrer"' not in response.content.decode()
    assert Client(enforce_csrf_checks=True).post(ASK, ANA, HTTP_ORIGIN="null").status_code == 403


def test_a_request_is_received_and_confirmed_by_the_link_in_the_letter(send: Send, sam: Client) -> None:
    Organisation.objects.create(name="Tea & Sons", contact="Harbour 1")
    response = send(data={**ANA, "customer_number": "C-17"})
    assert (response.status_code, response["Location"]) == (302, "/privacy/received/")
    asked = SubjectRequest.objects.get()
    assert (asked.kind, asked.channel, asked.regime, asked.state) == (
        "erasure",
        "form",
        "EU-GDPR",
        "identity pending",
    )
    assert [(i.category, i.value, i.verified) for i in asked.identifiers.order_by("pk")] == [
        ("contact.email", "ana@example.org", False),
        ("id.customer", "C-17", False),
    ]
    assert letters() == [("ana@example.org", f"Please confirm your privacy request {asked.reference}")]
    assert "asked Tea & Sons for the erasure" in mail.outbox[0].body

    shown = sam.get(link("confirm"))
    assert shown.status_code == 200
    assert asked.reference in shown.content.decode()
    assert "the erasure of the personal data we hold about you" in shown.content.decode()
    asked.refresh_from_db()
    assert asked.state == "identity pending"

    confirmed = send(link("confirm"), {})
    asked.refresh_from_db()
    assert (asked.state, asked.verified_how) == ("verified", "by a link sent to the e-mail address")
    assert [(i.category, i.verified) for i in asked.identifiers.order_by("pk")] == [
        ("contact.email", True),
        ("id.customer", False),
    ]
    page = sam.get(confirmed["Location"])
    assert say("en", "states.verified") in page.content.decode()
    assert asked.reference in page.content.decode()
    assert "ana@example.org" not in page.content.decode()


def test_what_a_subject_does_is_recorded_as_done_by_them(send: Send) -> None:
    send()
    send(link("confirm"), {})
    asked = SubjectRequest.objects.get()
    entries("request.received")
    actors = {entry.action: entry.actor for entry in Entry.objects.all()}
    assert actors["request.received"] == "anonymous"
    assert actors["request.identity_verified"] == asked.subject


def test_known_unknown_and_repeated_are_answered_alike(send: Send, sam: Client, amir) -> None:
    request_of("known@example.org", amir)
    answers = [
        send(data={**ANA, "email": email})
        for email in ("known@example.org", "unknown@example.org", "unknown@example.org")
    ]
    assert {(answer.status_code, answer["Location"], answer.content) for answer in answers} == {
        (302, "/privacy/received/", b"")
    }
    assert SubjectRequest.objects.count() == 2
    pages = {sam.get(answer["Location"]).content for answer in answers}
    assert len(pages) == 1


def test_a_repeated_request_gets_a_new_link_and_a_confirmed_one_a_letter_without(send: Send, amir) -> None:
    confirmed = request_of("bo@example.org", amir)
    send()
    old = link("confirm")
    send()
    assert SubjectRequest.objects.count() == 2
    assert link("confirm") != old
    send(data={**ANA, "email": "BO@example.org"})
    assert letters()[-1] == ("bo@example.org", f"We are working on your request {confirmed.reference}")
    assert "/privacy/confirm/" not in mail.outbox[-1].body
    assert entries("request.repeated") == [{"channel": "form"}, {"channel": "form"}]


def test_a_program_that_fills_every_field_is_thanked_and_ignored(send: Send) -> None:
    response = send(data={**ANA, "website": "http://spam.example"})
    assert (response.status_code, response["Location"]) == (302, "/privacy/received/")
    assert not SubjectRequest.objects.exists()
    assert letters() == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "not an address", "Enter a valid email address."),
        ("email", "", "This field is required."),
        ("kind", "", "This field is required."),
        ("kind", "opt out", "The law of the place you named knows no such right. Choose another right."),
        ("place", "LEX-ROMANA", "Select a valid choice. LEX-ROMANA is not one of the available choices."),
        ("customer_number", "C\x0017", "Null characters are not allowed."),
        ("customer_number", "7" * 321, "Ensure this value has at most 320 characters (it has 321)."),
    ],
)
def test_what_cannot_be_worked_with_is_said_beside_its_field(
    send: Send, field: str, value: str, message: str
) -> None:
    response = send(data={**ANA, field: value})
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [message]}
    assert not SubjectRequest.objects.exists()


def test_an_address_may_send_ten_requests_an_hour(send: Send, sam: Client) -> None:
    for number in range(10):
        assert send(data={**ANA, "email": f"p{number}@example.org"}).status_code == 302
    refused = send(data={**ANA, "email": "p10@example.org"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert "Please try again in" in refused.content.decode()
    assert SubjectRequest.objects.count() == 10
    assert sam.get(ASK).status_code == 200
    assert send(data={**ANA, "email": "p10@example.org"}, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_a_network_counts_as_one_address(send: Send) -> None:
    for number in range(10):
        send(data={**ANA, "email": f"p{number}@example.org"}, REMOTE_ADDR=f"2001:db8::{number + 1:x}")
    assert send(data={**ANA, "email": "q@example.org"}, REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert send(data={**ANA, "email": "q@example.org"}, REMOTE_ADDR="2001:db8:0:1::1").status_code == 302


def test_an_e_mail_address_may_be_named_three_times_an_hour_from_one_place_and_twelve_from_all(
    send: Send,
) -> None:
    def ask_from(place: int, email: str) -> int:
        return send(data={**ANA, "email": email}, REMOTE_ADDR=f"192.0.2.{place}").status_code

    written = ["ana@example.org", " Ana@Example.org ", "ANA@example.org", "ana@example.org"]
    assert [ask_from(1, email) for email in written] == [302, 302, 302, 429]
    assert ask_from(1, "bo@example.org") == 302
    assert [ask_from(2 + number // 3, "ana@example.org") for number in range(9)] == [302] * 9
    assert ask_from(9, "ana@example.org") == 429
    assert [to for to, _ in letters()].count("ana@example.org") == 12


def test_invalid_forms_count_for_the_address_and_not_for_the_e_mail(send: Send) -> None:
    for _ in range(9):
        assert send(data={**ANA, "place": ""}).status_code == 422
    assert send().status_code == 302
    assert send().status_code == 429


def test_an_address_longer_than_any_is_refused(send: Send) -> None:
    response = send(data={**ANA, "email": f"{'a' * 309}@example.org"})
    assert response.status_code == 422
    assert (
        "Ensure this value has at most 320 characters (it has 321)."
        in response.context["form"].errors["email"]
    )


@pytest.mark.parametrize("kind", ["confirm", "package", "status"])
def test_secrets_cannot_be_tried_without_end_and_are_not_logged(
    sam: Client, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert {sam.get(f"/privacy/{kind}/guess{n}/").status_code for n in range(60)} == {410}
    assert sam.get(f"/privacy/{kind}/guess/").status_code == 429
    assert "guess" not in caplog.text


@pytest.mark.parametrize("kind", ["confirm", "package", "status"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_never_was_says_what_to_do(sam: Client, kind: str, method: str) -> None:
    response = getattr(sam, method)(f"/privacy/{kind}/wrong/")
    assert response.status_code == 410
    assert "This link no longer works" in response.content.decode()
    assert response["Referrer-Policy"] == "strict-origin"
    assert "no-store" in response["Cache-Control"]


def test_a_used_and_an_expired_link_say_what_to_do(send: Send, sam: Client) -> None:
    send()
    used = link("confirm")
    send(used, {})
    assert sam.get(used).status_code == 410
    assert send(used, {}).status_code == 410
    send(data={**ANA, "email": "bo@example.org"})
    IdentityCheck.objects.filter(used_at=None).update(expires_at=timezone.now())
    assert sam.get(link("confirm")).status_code == 410


def test_a_confirmation_by_an_officer_ends_the_link(send: Send, sam: Client, amir) -> None:
    send()
    identity.confirm_by_officer(SubjectRequest.objects.get(), how="By telephone.")
    assert sam.get(link("confirm")).status_code == 410
    assert send(link("confirm"), {}).status_code == 410


def test_the_button_of_a_letter_needs_its_page(send: Send) -> None:
    send()
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(link("confirm")).status_code == 403
    token = browser.get(link("confirm")).context["csrf_token"]
    given = {"csrfmiddlewaretoken": token}
    assert browser.post(link("confirm"), given, HTTP_ORIGIN="null").status_code == 403
    assert SubjectRequest.objects.get().state == "identity pending"
    assert browser.post(link("confirm"), given, HTTP_ORIGIN="http://testserver").status_code == 302
    assert SubjectRequest.objects.get().state == "verified"


def test_a_look_changes_nothing(send: Send, sam: Client) -> None:
    send()
    for method in (sam.get, sam.head, sam.get):
        assert method(link("confirm")).status_code == 200
    assert IdentityCheck.objects.get().used_at is None
    assert SubjectRequest.objects.get().state == "identity pending"


def test_the_status_page_lives_as_long_as_its_token(
    send: Send, sam: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    asked = SubjectRequest.objects.get()
    path = f"/privacy/status/{status.token_of(asked)}/"
    assert sam.get(path).status_code == 200
    assert sam.get(path.replace(":", "x", 1)).status_code == 410
    later = (timezone.now() + timedelta(days=120, seconds=1)).timestamp()
    monkeypatch.setattr("django.core.signing.time", SimpleNamespace(time=lambda: later))
    assert sam.get(path).status_code == 410


@pytest.mark.parametrize("state", SubjectRequest.State.values)
@pytest.mark.parametrize("kind", SubjectRequest.Kind.values)
def test_every_state_is_told_in_plain_words(sam: Client, amir, state: str, kind: str) -> None:
    asked = request_of("ana@example.org", amir, kind=kind)
    ended = timezone.now() if state in SubjectRequest.ENDED else None
    SubjectRequest.objects.update(state=state, closed_at=ended, problem="Disk 7 of db3 does not answer.")
    text = sam.get(f"/privacy/status/{status.token_of(asked)}/").content.decode()
    asked.refresh_from_db()
    words = say("en", f"states.{status.sentence_of(asked)}")
    assert html.escape(words) in text or words in text
    assert ("We answer by" in text) is (ended is None)
    assert "Disk 7" not in text


@pytest.fixture
def stored(amir) -> tuple[SubjectRequest, str, bytes]:
    """A finished access request, the secret of its package, and the package."""
    asked = request_of("ana@example.org", amir, kind="access")
    SubjectRequest.objects.update(state="found")
    asked.refresh_from_db()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("your-data.json", "{}" + " " * 3_000_000)
    content = buffer.getvalue()
    return asked, stored_as(asked, content), content


def test_a_package_is_downloaded_by_its_button(
    stored: tuple[SubjectRequest, str, bytes], sam: Client
) -> None:
    asked, secret, content = stored
    path = f"/privacy/package/{secret}/"
    shown = sam.get(path)
    assert (shown.status_code, Package.objects.get().downloads) == (200, 0)
    assert "Download my data" in shown.content.decode()
    pressed = sam.post(path)
    assert (pressed.status_code, Package.objects.get().downloads) == (303, 0)
    response = sam.get(pressed["Location"])
    assert b"".join(response.streaming_content) == content
    assert (
        dict(response.items()).items()
        >= {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="your-data-{asked.reference}.zip"',
            "Content-Length": str(len(content)),
            "Referrer-Policy": "strict-origin",
        }.items()
    )
    assert "no-store" in response["Cache-Control"]
    assert Package.objects.get().downloads == 1
    assert len(content) > PART_BYTES
    (read,) = entries("package.read")
    assert read == {"sha256": Package.objects.get().sha256}


def test_an_expired_package_is_gone(stored: tuple[SubjectRequest, str, bytes], sam: Client) -> None:
    _, secret, _ = stored
    Package.objects.update(expires_at=timezone.now())
    for method in (sam.get, sam.post):
        assert method(f"/privacy/package/{secret}/").status_code == 410
    assert Package.objects.get().downloads == 0
