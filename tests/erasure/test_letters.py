"""Letters: written with what they tell of, sent when the server takes them, in texts that run nothing."""

from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from audit.ledger.context import Actor
from erasure.models import SubjectRequest
from erasure.requests import closing, identity
from erasure.requests.letters import send_letter, send_letters, sending
from erasure.requests.letters.editing import preview, restore_text, save_text
from erasure.requests.letters.filling import PAGES, address
from erasure.requests.letters.kinds import KINDS
from erasure.requests.letters.wording import LANGUAGES, brought, check, fill, language_of, phrases, text_of
from erasure.requests.models import Letter, LetterText
from erasure.requests.states import NotNow
from governance.activities.models import Organisation
from governance.console.models import User
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import letters, secret
from tests.erasure.together import at_once

LETTERS = Actor("system", "letters")


@pytest.fixture
def asked(amir: User) -> SubjectRequest:
    return request_of("ana@example.org", amir)


def failing(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    def send(message: EmailMessage) -> int:
        raise problem

    monkeypatch.setattr(EmailMessage, "send", send)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_is_written_in_every_language(language: str) -> None:
    for kind in KINDS:
        text = brought(kind, language)
        check(kind, text.subject, text.body)
    words = phrases(language)
    assert set(words["asks"]) == set(words["done"]) == set(SubjectRequest.Kind.values)
    assert set(words["other"]) == set(phrases("en")["other"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_goes_out_with_a_hole_or_a_brace(asked: SubjectRequest, kind: str, language: str) -> None:
    asked.language = language
    plain = set(KINDS[kind].variables) - {
        "link",
        "recipients",
        "held",
        "told",
        "done",
        "upheld",
        "overridden",
    }
    context: dict[str, object] = {name: f"<{name}>" for name in plain}
    if kind in PAGES:
        context["secret"] = "s3cret"
    letter = send_letter(asked, kind, **context, recipients=["Mailer GmbH"])
    content = letter.content
    assert letter.language == language
    assert "{" not in content["subject"] + content["body"]
    assert asked.reference in content["subject"] + content["body"]
    assert all(content[part].strip() for part in ("subject", "body"))


@pytest.mark.parametrize(
    ("wanted", "used"), [("de-AT", "de"), ("DE", "de"), ("pt_BR", "en"), ("", "en"), ("../../etc", "en")]
)
def test_a_language_without_texts_is_english(wanted: str, used: str) -> None:
    assert language_of(wanted) == used


def test_days_are_written_as_the_language_does(asked: SubjectRequest) -> None:
    SubjectRequest.objects.update(due_on="2026-03-02", language="de")
    asked.refresh_from_db()
    body = send_letter(asked, "resumed").content["body"]
    assert "Wir antworten bis zum 2. März 2026." in body


def test_a_letter_that_belongs_to_nothing_is_not_written(asked: SubjectRequest) -> None:
    with transaction.atomic():
        send_letter(asked, "message", text="Hello.")
        transaction.set_rollback(True)
    assert not Letter.objects.exists()
    assert entries("request.letter_written") == []


def test_without_an_address_there_is_no_letter(asked: SubjectRequest) -> None:
    asked.identifiers.update(sealed=None)
    assert send_letter(asked, "message", text="Hello.") is None


def test_letters_to_many_say_to_each_what_is_theirs_in_as_many_statements_as_one(
    asked: SubjectRequest, amir: User, django_assert_max_num_queries
) -> None:
    others = [request_of(f"p{number}@example.org", amir) for number in range(20)]
    SubjectRequest.objects.filter(pk=others[0].pk).update(language="de")
    others[1].identifiers.update(sealed=None)
    SubjectRequest.objects.filter(pk=others[2].pk).update(channel="opendsr")
    told = list(SubjectRequest.objects.filter(pk__in=[each.pk for each in others]).order_by("pk"))
    with django_assert_max_num_queries(14):
        letters = send_letters("message", [(each, {"text": f"For {each.reference}."}) for each in told])
    assert [letter.request for letter in letters] == [told[0], *told[3:]]
    for letter in letters:
        assert letter.content["to"] == letter.request.identifiers.get().value
        assert f"For {letter.request.reference}." in letter.content["body"]
    assert [letter.language for letter in letters] == ["de", *["en"] * 17]
    assert len(entries("request.letter_written")) == 18


def test_a_letter_is_sent_once_and_keeps_no_secret(asked: SubjectRequest) -> None:
    SubjectRequest.objects.update(state="received")
    identity.send_link(asked)
    key = secret("confirm")
    assert key in mail.outbox[0].body
    letter = asked.letters.get()
    assert (letter.state, letter.attempts, letter.next_try_at) == ("sent", 1, None)
    assert key not in letter.content["body"]
    assert address("public:confirm", "x").split("x")[0] in letter.content["body"]
    assert letter.content.get("secret", "") == ""
    assert sending.send_due() == 0
    assert len(mail.outbox) == 1
    assert entries("request.letter_sent") == [{"letter": "verify_identity"}]


def test_staff_never_read_the_secret_of_a_letter_that_waits(asked: SubjectRequest) -> None:
    SubjectRequest.objects.update(state="received")
    identity.send_link(asked)
    letter = asked.letters.get()
    key = letter.content["secret"]
    assert key
    assert key not in str(sending.readable(letter))


def test_a_server_that_is_down_is_tried_for_three_days_and_then_said_to_have_failed(
    asked: SubjectRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, SMTPServerDisconnected("down"))
    letter = send_letter(asked, "message", text="Hello.")
    waits = []
    for _ in range(len(sending.WAITS)):
        before = timezone.now()
        assert sending.send_due() == 0
        letter.refresh_from_db()
        assert letter.state == "queued"
        waits.append(round((letter.next_try_at - before).total_seconds() / 60))
        assert sending.send_due() == 0  # not before its time
        Letter.objects.update(next_try_at=timezone.now())
    assert waits == [round(wait.total_seconds() / 60) for wait in sending.WAITS]
    assert timedelta(days=2.5) < sum(sending.WAITS, timedelta()) < timedelta(days=3.5)
    sending.send_due()
    letter.refresh_from_db()
    assert (letter.state, letter.attempts, letter.next_try_at) == ("failed", len(sending.WAITS) + 1, None)
    assert entries("request.letter_not_sent") == [{"letter": "message", "attempts": letter.attempts}]
    assert "ana@" not in letter.problem

    monkeypatch.undo()
    sending.send_again(letter)
    assert letters() == [("ana@example.org", f"About your request {asked.reference}")]
    with pytest.raises(NotNow):
        sending.send_again(letter)


@pytest.mark.parametrize(("code", "state"), [(550, "failed"), (451, "queued")])
def test_an_address_that_is_refused_for_good_is_not_tried_again(
    asked: SubjectRequest, monkeypatch: pytest.MonkeyPatch, code: int, state: str
) -> None:
    failing(monkeypatch, SMTPRecipientsRefused({"ana@example.org": (code, b"no")}))
    letter = send_letter(asked, "message", text="Hello.")
    sending.send_due()
    letter.refresh_from_db()
    assert (letter.state, letter.problem) == (state, f"The mail server refused the address ({code}).")


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_letter_once(asked: SubjectRequest) -> None:
    for number in range(6):
        send_letter(asked, "message", text=f"Hello {number}.")
    sent = at_once(*[(LETTERS, sending.send_due)] * 2)
    assert sum(sent) == 6
    assert len({message.body for message in mail.outbox}) == len(mail.outbox) == 6


def test_a_worker_that_died_holds_a_letter_up_for_two_minutes_only(asked: SubjectRequest) -> None:
    letter = send_letter(asked, "message", text="Hello.")
    assert next(sending._claimed(1)) == letter  # and dies
    assert sending.send_due() == 0
    Letter.objects.update(next_try_at=timezone.now())
    assert sending.send_due() == 1


def test_a_text_of_ones_own_is_sent_in_its_language_alone(asked: SubjectRequest, amir: User) -> None:
    save_text("rejected", "en", subject="No: {reference}", body="{reason} Tell {authority}.", by=amir)
    closing.reject(asked, reason="It's <b>no</b>.")
    assert letters() == [("ana@example.org", f"No: {asked.reference}")]
    assert mail.outbox[0].body == "It's <b>no</b>. Tell a data protection supervisory authority.\n"
    assert not text_of("rejected", "de").own
    assert entries("letter_text.changed") == [{"letter": "rejected", "language": "en"}]
    restore_text("rejected", "en")
    assert text_of("rejected", "en") == brought("rejected", "en")
    with pytest.raises(NotNow):
        restore_text("rejected", "en")
    assert entries("letter_text.restored") == [{"letter": "rejected", "language": "en"}]


@pytest.mark.parametrize(
    ("subject", "body", "field", "message"),
    [
        ("", "{reason}{authority}", "subject", "Write one line"),
        ("a\nBcc: eve@example.org", "{reason}{authority}", "subject", "Write one line"),
        ("{reason}", "{reason}{authority}", "subject", "There is no {reason} here"),
        ("No", "", "body", "Write 1 to 5,000 characters."),
        ("No", "x" * 5001, "body", "Write 1 to 5,000 characters."),
        ("No", "{reason}", "body", "This letter has to say {authority}."),
        ("No", "{reason}{authority}{link}", "body", "There is no {link} here"),
        ("No", "{reason}{authority}{{reason}}", "body", "Braces stand around the names of variables only."),
        ("No", "{reason}{authority}{% load x %}", "body", "Braces stand around the names of variables only."),
        ("No", "{reason}{authority}{reason.__class__}", "body", "Braces stand around"),
        ("No", "{reason}{authority}{0}", "body", "Braces stand around"),
    ],
)
def test_a_text_that_could_not_be_sent_is_refused_beside_its_field(
    db: None, subject: str, body: str, field: str, message: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        save_text("rejected", "en", subject=subject, body=body, by=None)
    assert list(refusal.value.message_dict) == [field]
    assert message in refusal.value.message_dict[field][0]
    assert not LetterText.objects.exists()


def test_what_stands_in_a_value_is_never_filled_in_itself() -> None:
    assert fill("{reason} {due}", {"reason": "{due} {% now %} {0.__class__}", "due": "today"}) == (
        "{due} {% now %} {0.__class__} today"
    )


def test_a_name_with_line_breaks_adds_no_header(asked: SubjectRequest, amir: User) -> None:
    Organisation.objects.create(name="Tea\r\nBcc: eve@example.org", contact="x")
    save_text("message", "en", subject="From {organisation}", body="{text}", by=amir)
    send_letter(asked, "message", text="Hello.")
    assert letters() == [("ana@example.org", "From Tea Bcc: eve@example.org")]
    assert mail.outbox[0].recipients() == ["ana@example.org"]


def test_the_preview_shows_the_letter_without_a_person(db: None) -> None:
    subject, body = preview("paused", "fr", subject="{reference}", body="{asks} : {reason}")
    assert subject == f"R-{timezone.localdate().year}-00042"
    assert body == (
        "l’effacement des données personnelles que nous détenons sur vous : [the reason an officer gave]"
    )


def test_the_schedule_sends_letters(settings, work: Callable) -> None:
    assert "requests.send_letters" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
