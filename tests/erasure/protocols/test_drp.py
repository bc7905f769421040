"""Data Rights Protocol 1.0: keys, requests, their statuses, and everything that is refused."""

import base64
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from erasure.models import SubjectRequest
from erasure.protocols import registering, withdrawing
from erasure.protocols.models import Agent, Message, Received
from erasure.registry.models import Registration
from erasure.requests import closing, identity, intake
from tests.erasure.estate import entries
from tests.erasure.letters import letters, link
from tests.erasure.protocols.conftest import AgentSystem

State = SubjectRequest.State
EMPTY = (403, b"")


def nothing_taken() -> bool:
    return not SubjectRequest.objects.exists() and not Received.objects.exists()


def refused(answer):
    """Status and error object, whose code repeats the status."""
    body = answer.json()
    assert body["code"] == str(answer.status_code)
    return answer.status_code, body["message"]


def test_pairing_gives_a_token_that_is_kept_as_a_hash(business):
    outside = AgentSystem()
    agent = registering.register_agent(agent_id="CR_AA", name="Slip", verify_key=outside.verify_key)
    answer = outside.pair()
    assert answer.json() == {"agent-id": "CR_AA", "token": outside.token}
    agent.refresh_from_db()
    assert len(outside.token) == 64
    assert outside.token not in str(Agent.objects.values().get())
    assert (outside.send("get", "/agent/CR_AA").status_code, outside.send("get", "/agent/CR_AA").json()) == (
        200,
        {},
    )
    assert len(entries("agent.paired")) == 1


def test_new_pairing_ends_the_earlier_token(outside):
    earlier = outside.token
    outside.pair()
    assert outside.token != earlier
    outside.token = earlier
    assert outside.send("get", "/agent/CR_AA").status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"agent-id": "OTHER"},
        {"business-id": "OTHER"},
        {"issued-at": "2099-01-01T00:00:00+00:00"},
        {"expires-at": "2020-01-01T00:00:00+00:00"},
        {"expires-at": "soon"},
        {"issued-at": "2026-11-29T08:00:00"},
        {"issued-at": None},
        {"drp.version": "0.9"},
    ],
)
def test_pairing_that_does_not_fit_is_403_without_a_body(outside, changed):
    before = Agent.objects.get().token_digest
    answer = outside.pair(**changed)
    assert (answer.status_code, answer.content) == EMPTY
    assert Agent.objects.get().token_digest == before


def test_forged_unknown_and_replayed_pairings_are_403(outside):
    message = outside.sign(outside.claims())
    stranger = AgentSystem()
    for body in (
        stranger.sign(stranger.claims()),
        b"",
        b"not base64!",
        base64.b64encode(b"short"),
        b"A" * 70_000,
    ):
        answer = outside.send("post", "/agent/CR_AA", body)
        assert (answer.status_code, answer.content) == EMPTY
    assert outside.send("post", "/agent/NOBODY", message).status_code == 403
    assert outside.send("post", "/agent/CR_AA", message).status_code == 200
    assert outside.send("post", "/agent/CR_AA", message).status_code == 403


def test_token_of_one_agent_does_not_open_another(outside):
    registering.register_agent(agent_id="OTHER", name="Other", verify_key=AgentSystem().verify_key)
    answer = outside.send("get", "/agent/OTHER")
    assert (answer.status_code, answer.content) == EMPTY


def test_deletion_under_the_ccpa_becomes_an_erasure(outside):
    answer = outside.exercise(**{"agent-request-id": "their-7"})
    assert answer.status_code == 200
    request = SubjectRequest.objects.get()
    received = Received.objects.get()
    told = answer.json()
    assert (request.kind, request.channel, request.regime) == ("erasure", "drp", "CCPA")
    assert [(each.category, each.value, each.verified) for each in request.identifiers.all()] == [
        ("contact.email", "ana@example.org", False)
    ]
    assert told["request_id"] == str(received.public_id)
    assert (told["status"], told["reason"]) == ("in_progress", "need_user_verification")
    assert told["agent_request_id"] == "their-7"
    assert told["expected_by"] == request.due_on.isoformat()
    assert told["received_at"] == received.received_at.isoformat(timespec="seconds")
    assert told["user_verification_url"].startswith("http://testserver/privacy/status/")
    assert "results_url" not in told
    assert "final" not in told
    (entry,) = entries("protocol.message_taken")
    assert entry == {
        "protocol": "drp",
        "sender": "Permission Slip",
        "asked": "deletion",
        "regime": "ccpa",
        "joined": False,
    }
    assert "ana@" not in str(entries("protocol.message_taken"))


def test_address_that_only_the_agent_verified_is_checked_by_us(outside, committed):
    with committed():
        told = outside.exercise().json()
    assert SubjectRequest.objects.get().state == State.IDENTITY_PENDING
    reference = SubjectRequest.objects.get().reference
    assert ("ana@example.org", f"Please confirm your privacy request {reference}") in letters()
    assert told["user_verification_url"] not in link("confirm")
    assert Client().post(link("confirm")).status_code == 302
    told = outside.status(told["request_id"]).json()
    assert (told["status"], told["reason"], told["user_verification_url"]) == ("in_progress", None, None)


@pytest.mark.parametrize(("verified", "state"), [(True, State.VERIFIED), (False, State.IDENTITY_PENDING)])
def test_agent_whose_verification_counts_is_believed_where_it_says_so(trusted, verified, state):
    trusted.exercise(email_verified=verified)
    request = SubjectRequest.objects.get()
    assert request.state == state
    assert request.identifiers.get().verified is verified
    if verified:
        assert request.verified_how == "by the authorized agent Permission Slip, who vouches for it"


@pytest.mark.parametrize("claimed", ["true", 1, None])
def test_verified_is_true_and_nothing_like_it(trusted, claimed):
    trusted.exercise(email_verified=claimed)
    assert SubjectRequest.objects.get().state == State.IDENTITY_PENDING


def test_opt_out_is_done_at_once_and_told_as_the_next_status(outside):
    told = outside.exercise(exercise="sale:opt-out", email_verified=False).json()
    assert (told["status"], told["reason"]) == ("in_progress", None)
    assert Registration.objects.get().effect == "opted out"
    told = outside.status(told["request_id"]).json()
    assert (told["status"], told["final"]) == ("fulfilled", "true")
    assert told["results_url"].startswith("http://testserver/privacy/status/")


@pytest.mark.parametrize(
    ("exercise", "kind"),
    [
        ("access", "access"),
        ("access:categories", "access"),
        ("access:specific", "access"),
        ("sale:opt_out", "opt out"),
    ],
)
def test_rights_are_ours_by_another_name(outside, exercise, kind):
    assert outside.exercise(exercise=exercise).status_code == 200
    assert SubjectRequest.objects.get().kind == kind


@pytest.mark.parametrize("regime", ["voluntary", None])
def test_voluntary_requests_go_by_the_law_that_was_chosen(outside, regime):
    assert outside.exercise(regime=regime).status_code == 200
    assert SubjectRequest.objects.get().regime == "EU-GDPR"


def test_right_that_the_law_does_not_know_is_denied(outside):
    told = outside.exercise(exercise="sale:opt-out", regime="voluntary").json()
    assert (told["status"], told["reason"], told["final"]) == ("denied", "outside_jurisdiction", "true")
    assert not SubjectRequest.objects.exists()
    assert outside.status(told["request_id"]).json() == told
    assert outside.revoke(told["request_id"]).status_code == 409
    assert entries("protocol.message_denied")[0]["reason"] == "outside_jurisdiction"


@pytest.mark.parametrize(
    ("changed", "status", "message"),
    [
        ({"agent-id": "OTHER"}, 403, "The agent-id is not that of the agent who sends it."),
        ({"business-id": "OTHER"}, 403, "The business-id is not ours."),
        ({"business-id": ["ACME_GMBH"]}, 403, "The business-id is not ours."),
        (
            {"issued-at": (timezone.now() + timedelta(hours=2)).isoformat()},
            403,
            "The message was issued in the future: set your clock.",
        ),
        ({"expires-at": "2026-01-01T00:00:00Z"}, 403, "The message has expired: sign a new one."),
        ({"expires-at": 7}, 400, "expires-at is an ISO 8601 time with its offset."),
        ({"expires-at": "2026-01-01T00:00:00"}, 400, "expires-at is an ISO 8601 time with its offset."),
        ({"expires-at": "9999-12-31T23:59:59-10:00"}, 400, "expires-at is an ISO 8601 time with its offset."),
        ({"drp.version": "2.0"}, 400, "The drp.version is 1.0."),
        (
            {"exercise": "sale:opt-in"},
            400,
            "Unsupported rights action; supported are: access, access:categories, access:specific, deletion, "
            "sale:opt-out.",
        ),
        ({"regime": "lgpd"}, 400, "The regime is ccpa, voluntary or left out."),
        ({"email": None}, 400, "An e-mail address is needed: it is what supported_verifications names."),
        ({"email": "nobody"}, 400, "This is not an e-mail address."),
        ({"email": 7}, 400, "email is a text of at most 320 characters."),
        ({"email": "a\x00@example.org"}, 400, "email is a text of at most 320 characters."),
        ({"agent-request-id": "x" * 201}, 400, "agent-request-id is a text of at most 200 characters."),
        (
            {"status_callback": "http://dsr.example.org/"},
            400,
            "status_callback: Use https: the message says whom it is about.",
        ),
        ({"status_callback": "file:///etc/passwd"}, 400, "status_callback: This is no address."),
    ],
)
def test_message_that_does_not_fit_creates_nothing(outside, changed, status, message):
    assert refused(outside.exercise(**changed)) == (status, message)
    assert nothing_taken()
    assert Message.objects.count() == 1  # that of the pairing: what was refused may be sent again


def test_message_lives_ten_minutes_whatever_it_says(outside):
    now = timezone.now()
    year = (now + timedelta(days=365)).isoformat()
    old = outside.exercise(**{"issued-at": (now - timedelta(minutes=10)).isoformat(), "expires-at": year})
    assert refused(old) == (403, "The message has expired: sign a new one.")
    new = outside.exercise(**{"issued-at": (now - timedelta(minutes=9)).isoformat(), "expires-at": year})
    assert new.status_code == 200
    assert Message.objects.latest("pk").expires_at == now + timedelta(minutes=1)


def test_what_is_signed_by_somebody_else_is_refused(outside):
    stranger = AgentSystem()
    body = stranger.sign(stranger.exercise_claims())
    assert refused(outside.send("post", "/data-rights-request", body)) == (
        403,
        "The signature is not that of the agent.",
    )
    changed = bytearray(base64.b64decode(outside.sign(outside.exercise_claims())))
    changed[-3] ^= 1
    body = base64.b64encode(bytes(changed))
    assert refused(outside.send("post", "/data-rights-request", body))[0] == 403
    assert nothing_taken()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"\xff\xfe", 400),
        (base64.b64encode(b"x" * 64), 400),
        (base64.b64encode(b"x" * 65), 403),
        (b"A" * (64 * 1024 + 1), 413),
    ],
)
def test_what_is_no_message_is_refused(outside, body, status):
    assert refused(outside.send("post", "/data-rights-request", body))[0] == status
    assert nothing_taken()


@pytest.mark.parametrize("signed", [b"[]", b"no json", b"\xff", b"[" * 20_000, b'"text"'])
def test_signed_but_no_object_is_refused(outside, signed):
    answer = outside.send("post", "/data-rights-request", outside.sign(signed))
    assert refused(answer) == (400, "What is signed is not a JSON object.")
    assert nothing_taken()


def test_same_message_again_is_refused(outside):
    body = outside.sign(outside.exercise_claims())
    assert outside.send("post", "/data-rights-request", body).status_code == 200
    assert refused(outside.send("post", "/data-rights-request", body)) == (
        409,
        "This message was taken before: sign a new one.",
    )
    assert Received.objects.count() == 1


@pytest.mark.parametrize("token", ["", "nobody", "a b"])
def test_unknown_token_opens_nothing(outside, token):
    known = outside.exercise().json()["request_id"]
    outside.token = token
    for answer in (outside.exercise(), outside.status(known), outside.revoke(known)):
        assert answer.status_code == 403
        assert answer.json()["code"] == "403"
    assert Received.objects.get().withdrawn_at is None


def test_ended_agent_is_nobody(outside, agent):
    registering.end_agent(agent)
    assert outside.exercise().status_code == 403
    assert outside.pair().status_code == 403
    assert nothing_taken()


def test_new_verify_key_ends_the_token(outside, agent):
    registering.change_agent(agent, name=agent.name, verify_key=AgentSystem().verify_key)
    assert outside.send("get", "/agent/CR_AA").status_code == 403


def test_request_of_another_agent_is_403_like_none_at_all(outside):
    known = outside.exercise().json()["request_id"]
    other = AgentSystem("OTHER")
    registering.register_agent(agent_id="OTHER", name="Other", verify_key=other.verify_key)
    other.pair()
    said = [refused(other.status(known)), refused(other.revoke(known)), refused(other.status(str(uuid4())))]
    assert said == [(403, "This is not a request of this agent.")] * 3


def test_revoking_ends_the_request_without_a_letter(outside, committed):
    request_id = outside.exercise().json()["request_id"]
    before = len(letters())
    with committed():
        told = outside.revoke(request_id).json()
    assert (told["status"], told["reason"], told["final"]) == ("revoked", None, "true")
    assert SubjectRequest.objects.get().state == State.REJECTED
    assert outside.revoke(request_id).json() == told
    assert len(entries("protocol.request_withdrawn")) == 1
    assert len(letters()) == before


def test_revoking_wants_the_agents_signature(outside):
    request_id = outside.exercise().json()["request_id"]
    assert refused(outside.revoke(request_id, b""))[0] == 400
    assert refused(outside.revoke(request_id, AgentSystem().sign({"reason": "x"})))[0] == 403
    assert refused(outside.revoke(request_id, outside.sign({"reason": 7})))[0] == 400
    assert SubjectRequest.objects.get().state == State.IDENTITY_PENDING


def test_what_has_ended_cannot_be_revoked(outside):
    request_id = outside.exercise(exercise="sale:opt-out").json()["request_id"]
    assert refused(outside.revoke(request_id)) == (409, "This request has ended.")


def test_same_request_of_the_same_agent_is_one(outside):
    first = outside.exercise().json()["request_id"]
    assert outside.exercise().json()["request_id"] == first
    assert SubjectRequest.objects.count() == 1


def test_request_that_the_person_made_themselves_is_not_the_agents_to_revoke(outside):
    own = intake.receive(
        kind="erasure", identifiers=[("contact.email", "ana@example.org")], channel="form", regime="CCPA"
    )
    told = outside.exercise().json()
    assert (Received.objects.get().request, Received.objects.get().joined) == (own, True)
    assert outside.revoke(told["request_id"]).json()["status"] == "revoked"
    own.refresh_from_db()
    assert own.state == State.IDENTITY_PENDING


def test_agent_who_joins_gets_no_address_of_the_persons_own_page(outside):
    """Whoever holds it could withdraw the request, which the protocol does not let this agent do."""
    intake.receive(
        kind="erasure", identifiers=[("contact.email", "ana@example.org")], channel="form", regime="CCPA"
    )
    told = outside.exercise().json()
    assert (told["reason"], told["user_verification_url"]) == ("need_user_verification", None)
    SubjectRequest.objects.update(state=State.COMPLETE, closed_at=timezone.now())
    told = outside.status(told["request_id"]).json()
    assert (told["status"], told["results_url"]) == ("fulfilled", None)


def test_states_of_ours_in_their_words(trusted, amir):
    request_id = trusted.exercise().json()["request_id"]
    request = SubjectRequest.objects.get()
    found = []
    for state in State:
        SubjectRequest.objects.filter(pk=request.pk).update(
            state=state, searched_at=timezone.now(), verified_at=timezone.now()
        )
        told = trusted.status(request_id).json()
        found.append((state.value, told["status"], told["reason"]))
    assert found == [
        ("received", "open", None),
        ("identity pending", "in_progress", "need_user_verification"),
        ("verified", "in_progress", None),
        ("searching", "in_progress", None),
        ("found", "in_progress", None),
        ("planned", "in_progress", None),
        ("approved", "in_progress", None),
        ("executing", "in_progress", None),
        ("waiting", "in_progress", None),
        ("complete", "denied", "no_match"),
        ("residual found", "in_progress", None),
        ("failed", "in_progress", None),
        ("rejected", "denied", "other"),
    ]


def test_link_that_was_not_followed_in_time_has_expired(outside):
    request_id = outside.exercise().json()["request_id"]
    request = SubjectRequest.objects.get()
    now = timezone.now()
    request.identity_checks.update(expires_at=now)
    told = outside.status(request_id).json()
    assert (told["status"], told["expires_at"]) == ("expired", now.isoformat(timespec="seconds"))
    identity.send_link(request)
    assert outside.status(request_id).json()["reason"] == "need_user_verification"


def test_reasons_of_a_rejection(outside, amir, committed):
    unverified = outside.exercise().json()["request_id"]
    closing.reject(SubjectRequest.objects.get(), reason="Nobody answered.")
    told = outside.status(unverified).json()
    assert (told["status"], told["reason"], told["processing_details"]) == (
        "denied",
        "insuf_verification",
        "Nobody answered.",
    )
    denied = outside.exercise(exercise="access").json()["request_id"]
    withdrawing.deny(
        Received.objects.get(public_id=denied),
        denial="suspected_fraud",
        reason="We do not believe it.",
        by=amir,
    )
    told = outside.status(denied).json()
    assert (told["status"], told["reason"], told["processing_details"]) == (
        "denied",
        "suspected_fraud",
        "We do not believe it.",
    )
    assert entries("protocol.request_denied")[0] == {
        "sender": "Permission Slip",
        "reason": "suspected_fraud",
    }


def test_extension_is_told_with_its_reason(trusted):
    request_id = trusted.exercise().json()["request_id"]
    request = SubjectRequest.objects.get()
    closing.extend(request, reason="There are many records.")
    told = trusted.status(request_id).json()
    assert told["expected_by"] == request.due_on.isoformat()
    assert told["processing_details"].endswith("It takes longer: There are many records.")


def test_entry_of_the_directory(outside):
    entry = Client().get("/protocols/drp/business.json").json()
    assert entry == {
        "id": "ACME_GMBH",
        "name": "ACME_GMBH",
        "logo": None,
        "api_base": "http://testserver/protocols/drp",
        "supported_actions": ["access", "access:categories", "access:specific", "deletion", "sale:opt-out"],
        "supported_verifications": ["email"],
        "privacy_policy_url": "http://testserver/privacy/",
        "web_url": "http://testserver",
        "technical_contact": "",
        "business_contact": "",
    }


def test_nothing_is_taken_before_there_is_a_business_id(db):
    outside = AgentSystem()
    registering.register_agent(agent_id="CR_AA", name="Slip", verify_key=outside.verify_key)
    assert outside.pair().status_code == 403
    assert Client().get("/protocols/drp/business.json").status_code == 404


def test_other_methods_are_refused(outside):
    known = outside.exercise().json()["request_id"]
    assert refused(outside.send("put", "/data-rights-request", b""))[0] == 405
    assert refused(outside.send("post", f"/data-rights-request/{known}", b""))[0] == 405
    assert refused(outside.send("put", "/agent/CR_AA", b""))[0] == 405


def test_strangers_may_not_knock_for_ever(outside, monkeypatch):
    now = timezone.now().timestamp()
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr("erasure.protocols.drp.views.RATE", "2/h")
    statuses = [outside.status(str(uuid4())).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]


def test_logs_say_nothing_of_the_person(outside, caplog):
    caplog.set_level("DEBUG")
    outside.exercise(**{"business-id": "OTHER"})
    outside.exercise()
    assert "ana@example.org" not in caplog.text
    assert outside.token not in caplog.text
