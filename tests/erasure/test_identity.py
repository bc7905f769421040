"""Proving who asks: by a link that works once and for a while, or by an officer who says how."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.ledger.context import Actor
from erasure.models import IdentityCheck, SubjectRequest
from erasure.requests import identity, intake
from erasure.requests.letters.sending import send_due
from erasure.requests.states import NotNow
from tests.erasure.estate import entries
from tests.erasure.letters import letters, secret
from tests.erasure.together import at_once


@pytest.fixture
def asked(db: None) -> SubjectRequest:
    return intake.receive(kind="access", identifiers=[(intake.EMAIL, "ana@example.org")], channel="form")


@pytest.fixture
def link_sent(asked: SubjectRequest, django_capture_on_commit_callbacks):
    """`link_sent()` sends a link and gives the secret in its letter."""

    def send() -> str:
        with django_capture_on_commit_callbacks(execute=True):
            identity.send_link(asked)
        return secret("confirm")

    return send


def test_a_link_proves_the_address_once(asked: SubjectRequest, link_sent) -> None:
    key = link_sent()
    assert asked.state == "identity pending"
    assert letters() == [("ana@example.org", f"Please confirm your privacy request {asked.reference}")]
    assert identity.confirm(key) == asked
    asked.refresh_from_db()
    assert (asked.state, asked.verified_how) == ("verified", "by a link sent to the e-mail address")
    assert identity.confirm(key) is None
    assert entries("request.identity_verified") == [{"method": "signed link", "note": ""}]


def test_looking_does_not_use_a_link_up(asked: SubjectRequest, link_sent) -> None:
    key = link_sent()
    checks = [identity.check_for(key) for _ in range(3)]
    assert [check.request for check in checks if check] == [asked] * 3
    assert IdentityCheck.objects.get().used_at is None
    assert identity.confirm(key) == asked


def test_the_secret_is_nowhere_but_in_the_letter(link_sent) -> None:
    key = link_sent()
    check = IdentityCheck.objects.get()
    assert key not in (check.digest, str(check.pk))
    assert len(key) == 43
    assert mail.outbox[0].body.count(key) == 1
    assert key not in mail.outbox[0].subject


@pytest.mark.parametrize("wrong", ["", "x", "A" * 43, "ü", "' OR 1=1 --"])
def test_a_wrong_secret_proves_nothing(asked: SubjectRequest, link_sent, wrong: str) -> None:
    link_sent()
    assert identity.check_for(wrong) is None
    assert identity.confirm(wrong) is None
    asked.refresh_from_db()
    assert asked.state == "identity pending"


def test_a_link_expires_after_72_hours(asked: SubjectRequest, link_sent) -> None:
    key = link_sent()
    check = IdentityCheck.objects.get()
    assert check.expires_at - check.sent_at == pytest.approx(timedelta(hours=72), abs=timedelta(seconds=2))
    IdentityCheck.objects.update(expires_at=timezone.now())
    assert not identity.usable(identity.check_for(key))
    assert identity.confirm(key) is None
    asked.refresh_from_db()
    assert (asked.state, asked.verified_at) == ("identity pending", None)


def test_a_link_that_a_stranger_has_sent_does_not_end_the_persons_own(
    asked: SubjectRequest, link_sent
) -> None:
    mine, theirs = link_sent(), link_sent()
    assert mine != theirs
    assert identity.confirm(mine) == asked
    assert identity.confirm(theirs) is None


def test_three_links_an_hour_are_enough(asked: SubjectRequest, link_sent) -> None:
    for _ in range(3):
        link_sent()
    with pytest.raises(NotNow, match=f"3 letters were sent for {asked.reference} within the hour"):
        link_sent()
    assert (IdentityCheck.objects.count(), len(mail.outbox)) == (3, 3)
    IdentityCheck.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    link_sent()
    assert IdentityCheck.objects.count() == 4


def code_sent(asked: SubjectRequest) -> tuple[str, str]:
    """The ticket of the page, and the six digits in the letter."""
    ticket = identity.send_code(asked)
    send_due()
    return ticket, re.search(r"^(\d{6})$", mail.outbox[-1].body, re.M)[1]


def test_a_code_proves_the_address_once(asked: SubjectRequest) -> None:
    ticket, code = code_sent(asked)
    check = IdentityCheck.objects.get()
    assert code not in check.digest
    assert check.expires_at - check.sent_at == pytest.approx(timedelta(minutes=15), abs=timedelta(seconds=2))
    assert identity.confirm_code(ticket, f" {code} ") == asked
    asked.refresh_from_db()
    assert (asked.state, asked.verified_how) == ("verified", "by a code sent to the e-mail address")
    assert identity.confirm_code(ticket, code) is None
    assert entries("request.identity_verified") == [{"method": "code", "note": ""}]


def test_a_code_guessed_five_times_is_worth_nothing_the_sixth(asked: SubjectRequest) -> None:
    ticket, code = code_sent(asked)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert [identity.confirm_code(ticket, wrong) for _ in range(5)] == [None] * 5
    assert identity.confirm_code(ticket, code) is None
    asked.refresh_from_db()
    assert (asked.state, IdentityCheck.objects.get().attempts) == ("identity pending", 5)


def test_a_code_of_another_request_or_an_old_one_is_worth_nothing(asked: SubjectRequest) -> None:
    other = intake.receive(kind="erasure", identifiers=[(intake.EMAIL, "ana@example.org")], channel="form")
    ticket, code = code_sent(asked)
    others, others_code = code_sent(other)
    assert identity.confirm_code(identity.blank_ticket(), code) is None
    assert identity.confirm_code(f"{ticket}x", code) is None
    assert identity.confirm_code(f"{ticket}\x00", code) is None
    if others_code != code:
        assert identity.confirm_code(others, code) is None
    IdentityCheck.objects.filter(request=asked).update(expires_at=timezone.now())
    assert identity.confirm_code(ticket, code) is None
    assert set(SubjectRequest.objects.values_list("state", flat=True)) == {"identity pending"}


@pytest.mark.django_db(transaction=True)
def test_tries_at_a_code_are_counted_however_many_come_at_once(asked: SubjectRequest) -> None:
    ticket, code = code_sent(asked)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    person = Actor("subject", asked.subject)
    answers = at_once(*[(person, lambda: identity.confirm_code(ticket, wrong))] * 8)
    assert answers == [None] * 8
    assert IdentityCheck.objects.get().attempts == 5
    assert identity.confirm_code(ticket, code) is None


def test_who_is_verified_gets_no_link(asked: SubjectRequest, link_sent) -> None:
    identity.confirm_by_officer(asked, how="Came with a passport.")
    with pytest.raises(NotNow, match="is identity verified: this is not possible now"):
        link_sent()
    assert not IdentityCheck.objects.exists()
    assert letters() == []


def test_an_officer_vouches_for_all_that_was_given(asked: SubjectRequest) -> None:
    intake.add_identifier(asked, "id.customer", "17")
    identity.confirm_by_officer(asked, how=" Came with a passport. ")
    assert (asked.state, asked.verified_how) == ("verified", "Came with a passport.")
    assert list(asked.identifiers.values_list("verified", flat=True)) == [True, True]
    assert entries("request.identity_verified") == [{"method": "officer", "note": "Came with a passport."}]
    with pytest.raises(NotNow):
        identity.confirm_by_officer(asked, how="Twice.")


@pytest.mark.parametrize("how", ["", "  "])
def test_an_officer_says_how(asked: SubjectRequest, how: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        identity.confirm_by_officer(asked, how=how)
    assert refusal.value.message_dict == {"how": ["Say how the identity was checked."]}
    asked.refresh_from_db()
    assert asked.state == "received"


def test_a_mail_server_that_is_down_stops_nothing(
    asked: SubjectRequest, django_capture_on_commit_callbacks, settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with django_capture_on_commit_callbacks(execute=True):
        identity.send_link(asked)
    assert letters() == []
    asked.refresh_from_db()
    assert asked.state == "identity pending"
    letter = asked.letters.get()
    assert f"Letter {letter.pk} of {asked.reference} was not sent: ConnectionRefusedError" in caplog.text
    assert (letter.kind, letter.state, letter.attempts) == ("verify_identity", "queued", 1)
    assert "ana@" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_link_pressed_twice_at_once_counts_once(asked: SubjectRequest) -> None:
    identity.send_link(asked)
    key = secret("confirm")
    person = Actor("subject", asked.subject)
    answers = at_once(*[(person, lambda: identity.confirm(key))] * 2)
    assert sorted(answer is None for answer in answers) == [False, True]
    assert len(entries("request.identity_verified")) == 1
