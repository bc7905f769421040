"""A shredded person: their tokens and ciphertexts say nothing any more, also from a copy; everybody else's do."""

from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ValidationError
from django.db import connection

from audit.ledger.context import Actor
from governance.console.models import Job
from governance.keyring.subjects import reference_for
from retention.vault import shred_requests
from retention.vault.bundle import KeyBundle
from retention.vault.detokenizing import resolve
from retention.vault.keyring import bundle, create
from retention.vault.models import PersonKey, ShredRequest, Token
from retention.vault.persons import known_as
from retention.vault.shred_requests import NotNow, approve, fingerprint, holdings, propose, reject, resume
from retention.vault.shredding import Holdings, Receipt, remaining, shred
from retention.vault.tokens import TokenVault
from tests.erasure.together import at_once
from tests.retention.vault.test_tokens import random_tokens

NONCE = bytes(12)
CATEGORY = "id.customer"


class Data:
    """What a data set elsewhere holds of ana (c-1) and ben (c-2): tokens, and values encrypted for each."""

    def __init__(self) -> None:
        create("orders")
        self.keys = bundle(["orders"], category=CATEGORY)
        vault = TokenVault(category=CATEGORY)
        self.ana, self.ben, self.nobody = vault.issue(
            "email", ["ana@x", "ben@x", "info@x"], fresh=random_tokens, persons=["c-1", "c-2", None]
        )
        vault.issue("phone", ["+49 1"], fresh=random_tokens, persons=["c-1"])
        ana, ben = self.keys.of_persons("orders", ["c-1", "c-2"])
        self.ciphertexts = {
            "c-1": AESGCM(ana.material).encrypt(NONCE, b"tea", None),
            "c-2": AESGCM(ben.material).encrypt(NONCE, b"salt", None),
        }

    def decrypt(self, person: str, keys: KeyBundle | None = None) -> bytes:
        (secret,) = (keys or self.keys).of_persons("orders", [person])
        return AESGCM(secret.material).decrypt(NONCE, self.ciphertexts[person], None)

    def values(self, by) -> list[str | None]:
        answers = resolve("email", [self.ana, self.ben, self.nobody], reason="test", by=by)
        return [answer.value for answer in answers]


@pytest.fixture
def data(db) -> Data:
    return Data()


def rows(table: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return cursor.fetchall()


def put_back(table: str, kept: list[tuple]) -> None:
    with connection.cursor() as cursor:
        for row in kept:
            marks = ", ".join(["%s"] * len(row))
            cursor.execute(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING", row)


def test_after_shredding_nothing_of_the_person_opens_and_all_else_does(data: Data, amir):
    assert data.values(amir) == ["ana@x", "ben@x", "info@x"]
    persons = known_as(CATEGORY, " C-1 ")
    assert remaining(persons) == Holdings((("email", 1), ("phone", 1)), (("orders", 1), ("vault.tokens", 1)))
    assert shred(persons) == Receipt(tokens=2, keys=2)
    assert not remaining(persons)
    assert shred(persons) == Receipt(tokens=0, keys=0)
    assert data.values(amir) == [None, "ben@x", "info@x"]
    with pytest.raises(InvalidTag):
        data.decrypt("c-1")
    assert data.decrypt("c-2") == b"salt"


def test_a_copy_of_the_tokens_from_before_says_nothing_either(data: Data, amir):
    copy = rows("vault_token")
    shred(known_as(CATEGORY, "c-1"))
    put_back("vault_token", copy)
    assert Token.objects.count() == 4
    assert data.values(amir) == [None, "ben@x", "info@x"]
    TokenVault(category=CATEGORY).issue("city", ["Rome"], fresh=random_tokens, persons=["c-1"])
    # The person is back, with a new key, and that does not open it.
    assert data.values(amir) == [None, "ben@x", "info@x"]


def test_who_comes_back_is_somebody_new(data: Data, amir):
    shred(known_as(CATEGORY, "c-1"))
    (again,) = TokenVault(category=CATEGORY).issue("email", ["ana@x"], fresh=random_tokens, persons=["c-1"])
    assert again != data.ana
    with pytest.raises(InvalidTag):
        data.decrypt("c-1", bundle(["orders"], category=CATEGORY))


def test_what_was_issued_without_a_kind_goes_too(data: Data):
    TokenVault().issue("login", ["ana"], fresh=random_tokens, persons=["c-1"])
    TokenVault(category="id.employee").issue("login", ["emil"], fresh=random_tokens, persons=["c-1"])
    assert shred(known_as(CATEGORY, "c-1")) == Receipt(tokens=3, keys=3)
    assert remaining(known_as("id.employee", "c-1")).tokens == 1


def test_a_shared_value_goes_with_the_first_who_is_shredded(data: Data):
    vault = TokenVault(category=CATEGORY)
    vault.issue("phone", ["+49 1"], fresh=random_tokens, persons=["c-2"])
    assert remaining(known_as(CATEGORY, "c-2")).by_domain == (("email", 1), ("phone", 1))
    assert shred(known_as(CATEGORY, "c-2")).tokens == 2
    assert remaining(known_as(CATEGORY, "c-1")).by_domain == (("email", 1),)


def test_many_persons_go_at_once(db):
    names = [f"c-{number}" for number in range(1_000)]
    values = [f"{name}@x" for name in names]
    TokenVault(category=CATEGORY).issue("email", values, fresh=random_tokens, persons=names)
    persons = [each for name in names[:900] for each in known_as(CATEGORY, name)]
    assert shred(persons) == Receipt(tokens=900, keys=900)
    assert (Token.objects.count(), PersonKey.objects.count()) == (100, 100)


def proposed(by, value: str = "c-1") -> ShredRequest:
    return propose(category=CATEGORY, value=value, reason="Art. 17 request", by=by)


def approved(by, request: ShredRequest) -> None:
    approve(request, seen=fingerprint(request, holdings(request)), by=by)


def test_one_proposes_another_approves_a_job_does_it(data: Data, amir, petra, work, sequenced):
    request = proposed(amir)
    approved(petra, request)
    (job,) = work()
    assert (job.state, job.message) == ("done", "Read back: nothing of this person is left in the vault.")
    assert job.arguments == {"request": request.pk}
    request.refresh_from_db()
    assert (request.state, request.tokens, request.keys, request.decided_by) == ("done", 2, 2, petra)
    assert data.values(amir) == [None, "ben@x", "info@x"]
    subject = reference_for(CATEGORY, "c-1")
    told = [entry for entry in sequenced() if entry.action.startswith(("shred", "person"))]
    assert [(entry.action, entry.content["subject"], entry.content["facts"]) for entry in told] == [
        ("shred.proposed", subject, {"tokens": 2, "keys": 2, "reason": "Art. 17 request"}),
        ("shred.approved", subject, {"tokens": 2, "keys": 2}),
        ("person.shredded", subject, {"tokens": 2, "keys": 2, "remaining": 0}),
    ]
    assert "c-1" not in str([entry.content for entry in told])


def test_nobody_approves_their_own_and_nothing_happens(data: Data, amir, work):
    request = proposed(amir)
    with pytest.raises(NotNow, match="You proposed this: somebody else has to approve it"):
        approved(amir, request)
    ShredRequest.objects.update(asked_by=None)
    request.refresh_from_db()
    with pytest.raises(NotNow, match="Nobody is named as having proposed SHRED-"):
        approved(amir, request)
    assert work() == []
    assert remaining(known_as(CATEGORY, "c-1")).tokens == 2


def test_what_changed_since_it_was_seen_is_not_approved(data: Data, amir, petra, work):
    request = proposed(amir)
    seen = fingerprint(request, holdings(request))
    TokenVault(category=CATEGORY).issue("city", ["Rome"], fresh=random_tokens, persons=["c-1"])
    with pytest.raises(NotNow, match="is not what you saw"):
        approve(request, seen=seen, by=petra)
    request.refresh_from_db()
    assert (request.state, work()) == ("proposed", [])
    approved(petra, request)
    assert [job.state for job in work()] == ["done"]
    request.refresh_from_db()
    assert request.tokens == 3


def test_a_rejected_request_is_over(data: Data, amir, petra, work):
    request = proposed(amir)
    reject(request, reason="Wrong person", by=petra)
    with pytest.raises(NotNow, match=r"is rejected: there is nothing to decide"):
        approved(petra, request)
    with pytest.raises(NotNow, match="nothing to decide"):
        reject(request, reason="again", by=petra)
    assert work() == []
    assert proposed(amir).pk != request.pk


def test_a_person_of_whom_there_is_nothing_or_a_request_is_refused(data: Data, amir):
    with pytest.raises(ValidationError, match="has no token and no key"):
        proposed(amir, "c-99")
    request = proposed(amir)
    with pytest.raises(ValidationError, match=f"{request} for this person is open already"):
        proposed(amir)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does(amir, petra):
    Data()
    request = proposed(amir)
    seen = fingerprint(request, holdings(request))
    answers = at_once(*[(petra.as_actor(), lambda: approve(request, seen=seen, by=petra))] * 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "NotNow"]
    assert Job.objects.filter(kind="vault.shred").count() == 1


@pytest.mark.parametrize("where", ["remaining", "_conclude"])
def test_a_worker_that_dies_leaves_no_wrong_count(
    where: str, data: Data, amir, petra, work: Callable[[], list[Job]], monkeypatch, sequenced
):
    request = proposed(amir)
    approved(petra, request)
    original = getattr(shred_requests, where)

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shred_requests, where, die)
    with pytest.raises(KeyboardInterrupt):
        work()
    monkeypatch.setattr(shred_requests, where, original)
    Job.objects.update(state=Job.State.QUEUED)
    assert [job.state for job in work()] == ["done"]
    request.refresh_from_db()
    assert (request.state, request.tokens, request.keys) == ("done", 2, 2)
    assert [entry.action for entry in sequenced()].count("person.shredded") == 1


def test_a_job_that_keeps_issuing_fails_it_and_it_can_be_resumed(data: Data, amir, petra, work, monkeypatch):
    request = proposed(amir)
    approved(petra, request)
    with pytest.raises(NotNow, match="there is nothing to resume"):
        resume(request)
    monkeypatch.setattr(shred_requests, "remaining", lambda persons: Holdings((("email", 1),), ()))
    (failed,) = work()
    assert failed.state == "failed"
    assert failed.message.startswith("1 tokens and 0 keys were made again while shredding")
    request.refresh_from_db()
    assert request.state == "approved"
    monkeypatch.undo()
    resume(request)
    assert [job.state for job in work()] == ["done"]
    request.refresh_from_db()
    assert (request.state, request.tokens) == ("done", 2)


@pytest.mark.django_db(transaction=True)
def test_shredding_while_others_issue_for_the_same_person_ends(amir, petra):
    Data()
    vault = TokenVault(category=CATEGORY)
    persons = known_as(CATEGORY, "c-1")
    actor = Actor("system", "test")

    def write() -> int:
        for number in range(10):
            values = [f"{number}-{each}" for each in range(20)]
            vault.issue("phone", values, fresh=random_tokens, persons=["c-1", "c-2"] * 10)
        return 1

    def wipe() -> int:
        return sum(shred(persons).tokens for _ in range(20)) >= 0

    assert at_once((actor, write), (actor, write), (actor, wipe), (actor, wipe)) == [1, 1, True, True]
    shred(persons)
    assert not remaining(persons)
    assert not Token.objects.filter(person__in=persons).exists()
