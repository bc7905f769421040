"""OpenDSR 2.0: discovery, requests, their status, cancelling; and the signature over every answer."""

import base64
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from erasure.models import SubjectRequest
from erasure.protocols import registering, withdrawing
from erasure.protocols.models import Received, SigningKey
from erasure.protocols.opendsr import signing
from erasure.requests import intake
from tests.erasure.answering import stored_as
from tests.erasure.estate import entries
from tests.erasure.letters import letters
from tests.erasure.protocols.conftest import ControllerSystem

pytestmark = pytest.mark.django_db
State = SubjectRequest.State
ID = "a7551968-d5d6-44b2-9831-815ac9017798"
OTHER_ID = "5ec6bd7b-0f0c-4a4c-a7d0-6a2ed9a0f6c1"
V2 = "/protocols/opendsr/v2"


def certificate() -> x509.Certificate:
    url = Client().get(f"{V2}/discovery").json()["processor_certificate"]
    answer = Client().get(url.removeprefix("http://testserver"))
    assert answer["Content-Type"] == "application/x-pem-file"
    return x509.load_pem_x509_certificate(answer.content)


def verify(signature: str, body: bytes, by: x509.Certificate | None = None) -> None:
    (by or certificate()).public_key().verify(
        base64.b64decode(signature), body, padding.PKCS1v15(), hashes.SHA256()
    )


def signed(answer):
    """The answer, once its signature has been verified with the published certificate alone."""
    by = certificate()
    for name in ("OpenDSR", "OpenGDPR"):
        assert answer[f"X-{name}-Processor-Domain"] == "testserver"
        verify(answer[f"X-{name}-Signature"], answer.content, by)
    return answer.json()


def error(answer):
    body = answer.json()["error"]
    assert body["code"] == answer.status_code
    assert body["errors"][0]["message"] == body["message"]
    return answer.status_code, body["message"]


def issued(pem: str, *, names: list[str] | None = None, days: int = 90) -> str:
    """A certificate by an authority for the console's own request for one."""
    asked = x509.load_pem_x509_csr(pem.encode())
    now = timezone.now()
    authority = ec.generate_private_key(ec.SECP256R1())
    built = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Trial CA")]))
        .public_key(asked.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
    )
    names = names if names is not None else ["testserver"]
    built = built.add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
    )
    return built.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def test_discovery_says_what_is_spoken():
    assert Client().get(f"{V2}/discovery").json() == {
        "api_version": "2.0",
        "supported_identities": [
            {"identity_type": "email", "identity_format": "raw"},
            {"identity_type": "controller_customer_id", "identity_format": "raw"},
        ],
        "supported_subject_request_types": ["access", "portability", "erasure"],
        "processor_certificate": f"http://testserver{V2}/certificate.pem",
    }


def test_request_is_taken_verified_and_signed(shop):
    body = json.dumps(shop.body()).encode()
    answer = shop.send("post", "/requests", body)
    assert answer.status_code == 201
    told = signed(answer)
    request, received = SubjectRequest.objects.get(), Received.objects.get()
    inner = told.pop("processor_signature")
    verify(inner, answer.content.replace(f',"processor_signature":"{inner}"'.encode(), b""))
    assert told == {
        "controller_id": "shop",
        "expected_completion_time": f"{request.due_on:%Y-%m-%d}T23:59:59Z",
        "received_time": f"{received.received_at:%Y-%m-%dT%H:%M:%SZ}",
        "encoded_request": base64.b64encode(body).decode(),
        "subject_request_id": ID,
    }
    assert (request.kind, request.channel, request.regime, request.state) == (
        "erasure",
        "opendsr",
        "EU-GDPR",
        State.VERIFIED,
    )
    assert request.verified_how == "by the controller Shop Ltd, who vouches for it"
    assert entries("protocol.message_taken") == [
        {"protocol": "opendsr", "sender": "Shop Ltd", "asked": "erasure", "regime": "gdpr", "joined": False}
    ]


def test_changed_answer_does_not_verify(shop):
    answer = shop.ask()
    with pytest.raises(InvalidSignature):
        verify(answer["X-OpenDSR-Signature"], answer.content.replace(b"shop", b"shed"))


def test_person_hears_from_the_controller_alone(shop, committed):
    with committed():
        shop.ask(regulation="ccpa")
    assert letters() == []


def test_both_identities_are_searched_by(shop):
    shop.ask(
        subject_identities=[
            {"identity_type": "email", "identity_value": "ana@example.org", "identity_format": "raw"},
            {"identity_type": "controller_customer_id", "identity_value": "c-17", "identity_format": "raw"},
        ]
    )
    found = SubjectRequest.objects.get().identifiers.order_by("pk")
    assert [(each.category, each.value, each.verified) for each in found] == [
        ("contact.email", "ana@example.org", True),
        ("id.customer", "c-17", True),
    ]


def test_what_the_controller_did_not_name_stays_unverified(shop):
    """A stranger may have put somebody else's customer number beside their own address."""
    own = intake.receive(
        kind="erasure",
        identifiers=[("contact.email", "ana@example.org"), ("id.customer", "of somebody else")],
        channel="form",
    )
    shop.ask(
        subject_identities=[
            {"identity_type": "email", "identity_value": "Ana@example.org ", "identity_format": "raw"},
            {"identity_type": "controller_customer_id", "identity_value": "c-17", "identity_format": "raw"},
        ]
    )
    found = own.identifiers.order_by("pk")
    assert [(each.category, each.value, each.verified) for each in found] == [
        ("contact.email", "ana@example.org", True),
        ("id.customer", "of somebody else", False),
        ("id.customer", "c-17", True),
    ]
    own.refresh_from_db()
    assert own.state == State.VERIFIED


def test_request_sent_again_is_the_same_request(shop):
    first, again = shop.ask(), shop.ask()
    assert (again.status_code, again.content) == (201, first.content)
    assert SubjectRequest.objects.count() == 1
    assert error(shop.ask(subject_request_type="access")) == (
        400,
        "subject_request_id was used for another request: make a new one.",
    )
    assert SubjectRequest.objects.count() == 1


def test_ids_belong_to_their_controller(shop):
    shop.ask()
    _, token = registering.register_controller(controller_id="club", name="Club")
    club = ControllerSystem(token)
    assert error(club.send("get", f"/requests/{ID}")) == (404, "There is no such request of this controller.")
    other = [{"identity_type": "email", "identity_value": "ben@example.org", "identity_format": "raw"}]
    assert signed(club.ask(subject_identities=other))["controller_id"] == "club"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"subject_request_id": None}, "subject_request_id field is required."),
        ({"subject_request_id": 7}, "subject_request_id is a UUID of version 4 in small letters."),
        ({"subject_request_id": ID.upper()}, "subject_request_id is a UUID of version 4 in small letters."),
        (
            {"subject_request_id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
            "subject_request_id is a UUID of version 4 in small letters.",
        ),
        ({"subject_request_type": None}, "subject_request_type field is required."),
        (
            {"subject_request_type": "rectification"},
            "subject_request_type is one of: access, portability, erasure.",
        ),
        (
            {"subject_request_type": ["access"]},
            "subject_request_type is one of: access, portability, erasure.",
        ),
        ({"regulation": "lgpd"}, "regulation is one of: gdpr, ccpa."),
        ({"submitted_time": None}, "submitted_time is an RFC 3339 time."),
        ({"submitted_time": "2026-10-02"}, "submitted_time is an RFC 3339 time."),
        ({"submitted_time": "2026-13-02T15:00:00Z"}, "submitted_time is an RFC 3339 time."),
        ({"api_version": "3.0"}, "api_version 2.0 is what is spoken here."),
        ({"subject_identities": None}, "subject_identities is a list of at least one identity."),
        ({"subject_identities": []}, "subject_identities is a list of at least one identity."),
        (
            {"subject_identities": ["ana"]},
            "An identity has identity_type, identity_value and identity_format.",
        ),
        (
            {
                "subject_identities": [
                    {"identity_type": "email", "identity_value": "x", "identity_format": "sha256"}
                ]
            },
            "identity_format is one of: raw.",
        ),
        (
            {
                "subject_identities": [
                    {"identity_type": "android_id", "identity_value": "x", "identity_format": "raw"}
                ]
            },
            "identity_type is one of: email, controller_customer_id.",
        ),
        (
            {
                "subject_identities": [
                    {"identity_type": "email", "identity_value": "x", "identity_format": "raw"}
                ]
            },
            "This is not an e-mail address.",
        ),
        (
            {"status_callback_urls": ["http://shop.example/"]},
            "status_callback_urls: Use https: the message says whom it is about.",
        ),
        ({"status_callback_urls": "https://a"}, "status_callback_urls is a list of at most 5 addresses."),
        (
            {"status_callback_urls": ["https://a.example/"] * 6},
            "status_callback_urls is a list of at most 5 addresses.",
        ),
    ],
)
def test_request_that_does_not_fit_creates_nothing(shop, changed, message):
    assert error(shop.ask(**changed)) == (400, message)
    assert not SubjectRequest.objects.exists()
    assert not Received.objects.exists()


def test_right_that_the_law_does_not_know_is_refused(shop):
    status, message = error(shop.ask(regulation="ccpa", subject_request_type="portability"))
    assert (status, "Portability" in message or "portability" in message) == (400, True)
    assert not Received.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"no json", 400), (b"[]", 400), (b"[" * 20_000, 400), (b" " * 65_537, 413)],
)
def test_what_is_no_request_is_refused(shop, body, status):
    assert error(shop.send("post", "/requests", body))[0] == status
    assert not Received.objects.exists()


def test_example_of_the_specification_names_no_law(shop):
    assert shop.ask(regulation=None).status_code == 201
    assert SubjectRequest.objects.get().regime == "EU-GDPR"


@pytest.mark.parametrize("token", ["", "nobody", "ü"])
def test_unknown_controller_is_refused(shop, token):
    shop.token = token.encode().decode("latin-1")
    assert error(shop.ask())[0] == 403
    assert error(shop.send("get", f"/requests/{ID}"))[0] == 403
    assert not Received.objects.exists()


def test_ended_controller_and_earlier_token_open_nothing(shop, controller):
    earlier, shop.token = shop.token, registering.renew_token(controller)
    assert shop.ask().status_code == 201
    registering.end_controller(controller)
    assert shop.send("get", f"/requests/{ID}").status_code == 403
    shop.token = earlier
    assert shop.send("get", f"/requests/{ID}").status_code == 403


@pytest.mark.parametrize("path", ["/requests/", "/status/", "/opengdpr_requests/"])
def test_status_is_signed_and_says_how_it_stands(shop, path):
    shop.ask()
    request = SubjectRequest.objects.get()
    assert signed(shop.send("get", path + ID)) == {
        "controller_id": "shop",
        "subject_request_id": ID,
        "expected_completion_time": f"{request.due_on:%Y-%m-%d}T23:59:59Z",
        "request_status": "pending",
        "api_version": "2.0",
    }


def test_states_of_ours_in_their_words(shop):
    shop.ask()
    found = {}
    for state in State:
        SubjectRequest.objects.update(state=state)
        found[state.value] = signed(shop.send("get", f"/requests/{ID}"))["request_status"]
    assert found == {
        "received": "pending",
        "identity pending": "pending",
        "verified": "pending",
        "searching": "in_progress",
        "found": "in_progress",
        "planned": "in_progress",
        "approved": "in_progress",
        "executing": "in_progress",
        "waiting": "in_progress",
        "complete": "completed",
        "residual found": "in_progress",
        "failed": "in_progress",
        "rejected": "cancelled",
    }


def test_cancelling_ends_what_is_pending(shop):
    shop.ask()
    answer = shop.send("delete", f"/requests/{ID}")
    told = signed(answer)
    received = Received.objects.get()
    assert answer.status_code == 202
    assert told["received_time"] == f"{received.withdrawn_at:%Y-%m-%dT%H:%M:%SZ}"
    assert (told["controller_id"], told["subject_request_id"], told["api_version"]) == ("shop", ID, "2.0")
    assert SubjectRequest.objects.get().state == State.REJECTED
    assert signed(shop.send("get", f"/requests/{ID}"))["request_status"] == "cancelled"
    assert shop.send("delete", f"/requests/{ID}").status_code == 202
    assert len(entries("protocol.request_withdrawn")) == 1


def test_what_is_being_done_cannot_be_cancelled(shop):
    shop.ask()
    SubjectRequest.objects.update(state=State.EXECUTING)
    assert error(shop.send("delete", f"/requests/{ID}")) == (400, "Only a pending request can be cancelled.")
    SubjectRequest.objects.update(state=State.REJECTED)
    assert error(shop.send("delete", f"/requests/{ID}")) == (400, "This request has ended.")


def test_request_of_the_person_themselves_goes_on(shop):
    own = intake.receive(kind="erasure", identifiers=[("contact.email", "ana@example.org")], channel="form")
    assert shop.ask().status_code == 201
    assert shop.send("delete", f"/requests/{ID}").status_code == 202
    own.refresh_from_db()
    assert own.state == State.VERIFIED


def test_two_controllers_asking_for_one_person_end_it_together(shop):
    shop.ask()
    _, token = registering.register_controller(controller_id="club", name="Club")
    club = ControllerSystem(token)
    club.ask(subject_request_id=OTHER_ID)
    request = SubjectRequest.objects.get()
    withdrawing.withdraw(Received.objects.get(their_id=ID))
    request.refresh_from_db()
    assert request.state == State.VERIFIED
    withdrawing.withdraw(Received.objects.get(their_id=OTHER_ID))
    request.refresh_from_db()
    assert request.state == State.REJECTED


def test_results_before_there_are_any(shop):
    shop.ask(subject_request_type="access")
    assert error(shop.send("get", f"/requests/{ID}/results")) == (
        404,
        "There are no results, or none any more.",
    )


def test_results_are_for_the_controller_who_asked(shop, committed):
    shop.ask(subject_request_type="access")
    request = SubjectRequest.objects.get()
    SubjectRequest.objects.update(state=State.FOUND)
    request.refresh_from_db()
    with committed():
        stored_as(request, b"the package")
    told = signed(shop.send("get", f"/requests/{ID}"))
    assert (told["request_status"], told["results_url"]) == (
        "completed",
        f"http://testserver{V2}/requests/{ID}/results",
    )
    answer = shop.send("get", f"/requests/{ID}/results")
    assert b"".join(answer.streaming_content) == b"the package"
    assert entries("protocol.results_fetched") == [{"sender": "Shop Ltd"}]
    assert letters() == []
    _, token = registering.register_controller(controller_id="club", name="Club")
    assert ControllerSystem(token).send("get", f"/requests/{ID}/results").status_code == 404
    Received.objects.update(joined=True)
    assert shop.send("get", f"/requests/{ID}/results").status_code == 404


def test_other_methods_are_refused(shop):
    shop.ask()
    assert error(shop.send("get", "/requests"))[0] == 405
    assert error(shop.send("put", f"/requests/{ID}", b"{}"))[0] == 405
    assert error(shop.send("post", f"/requests/{ID}/results", b"{}"))[0] == 405


def test_strangers_may_not_knock_for_ever(shop, monkeypatch):
    now = timezone.now().timestamp()
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr("erasure.protocols.opendsr.views.RATE", "1/h")
    assert [shop.send("get", f"/requests/{ID}").status_code for _ in range(2)] == [404, 429]


def test_key_is_made_once_and_sealed():
    key = signing.signing_key()
    assert signing.signing_key() == key
    assert b"PRIVATE KEY" in key.private
    assert b"PRIVATE KEY" not in bytes(SigningKey.objects.values_list("sealed", flat=True).get())
    assert len(entries("protocols.signing_key_made")) == 1
    assert not key.issued


def test_certificate_of_an_authority_is_served(shop):
    pem = issued(signing.certificate_request())
    signing.set_certificate(pem)
    assert certificate().issuer.rfc4514_string() == "CN=Trial CA"
    assert signed(shop.ask())["controller_id"] == "shop"
    (entry,) = entries("protocols.certificate_set")
    assert entry["issuer"] == "CN=Trial CA"


def test_certificate_that_does_not_fit_is_refused():
    own = signing.signing_key().certificate
    asked = signing.certificate_request()
    other = ec.generate_private_key(ec.SECP256R1())
    foreign = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(other, hashes.SHA256())
    for pem, why in (
        ("nothing", "This is not a certificate in PEM, with its chain behind it."),
        (own, "The certificate is self-signed, which OpenDSR does not allow."),
        (issued(asked, names=["other.example"]), "The certificate does not name testserver."),
        (issued(asked, days=-1), "The certificate is not valid today."),
        (
            issued(foreign.public_bytes(Encoding.PEM).decode()),
            "The certificate is for another key: send the request below.",
        ),
    ):
        with pytest.raises(ValidationError) as refusal:
            signing.set_certificate(pem)
        assert refusal.value.messages == [why]
    assert SigningKey.objects.get().certificate == own


def test_logs_say_nothing_of_the_person(shop, caplog):
    caplog.set_level("DEBUG")
    shop.ask()
    shop.ask(subject_request_type="x")
    assert "ana@example.org" not in caplog.text
    assert shop.token not in caplog.text
