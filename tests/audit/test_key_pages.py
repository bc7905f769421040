"""Another key for the ledger takes two persons, each by their role."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import DatabaseError, transaction

from audit.ledger import signing
from audit.ledger.checkpoints import checkpoint
from audit.ledger.models import KeyChange, KeyProposal
from audit.ledger.notes import Note, VerifierKey
from audit.ledger.rotating import rotate
from audit.ledger.rotating_together import fingerprint
from audit.ledger.signing import signing_key
from governance.console.models import User
from tests.audit.test_exporting import grow
from tests.people import api_of, client_of

PROPOSE = "/ledger/integrity/keys/propose/"


@pytest.fixture(autouse=True)
def keys(settings, tmp_path: Path):
    settings.LEDGER_KEY, settings.LEDGER_KEY_FILE = "", tmp_path / "keys" / "ledger.key"
    signing.forget_keys()
    yield
    signing.forget_keys()


@pytest.fixture
def proposal(amir: User) -> KeyProposal:
    grow(2)
    answer = client_of(amir).post(PROPOSE, {"reason": "Seen on a laptop.", "revoke": "on"})
    found = KeyProposal.objects.get()
    assert answer["Location"] == f"/ledger/integrity/keys/{found.pk}/"
    return found


def url(proposal: KeyProposal, door: str = "") -> str:
    return f"/ledger/integrity/keys/{proposal.pk}/{door}"


def approve(user: User, proposal: KeyProposal, **changed: str):
    """As the page has it: the typed reference, and the fingerprint that stood in the form."""
    text = client_of(user).get(url(proposal)).content.decode()
    seen = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', text)
    fields = {"typed": proposal.reference, "fingerprint": seen[1] if seen else "", **changed}
    return client_of(user).post(url(proposal, "approve/"), fields)


def test_one_proposes_another_approves_and_only_then_the_key_changes(
    proposal: KeyProposal, amir: User, ada: User, sequenced: Callable
) -> None:
    old = signing_key().verifier
    assert str(old) in client_of(ada).get("/ledger/integrity/").content.decode()
    answer = approve(ada, proposal)
    assert (answer.status_code, answer["Location"]) == (302, url(proposal))
    proposal.refresh_from_db()
    new = signing_key().verifier
    assert (proposal.state, str(new) != str(old)) == ("done", True)
    change = KeyChange.objects.get()
    assert (proposal.change, change.old, change.new) == (change, str(old), str(new))
    assert (change.revoked, change.reason) == (True, "Seen on a laptop.")
    note = Note.parse(checkpoint().note)
    assert [note.signed_by(key) is not None for key in (old, new)] == [False, True]
    told = [
        (each.action, each.actor, each.content["facts"].get("old"))
        for each in sequenced()
        if each.action.startswith("ledger")
    ]
    assert told == [
        ("ledger_key.proposed", str(amir.public_id), old.key_id.hex()),
        ("ledger_key.approved", str(ada.public_id), old.key_id.hex()),
        ("ledger.key_changed", str(ada.public_id), old.key_id.hex()),
    ]
    text = unescape(client_of(ada).get(url(proposal)).content.decode())
    assert change.new in text
    assert "by Amir" in text
    assert "by Ada" in text
    assert proposal.reference in client_of(ada).get("/ledger/integrity/").content.decode()


def test_nobody_approves_their_own(proposal: KeyProposal, amir: User) -> None:
    old = str(signing_key().verifier)
    text = client_of(amir).get(url(proposal)).content.decode()
    assert "somebody else has to approve it" in text
    assert "Approve and change the key" not in text
    answer = approve(amir, proposal)
    assert answer.status_code == 422  # there is no fingerprint on their page
    answer = approve(amir, proposal, fingerprint=fingerprint(proposal))
    assert answer.status_code == 409
    assert "You proposed this: somebody else has to approve it." in answer.content.decode()
    assert (KeyProposal.objects.get().state, str(signing_key().verifier)) == ("proposed", old)


def test_by_role(proposal: KeyProposal, vera: User, dana: User, emil: User, carl: User, sam) -> None:
    assert client_of(vera).get(url(proposal)).status_code == 200  # auditors see it, and decide nothing
    assert "Approve" not in client_of(vera).get(url(proposal)).content.decode()
    for user in (vera, dana, emil, carl):
        for address in (PROPOSE, url(proposal, "approve/"), url(proposal, "reject/")):
            assert client_of(user).post(address, {"reason": "x"}).status_code == 403
    for user in (dana, emil, carl):
        assert client_of(user).get(url(proposal)).status_code == 403
    assert sam.get(url(proposal)).status_code == 302
    assert not KeyChange.objects.exists()


def test_approval_is_of_what_was_on_the_page(proposal: KeyProposal, petra: User) -> None:
    answer = approve(petra, proposal, typed="KEY-0")
    assert answer.status_code == 422
    answer = approve(petra, proposal, fingerprint="0" * 64)
    assert (answer.status_code, "is not what you saw" in answer.content.decode()) == (409, True)
    assert KeyProposal.objects.get().state == "proposed"
    assert not KeyChange.objects.exists()


def test_a_key_that_changed_meanwhile_asks_for_another_proposal(proposal: KeyProposal, petra: User) -> None:
    rotate(reason="By the command.")
    answer = approve(petra, proposal)
    assert answer.status_code == 409
    assert f"The key was changed after {proposal} was proposed" in answer.content.decode()
    assert KeyChange.objects.count() == 1


def test_it_is_rejected_or_withdrawn_once(proposal: KeyProposal, amir: User, ada: User, sequenced) -> None:
    client = client_of(ada)
    assert client.post(url(proposal, "reject/"), {"reason": ""}).status_code == 422
    assert client.post(url(proposal, "reject/"), {"reason": "Not now."})["Location"] == url(proposal)
    assert "Rejected: Not now." in client.get(url(proposal)).content.decode()
    assert client.post(url(proposal, "reject/"), {"reason": "Again."}).status_code == 409
    assert approve(ada, proposal, fingerprint="0" * 64).status_code == 409
    assert not KeyChange.objects.exists()
    assert [each.action for each in sequenced()][-1] == "ledger_key.rejected"
    assert client_of(amir).post(PROPOSE, {"reason": "Once more."}).status_code == 302
    again = KeyProposal.objects.first()
    client_of(amir).post(url(again, "reject/"), {"reason": "A mistake."})
    again.refresh_from_db()
    assert again.state == "rejected"


def test_one_is_open_at_a_time_and_has_a_reason(proposal: KeyProposal, petra: User) -> None:
    answer = client_of(petra).post(PROPOSE, {"reason": "Me too."})
    assert answer.status_code == 422
    assert f"{proposal} is open already: it has to be decided first." in answer.content.decode()
    assert client_of(petra).post(PROPOSE, {"reason": " "}).status_code == 422
    assert KeyProposal.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        KeyProposal.objects.create(revoke=False, asked_at=proposal.asked_at)


def test_keys_from_the_environment_need_a_second_one(proposal: KeyProposal, petra: User, settings) -> None:
    settings.LEDGER_KEY = _pem(Ed25519PrivateKey.generate())
    KeyProposal.objects.update(old=str(signing_key().verifier))
    answer = approve(petra, proposal)
    assert (answer.status_code, "which holds no unused one" in answer.content.decode()) == (409, True)
    assert KeyProposal.objects.get().state == "proposed"
    settings.LEDGER_KEY += _pem(Ed25519PrivateKey.generate())
    assert approve(petra, proposal).status_code == 302
    assert VerifierKey.parse(KeyChange.objects.get().new) == signing_key().verifier


def test_over_rest_it_takes_two_as_well(amir: User, petra: User, vera: User) -> None:
    home = "/api/v1/ledger/keys/"
    grow(1)
    made = api_of(amir).post(home, {"reason": "Yearly change."}, format="json")
    assert (made.status_code, made.json()["state"], made.json()["new"]) == (201, "proposed", "")
    assert api_of(petra).post(home, {"reason": "Me too."}, format="json").status_code == 400
    one, seen = f"{home}{made.json()['id']}/", made.json()["fingerprint"]
    assert api_of(vera).get(one).json()["reason"] == "Yearly change."
    assert api_of(vera).post(f"{one}approve/", {"fingerprint": seen}, format="json").status_code == 403
    own = api_of(amir).post(f"{one}approve/", {"fingerprint": seen}, format="json")
    assert (own.status_code, own.json()["detail"]) == (
        409,
        "You proposed this: somebody else has to approve it.",
    )
    assert api_of(petra).post(f"{one}approve/", {"fingerprint": "0"}, format="json").status_code == 409
    done = api_of(petra).post(f"{one}approve/", {"fingerprint": seen}, format="json").json()
    assert (done["state"], done["new"]) == ("done", str(signing_key().verifier))
    assert (done["asked_by"], done["decided_by"]) == (str(amir.public_id), str(petra.public_id))
    assert api_of(petra).post(f"{one}reject/", {"reason": "x"}, format="json").status_code == 409
    assert [each["id"] for each in api_of(vera).get(home).json()["results"]] == [made.json()["id"]]


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
