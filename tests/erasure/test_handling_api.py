"""The handling of requests over REST: the same verbs, their refusals, and who may."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from erasure.models import SubjectRequest
from erasure.requests import closing, identity, intake
from erasure.requests.letters.kinds import KINDS
from erasure.requests.letters.wording import LANGUAGES
from erasure.requests.models import Letter
from governance.console.models import User
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import letters
from tests.people import api_of

REQUESTS, TEXTS = "/api/v1/requests/", "/api/v1/letter-texts/"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def api(amir: User) -> APIClient:
    return api_of(amir)


@pytest.fixture
def asked(amir: User) -> SubjectRequest:
    return request_of("ana@example.org", amir)


def post(client: APIClient, request: SubjectRequest, action: str, **body: object):
    return client.post(f"{REQUESTS}{request.pk}/{action}/", body, format="json")


def test_a_clock_is_acknowledged_paused_and_resumed(api: APIClient, asked: SubjectRequest) -> None:
    assert post(api, asked, "acknowledge").json()["acknowledged_at"]
    assert post(api, asked, "acknowledge").status_code == 409
    paused = post(api, asked, "pause", reason="Which account?").json()
    assert (bool(paused["paused_at"]), paused["pause_reason"]) == (True, "Which account?")
    again = post(api, asked, "pause", reason="Which account?")
    assert (again.status_code, again.json()["detail"]) == (409, f"The clock of {asked} is paused already.")
    assert post(api, asked, "pause").status_code == 400
    resumed = post(api, asked, "resume").json()
    assert (resumed["paused_at"], resumed["paused_days"]) == (None, 0)
    assert resumed["target_on"] < resumed["due_on"]


def test_an_appeal_and_its_decision(api: APIClient) -> None:
    asked = intake.receive(
        kind="erasure", identifiers=[("contact.email", "bo@example.org")], channel="api", regime="US-VA"
    )
    identity.confirm_by_officer(asked, how="Passport.")
    assert post(api, asked, "appeal").status_code == 409
    closing.reject(asked, reason="Unfounded.")
    assert post(api, asked, "appeal").json()["appeal"] == "open"
    assert post(api, asked, "decide-appeal", grant=False).status_code == 400
    decided = post(api, asked, "decide-appeal", grant=False, reason="It stands.").json()
    assert (decided["appeal"], decided["state"]) == ("refused", "rejected")
    assert post(api, asked, "reopen", reason="New facts.").json()["reopened"] == 2
    assert post(api, asked, "reopen", reason="New facts.").status_code == 409


def test_a_right_that_the_law_does_not_know(api: APIClient) -> None:
    body = {"kind": "restriction", "regime": "CCPA", "email": "ana@example.org"}
    response = api.post(REQUESTS, body, format="json")
    assert response.status_code == 400
    assert "knows no such right" in str(response.json())


def test_a_request_is_given_away_and_put_first(api: APIClient, asked: SubjectRequest, petra: User) -> None:
    assert post(api, asked, "assign", officer="petra").json()["assigned_to"] == petra.pk
    assert post(api, asked, "assign", officer="nobody").status_code == 400
    assert post(api, asked, "expedite").json()["expedited"] is True
    assert post(api, asked, "expedite").status_code == 409
    assert post(api, asked, "expedite", first=False).json()["expedited"] is False


def test_a_duplicate_names_the_other(api: APIClient, asked: SubjectRequest) -> None:
    intake.add_identifier(asked, "id.customer", "1")
    other = intake.receive(
        kind="erasure",
        identifiers=[("contact.email", "ana@work.example"), ("id.customer", "1")],
        channel="api",
    )
    siblings = api.get(f"{REQUESTS}{other.pk}/same-person/").json()
    assert [each["reference"] for each in siblings] == [asked.reference]
    assert post(api, other, "duplicate", of="R-1").status_code == 400
    assert post(api, other, "duplicate", of=other.reference).status_code == 400
    closed = post(api, other, "duplicate", of=asked.reference).json()
    assert (closed["state"], closed["duplicate_of"]) == ("rejected", asked.reference)


def test_notes_letters_and_files(api: APIClient, asked: SubjectRequest, amir: User) -> None:
    written = post(api, asked, "notes", text="Her brother called.")
    assert (written.status_code, written.json()["kind"]) == (201, "internal")
    assert post(api, asked, "notes", text="x", kind="gossip").status_code == 400
    assert [each["text"] for each in api.get(f"{REQUESTS}{asked.pk}/notes/").json()] == [
        "Her brother called."
    ]

    assert post(api, asked, "write", text="Which account?").status_code == 201
    assert letters() == [("ana@example.org", f"About your request {asked.reference}")]
    (letter,) = api.get(f"{REQUESTS}{asked.pk}/letters/").json()
    assert (letter["state"], letter["content"]["body"]) == ("sent", "Which account?\n")
    assert letter["content"]["to"] == "a•••@e•••"  # in clear by `reveal` alone, which the ledger records
    again = f"letters/{letter['id']}/send-again"
    assert post(api, asked, again).status_code == 409
    Letter.objects.update(state="failed")
    assert post(api, asked, again).json()["state"] == "queued"

    url = f"{REQUESTS}{asked.pk}/files/"
    kept = api.post(url, {"file": SimpleUploadedFile("a.pdf", PDF)}, format="multipart")
    assert (kept.status_code, kept.json()["name"]) == (201, "a.pdf")
    bad = api.post(url, {"file": SimpleUploadedFile("a.pdf", b"x")}, format="multipart")
    assert bad.status_code == 400
    assert [each["id"] for each in api.get(url).json()] == [kept.json()["id"]]
    file = f"{url}{kept.json()['id']}/"
    assert api.get(file).content == PDF
    assert api.delete(file).status_code == 204
    assert api.get(file).status_code == 404
    assert len(entries("request.file_read")) == 1


def test_the_secret_of_a_link_is_in_no_answer(api: APIClient) -> None:
    asked = intake.receive(kind="access", identifiers=[("contact.email", "bo@example.org")], channel="api")
    identity.send_link(asked)
    secret = asked.letters.get().content["secret"]
    answer = api.get(f"{REQUESTS}{asked.pk}/letters/")
    assert answer.json()[0]["state"] == "queued"
    assert secret not in answer.content.decode()


def test_texts_of_letters(api: APIClient) -> None:
    assert len(api.get(TEXTS).json()) == len(KINDS) * len(LANGUAGES)
    url = f"{TEXTS}paused.de/"
    assert api.get(url).json()["own"] is False
    wrong = api.put(url, {"subject": "x", "body": "{{reason}}"}, format="json")
    assert wrong.status_code == 400
    assert api.put(url, {"subject": "Frage", "body": "{reason}"}, format="json").json()["own"] is True
    assert api.delete(url).status_code == 204
    assert api.delete(url).status_code == 409
    assert api.get(f"{TEXTS}paused.xx/").status_code == 404


@pytest.mark.parametrize("role", ["vera", "dana", "ada", "emil", "carl"])
def test_others_change_and_read_nothing(
    asked: SubjectRequest, role: str, request: pytest.FixtureRequest
) -> None:
    client = api_of(request.getfixturevalue(role))
    before = SubjectRequest.objects.values().get()
    for action in (
        "acknowledge", "pause", "resume", "reopen", "appeal", "decide-appeal", "assign", "expedite", "duplicate",
        "notes", "write", "files",
    ):  # fmt: skip
        assert post(client, asked, action, reason="No.").status_code == 403, action
    for path in ("notes", "letters", "files"):
        assert client.get(f"{REQUESTS}{asked.pk}/{path}/").status_code == 403, path
    assert client.get(TEXTS).status_code == 403
    assert SubjectRequest.objects.values().get() == before
