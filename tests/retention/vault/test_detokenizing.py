"""Values come back to whoever may ask, with a reason, within a limit; the ledger knows it and no value."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from governance.keyring.subjects import reference_for
from retention.vault import keyring
from retention.vault.asking import TooMany
from retention.vault.detokenizing import SEVERAL, UNKNOWN, resolve
from retention.vault.kms.base import KmsUnavailable
from retention.vault.models import Detokenization, Key, Token
from retention.vault.seals import SealBroken
from retention.vault.tokens import TokenVault
from tests.erasure.together import at_once
from tests.retention.vault.test_tokens import random_tokens
from tests.services.openbao import open_bao

REASON = "A payment was returned"


@pytest.fixture
def emails(db) -> dict[str, str]:
    """The token of each address: of two persons, and of nobody known."""
    values = ["ana@example.org", "ben@example.org", "cleo@example.org"]
    persons = ["c-1", "c-2", None]
    made = TokenVault(category="id.customer").issue("email", values, fresh=random_tokens, persons=persons)
    return dict(zip(values, made, strict=True))


def values_of(*tokens: str, by) -> list[str | None]:
    return [answer.value for answer in resolve("email", tokens, reason=REASON, by=by)]


def test_values_come_back_in_order_and_the_ledger_knows_who_why_and_about_whom(emails, amir, sequenced):
    tokens = list(emails.values())
    assert values_of(*tokens[::-1], by=amir) == list(emails)[::-1]
    (entry,) = sequenced()
    assert (entry.action, entry.actor, entry.content["object"]["name"]) == (
        "tokens.resolved",
        "test",
        "email",
    )
    assert entry.content["facts"] == {
        "domain": "email",
        "asked": 3,
        "found": 3,
        "reason": REASON,
        "persons": sorted([reference_for("id.customer", "c-1"), reference_for("id.customer", "c-2")]),
    }
    values_of(tokens[0], by=amir)
    assert sequenced()[1].content["subject"] == reference_for("id.customer", "c-1")
    said = " ".join(str(entry.content) for entry in sequenced())
    assert not any(secret in said for secret in [*emails, *tokens])


def test_an_unknown_token_is_said_to_be_so_and_counts(emails, amir, sequenced):
    known, unknown = resolve("email", [emails["ana@example.org"], "not-a-token"], reason=REASON, by=amir)
    assert (known.value, known.problem) == ("ana@example.org", "")
    assert (unknown.value, unknown.problem) == (None, UNKNOWN)
    assert "ana" not in repr(known)
    assert sequenced()[0].content["facts"]["found"] == 1
    assert Detokenization.objects.get().asked == 2


def test_a_domain_without_its_group_has_the_tokens_of_all_groups(db, amir, sequenced):
    vault = TokenVault(category="id.customer")
    numbers = {"4111111111111111": "9000000000000001", "371449635398431": "900000000000002"}
    for number, token in numbers.items():
        domain = f"card/9/{len(token)}"
        vault.issue(domain, [number], fresh=lambda count, token=token: [token], persons=["c-1"])
    vault.issue("cards", ["no card"], fresh=lambda count: ["9000000000000003"])
    asked = ["9000 0000-0000\u00a00001", "900000000000002", "9000000000000003"]
    answers = resolve("card", asked, reason=REASON, by=amir)
    assert [(answer.token, answer.value) for answer in answers] == list(
        zip(asked, [*numbers, None], strict=True)
    )
    (entry,) = sequenced()
    assert (entry.content["object"]["name"], entry.content["subject"]) == (
        "",
        reference_for("id.customer", "c-1"),
    )
    assert [entry.content["facts"][name] for name in ("domain", "asked", "found")] == ["card", 3, 2]


def test_a_token_is_found_as_it_stands_first_and_never_guessed_among_several(db, amir, sequenced):
    vault = TokenVault(category="id.customer")
    for domain, value, token, person in [
        ("pin", "spelled", "12-34", None),
        ("pin", "bare", "1234", None),
        ("pin/9", "one", "777", "c-1"),
        ("pin/99", "another", "777", "c-2"),
        ("pin/99", "of a group", "1234", None),
    ]:
        vault.issue(domain, [value], fresh=lambda count, token=token: [token], persons=[person])
    answers = resolve("pin", ["12-34", "1 2 3 4", "777"], reason=REASON, by=amir)
    assert [(answer.value, answer.problem) for answer in answers] == [
        ("spelled", ""),
        ("bare", ""),
        (None, SEVERAL),
    ]
    assert sequenced()[0].content["facts"]["persons"] == []
    (answer,) = resolve("pin/99", ["777"], reason=REASON, by=amir)
    assert answer.value == "another"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"tokens": []}, "tokens"),
        ({"tokens": ["t"] * 101}, "tokens"),
        ({"domain": "absent"}, "domain"),
        ({"domain": "emai"}, "domain"),
        ({"domain": ""}, "domain"),
        ({"reason": "\0"}, "reason"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_gives_nothing(change: dict, field: str, emails, amir, sequenced):
    asked = {"domain": "email", "tokens": [emails["ana@example.org"]], "reason": REASON} | change
    with pytest.raises(ValidationError) as refusal:
        resolve(asked["domain"], asked["tokens"], reason=asked["reason"], by=amir)
    assert list(refusal.value.message_dict) == [field]
    assert sequenced() == []
    assert not Detokenization.objects.exists()


def test_the_limit_of_an_hour_is_per_person_and_a_refusal_is_recorded(
    emails, amir, petra, settings, sequenced
):
    settings.VAULT_DETOKENIZE_PER_HOUR = 3
    token = emails["ana@example.org"]
    values_of(token, "guess", by=amir)
    with pytest.raises(TooMany, match=r"ask again in 60 minutes") as refusal:
        values_of(token, token, by=amir)
    assert 3500 < refusal.value.seconds <= 3601
    assert values_of(token, by=amir) == ["ana@example.org"]
    assert values_of(token, by=petra) == ["ana@example.org"]
    assert [entry.action for entry in sequenced()] == [
        "tokens.resolved",
        "tokens.refused",
        "tokens.resolved",
        "tokens.resolved",
    ]
    Detokenization.objects.filter(asked=2).update(at=timezone.now() - timedelta(minutes=61))
    assert values_of(token, token, by=amir) == ["ana@example.org"] * 2


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_not_get_past_the_limit(emails, amir, settings):
    settings.VAULT_DETOKENIZE_PER_HOUR = 5
    token = emails["ben@example.org"]
    answers = at_once(*[(amir.as_actor(), lambda: values_of(token, by=amir))] * 8)
    given = [answer for answer in answers if answer == ["ben@example.org"]]
    refused = [answer for answer in answers if isinstance(answer, TooMany)]
    assert (len(given), len(refused)) == (5, 3)


def test_values_come_back_after_a_rotation(emails, amir):
    keyring.rotate(Key.objects.get(name="vault.tokens"))
    assert values_of(*emails.values(), by=amir) == list(emails)


def test_an_entry_moved_to_another_place_does_not_open(emails, amir):
    (other,) = TokenVault().issue("email", ["dora@example.org"], fresh=random_tokens)
    dora, cleo = Token.objects.get(token=other), Token.objects.get(token=emails["cleo@example.org"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_token SET sealed = %s WHERE id = %s", [bytes(dora.sealed), cleo.pk])
    with pytest.raises(SealBroken, match="An entry of the vault was altered"):
        values_of(cleo.token, by=amir)
    assert not Detokenization.objects.exists()


def test_a_service_that_is_down_gives_nothing_and_costs_nothing(db, amir, settings, sequenced):
    settings.VAULT_CACHE_SECONDS = 0
    with open_bao() as server:
        settings.KMS_URL, settings.KMS_TOKEN = server.kms_url(server.create_key()), server.token
        (token,) = TokenVault().issue("email", ["ana@example.org"], fresh=random_tokens)
        assert values_of(token, by=amir) == ["ana@example.org"]
        server.kill()
        before = len(sequenced())
        with pytest.raises(KmsUnavailable):
            values_of(token, by=amir)
    assert len(sequenced()) == before
    assert Detokenization.objects.count() == 1
