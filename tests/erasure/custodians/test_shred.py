"""Crypto-shredding as a step of a plan: of every identifier the vault may know the person by, and of nobody else."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from catalog.models import System
from erasure.measures import registry as measures
from erasure.measures.base import Planned, Turn
from erasure.models import Plan, Step, SubjectRequest
from retention.vault.keyring import bundle, create
from retention.vault.models import PersonKey, Token
from retention.vault.tokens import TokenVault
from tests.erasure.custodians.conftest import carried_out, checked, drafted
from tests.erasure.estate import entries, find, request_of
from tests.retention.vault.test_tokens import random_tokens

NONCE = bytes(12)


def issue(category: str, *persons: str) -> list[str]:
    vault = TokenVault(category=category)
    return vault.issue(
        "email", [f"{person} {category}" for person in persons], fresh=random_tokens, persons=list(persons)
    )


@pytest.fixture
def found(shop: System, amir, work) -> SubjectRequest:
    """Ana (customer 1) is found in the shop; the vault knows her by her address and by her number."""
    create("orders")
    issue("contact.email", "ana@example.org", "bo@example.org")
    issue("id.customer", "1", "2")
    issue("", "1")
    keys = bundle(["orders"], category="id.customer")
    keys.of_persons("orders", ["1", "2"])
    return find(request_of("ana@example.org", amir), amir, work)


@pytest.fixture
def step(found: SubjectRequest) -> Step:
    (step,) = drafted(found.plans.get(), "shred")
    return step


def test_it_comes_after_the_rows_and_says_what_goes(step):
    assert measures.get("shred").turn == Turn.AFTER_ROWS
    assert (step.target, step.rows_before) == ("3 tokens, 4 keys in the vault", 7)
    assert step.facts == {"tokens": 3, "keys": 4, "vault": ["email", "orders", "vault.tokens"]}
    assert "ana" not in str(step.facts) + step.target


def test_what_was_hers_is_gone_and_all_others_is_there(step):
    ciphertexts = {}
    keys = bundle(["orders"], category="id.customer")
    for person, secret in zip("12", keys.of_persons("orders", ["1", "2"]), strict=True):
        ciphertexts[person] = AESGCM(secret.material).encrypt(NONCE, b"tea", None)

    outcome = carried_out(step)

    assert (outcome.left, outcome.problem) == (0, "")
    assert outcome.facts == {"tokens_destroyed": 3, "keys_destroyed": 4}
    assert (Token.objects.count(), PersonKey.objects.count()) == (2, 3)
    fresh = bundle(["orders"], category="id.customer")
    bo, ana = fresh.of_persons("orders", ["2", "1"])
    assert AESGCM(bo.material).decrypt(NONCE, ciphertexts["2"], None) == b"tea"
    with pytest.raises(InvalidTag):
        AESGCM(ana.material).decrypt(NONCE, ciphertexts["1"], None)
    assert entries("person.shredded_by_plan") == [{"tokens": 3, "keys": 4}]


def test_twice_changes_nothing_and_forgets_no_count(step):
    carried_out(step)
    again = carried_out(step)
    assert again.facts == {"tokens_destroyed": 3, "keys_destroyed": 4}
    assert len(entries("person.shredded_by_plan")) == 1


def test_what_is_made_again_is_seen(step):
    carried_out(step)
    issue("contact.email", "ana@example.org")
    later = checked(step)
    assert later.left == 2  # the token, and the key it is sealed with
    assert "were made again" in later.problem


def test_each_of_many_gets_what_is_theirs(shop, amir, work):
    create("orders")
    issue("contact.email", "ana@example.org", "bo@example.org")
    issue("id.customer", "1")
    names = ("ana", "nobody", "bo")
    requests = [find(request_of(f"{name}@example.org", amir), amir, work) for name in names]
    planned = [Planned(request, []) for request in requests]
    drafts = measures.get("shred")().drafts(planned)
    assert [[step.facts["tokens"] for step in steps] for steps in drafts] == [[2], [], [1]]
    alone = [measures.get("shred")().drafts([each])[0] for each in planned]
    assert [[step.facts for step in steps] for steps in alone] == [
        [step.facts for step in steps] for steps in drafts
    ]
    for request, (step,) in ((requests[0], drafts[0]), (requests[2], drafts[2])):
        step.plan, step.position, step.method = request.plans.create(number=9, fingerprint="f"), 1, "shred"
        step.save()
    carried_out(drafts[0][0])
    assert (checked(drafts[0][0]).left, checked(drafts[2][0]).left) == (0, 2)  # bo's token, and its key


def test_nothing_in_the_vault_is_no_step(shop, amir, work):
    request = find(request_of("bo@example.org", amir), amir, work)
    assert drafted(request.plans.get(), "shred") == []


@pytest.mark.django_db
def test_only_an_erasure_shreds(amir):
    create("orders")
    issue("contact.email", "ana@example.org")
    request = request_of("ana@example.org", amir, kind="restriction")
    plan = Plan.objects.create(request=request, number=1, state="proposed", fingerprint="f" * 64)
    assert drafted(plan, "shred") == []
