"""The person's own page, agents, reminders and languages: what strangers and people can do from outside."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from erasure.models import IdentityCheck, SubjectRequest
from erasure.public import wording
from erasure.requests import identity, intake, reminding, status
from erasure.requests.letters.wording import LANGUAGES
from erasure.requests.models import Representation
from erasure.requests.reopening import reopen
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import letters, link
from tests.people import client_of

ASK = "/privacy/"
ANA = {"kind": "erasure", "email": "ana@example.org", "place": "EU-GDPR"}


def received(
    kind: str = "erasure", regime: str = "EU-GDPR", email: str = "ana@example.org"
) -> SubjectRequest:
    return intake.receive(kind=kind, identifiers=[(intake.EMAIL, email)], channel="form", regime=regime)


def page_of(asked: SubjectRequest) -> str:
    return f"/privacy/status/{status.token_of(asked)}/"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_says_the_same_things(language: str) -> None:
    def shape(code: str) -> dict[tuple[str, str], set[str]]:
        return {
            (section, name): set(re.findall(r"{\w+}", text))
            for section, names in wording.texts(code).items()
            for name, text in names.items()
        }

    assert shape(language) == shape("en")
    assert set(wording.languages()) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("path", "header", "language"),
    [
        (ASK, "de-AT,de;q=0.9,en;q=0.5", "de"),
        (ASK, "pt-BR,fr;q=0.4", "fr"),
        (ASK, "pt-BR", "en"),
        (f"{ASK}?lang=nl", "de", "nl"),
        (f"{ASK}?lang=xx", "it", "it"),
    ],
)
def test_the_form_speaks_the_visitors_language(sam: Client, path: str, header: str, language: str) -> None:
    text = sam.get(path, headers={"Accept-Language": header}).content.decode()
    assert f'<html lang="{language}">' in text
    assert wording.say(language, "ask.title") in text


def test_what_was_asked_in_german_is_answered_in_german(sam: Client) -> None:
    sam.post(f"{ASK}?lang=de", ANA)
    assert SubjectRequest.objects.get().language == "de"
    assert letters()[0][1].startswith("Bitte bestätigen Sie Ihren Antrag R-")


def test_errors_are_summed_up_first_and_tied_to_their_fields(sam: Client) -> None:
    text = sam.post(ASK, {**ANA, "email": "x"}).content.decode()
    assert 'role="alert" tabindex="-1" autofocus' in text
    assert '<a href="#id_email">' in text
    assert re.search(r'aria-describedby="id_email_help id_email_error"', text)


def test_each_right_is_taken_with_what_it_needs(sam: Client) -> None:
    assert sam.post(ASK, {**ANA, "ground": "b"}).status_code == 302
    assert sam.post(ASK, {**ANA, "kind": "rectification"}).status_code == 422
    sam.post(ASK, {**ANA, "kind": "rectification", "wrong": "Rua A 1", "right": "Rua A 2"})
    sam.post(ASK, {**ANA, "kind": "objection", "email": "bo@example.org"})
    erasure, rectification, objection = SubjectRequest.objects.order_by("pk")
    assert erasure.ground == "b"
    assert [note.text for note in rectification.notes.all()] == ["Rua A 1\n→ Rua A 2"]
    assert [each.purpose for each in objection.objections.all()] == ["direct marketing"]


def test_two_persons_who_share_an_address_have_each_their_own_right(sam: Client) -> None:
    sam.post(ASK, {**ANA, "customer_number": "C-1"})
    sam.post(ASK, {**ANA, "customer_number": "C-2"})
    asked = SubjectRequest.objects.get()
    assert [each.value for each in asked.identifiers.order_by("pk")] == ["ana@example.org", "C-1"]
    identity.confirm(link("confirm").rstrip("/").rpartition("/")[2])
    assert [each.verified for each in asked.identifiers.order_by("pk")] == [True, False]


def test_a_link_used_twice_says_so_and_an_expired_one_offers_another(sam: Client) -> None:
    asked = received()
    identity.send_link(asked)
    path = link("confirm")
    IdentityCheck.objects.update(expires_at=timezone.now())
    assert "This link has expired" in sam.get(path).content.decode()
    assert sam.post(path)["Location"] == "/privacy/received/"
    newer = link("confirm")
    assert newer != path
    assert sam.post(newer).status_code == 302
    for used in (sam.get(newer), sam.post(newer)):
        assert used.status_code == 410
        assert "This link was used before" in used.content.decode()


def test_by_code_the_page_is_the_same_for_everybody(sam: Client, settings, amir) -> None:
    settings.IDENTITY_BY = "code"
    request_of("known@example.org", amir)
    answers = [sam.post(ASK, {**ANA, "email": email}) for email in ("known@example.org", "new@example.org")]
    known, new = [re.sub(r"code/[^/]+/", "code/…/", answer["Location"]) for answer in answers]
    assert known == new == "/privacy/code/…/"
    letters()
    code = re.search(r"^(\d{6})$", mail.outbox[-1].body, re.M)[1]
    assert sam.post(answers[0]["Location"], {"code": code}).status_code == 422
    assert sam.post(answers[1]["Location"], {"code": "12"}).status_code == 422
    assert sam.post(answers[1]["Location"], {"code": code})["Location"].startswith("/privacy/status/")
    assert SubjectRequest.objects.latest("pk").verified_how == "by a code sent to the e-mail address"


def test_a_request_is_withdrawn_on_its_page(sam: Client, amir) -> None:
    asked = request_of("ana@example.org", amir)
    path = f"{page_of(asked)}withdraw/"
    assert sam.get(path).status_code == 200
    assert SubjectRequest.objects.get().state == "verified"
    shown = sam.post(path, follow=True).content.decode()
    assert "You have withdrawn this request." in shown
    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == ("rejected", "withdrawn")
    assert letters()[-1] == ("ana@example.org", f"You have withdrawn your request {asked.reference}")
    assert entries("request.withdrawn") == [{"by": "person"}]
    assert "It is too late" in sam.post(path, follow=True).content.decode()


def test_what_the_person_writes_is_kept_beside_the_request(sam: Client, amir) -> None:
    asked = request_of("ana@example.org", amir)
    path = f"{page_of(asked)}message/"
    assert sam.post(path, {"message_text": " "}).status_code == 422
    assert sam.post(path, {"message_text": "Look under Lima too."}).status_code == 302
    assert [(note.kind, note.text) for note in asked.notes.all()] == [("from person", "Look under Lima too.")]


@pytest.mark.parametrize(("regime", "known"), [("US-VA", True), ("EU-GDPR", False)])
def test_an_appeal_is_offered_where_the_law_has_it(sam: Client, amir, regime: str, known: bool) -> None:
    asked = received(regime=regime)
    identity.confirm_by_officer(asked, how="By telephone.")
    SubjectRequest.objects.update(state="rejected", outcome="rejected: no", closed_at=timezone.now())
    path = f"{page_of(asked)}appeal/"
    assert ("Why do you disagree?" in sam.get(page_of(asked)).content.decode()) is known
    sam.post(path, {"appeal_text": "It is mine."})
    asked.refresh_from_db()
    assert (asked.appeal, asked.state) == (("open", "verified") if known else ("", "rejected"))
    assert [note.text for note in asked.notes.all()] == (["It is mine."] if known else [])


def test_a_request_taken_up_again_is_followed_on_the_same_page(sam: Client, amir) -> None:
    asked = request_of("ana@example.org", amir)
    SubjectRequest.objects.update(state="complete", closed_at=timezone.now())
    asked.refresh_from_db()
    assert wording.say("en", "states.complete") in sam.get(page_of(asked)).content.decode()
    reopen(asked, reason="Something was missed.")
    assert wording.say("en", "states.verified") in sam.get(page_of(asked)).content.decode()


def test_an_opt_out_takes_one_step_and_a_signal_none(sam: Client) -> None:
    assert sam.post("/privacy/opt-out/", {}).status_code == 422
    assert sam.post("/privacy/opt-out/", {"customer_number": "C-1"})["Location"] == "/privacy/opt-out/done/"
    assert "Global Privacy Control" in sam.get("/privacy/opt-out/", headers={"Sec-GPC": "1"}).content.decode()
    body = '{"identifiers": [{"category": "contact.email", "value": "ana@example.org"}]}'
    sent = {"content_type": "application/json"}
    assert sam.post("/privacy/opt-out/signal/", body, **sent).status_code == 403
    assert sam.post("/privacy/opt-out/signal/", body, headers={"Sec-GPC": "1"}, **sent).status_code == 200
    assert list(SubjectRequest.objects.values_list("kind", "state")) == [("opt out", "complete")] * 2


def by_agent(sam: Client, authority: str) -> SubjectRequest:
    proof = SimpleUploadedFile("permission.txt", b"I, Ana, allow it.")
    given = {**ANA, "name": "Ada Agent", "email": "ada@agents.example", "person_email": "ana@example.org"}
    answer = sam.post("/privacy/agent/", {**given, "authority": authority, "proof": proof})
    assert answer["Location"] == "/privacy/agent/received/"
    return SubjectRequest.objects.get()


def test_the_person_is_asked_whether_the_agent_may_and_who_gets_the_answer(sam: Client) -> None:
    asked = by_agent(sam, "permission")
    assert letters() == [("ana@example.org", f"Somebody asks in your name: request {asked.reference}")]
    assert "Ada Agent" in sam.get(link("confirm")).content.decode()
    sam.post(link("confirm"), {"answer_to": "agent"})
    asked.refresh_from_db()
    assert (asked.state, asked.representation.answers_go_to) == ("verified", "ada@agents.example")
    assert entries("request.agent_confirmed") == [{"authority": "permission", "answer_to": "agent"}]


def test_a_person_who_allowed_nothing_ends_it(sam: Client) -> None:
    asked = by_agent(sam, "permission")
    sam.post(link("confirm"), {"refuse": "1"}) if letters() else None
    asked.refresh_from_db()
    assert (asked.state, asked.verified_at) == ("rejected", None)
    assert entries("request.agent_refused") == [{}]


def test_a_power_of_attorney_is_accepted_by_an_officer(sam: Client, amir) -> None:
    asked = by_agent(sam, "attorney")
    assert letters() == []
    browser = client_of(amir)
    assert "Accept the power of attorney" in browser.get(f"/requests/{asked.pk}/").content.decode()
    proof = Representation.objects.get().proofs.get()
    assert browser.get(f"/requests/{asked.pk}/agent/proofs/{proof.pk}/").content == b"I, Ana, allow it."
    path = f"/requests/{asked.pk}/agent/"
    assert browser.post(path, {"answer_to": "agent"}).status_code == 422
    assert browser.post(path, {"answer_to": "agent", "how": "Read the deed."}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.representation.answers_go_to) == ("verified", "ada@agents.example")
    assert entries("request.proof_read") == [{"sha256": proof.sha256}]


def aged(asked: SubjectRequest, days: int) -> None:
    SubjectRequest.objects.filter(pk=asked.pk).update(received_at=timezone.now() - timedelta(days=days))


def test_who_does_not_confirm_is_reminded_once_and_then_told_of_the_end(db: None) -> None:
    asked = received()
    identity.send_link(asked)
    IdentityCheck.objects.update(sent_at=timezone.now() - timedelta(days=7))
    aged(asked, 6)
    assert reminding.remind() == {"reminded": 0, "closed": 0}
    aged(asked, 7)
    assert reminding.remind() == {"reminded": 1, "closed": 0}
    aged(asked, 21)
    assert reminding.remind() == {"reminded": 0, "closed": 0}  # the reminder's link still works
    asked.letters.update(made_at=timezone.now() - timedelta(hours=72))
    assert reminding.remind() == {"reminded": 0, "closed": 1}
    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == ("rejected", "rejected: identity not proven")
    assert [subject.partition(" R-")[0] for _, subject in letters()] == [
        "Please confirm your privacy request",
        "Please confirm your privacy request",
        "We have closed the request",
    ]


def test_under_the_delete_act_what_cannot_be_verified_becomes_an_opt_out(db: None, settings) -> None:
    settings.IDENTITY_REMIND_DAYS = 0
    asked = received(regime="CA-DELETE-ACT")
    identity.send_link(asked)
    aged(asked, 21)
    assert reminding.remind() == {"reminded": 0, "closed": 1}
    assert list(SubjectRequest.objects.order_by("pk").values_list("kind", "state")) == [
        ("erasure", "rejected"),
        ("opt out", "complete"),
    ]
