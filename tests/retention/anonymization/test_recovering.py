"""What reversible techniques made comes back from the output of a real job, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.exceptions import ValidationError

from governance.console.models import User
from governance.keyring.subjects import reference_for
from retention.anonymization.models import Run
from retention.anonymization.recovering import NOBODYS, NOT_MADE, columns, recover
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import keyring, material, rekeying
from retention.vault.asking import TooMany
from retention.vault.detokenizing import UNKNOWN, resolve
from retention.vault.models import Detokenization, Key, KeyVersion, TokenDomain
from retention.vault.persons import known_as
from retention.vault.shredding import shred
from tests.retention.anonymization.people import ask, worked, write
from tests.services.openbao import open_bao

pytestmark = pytest.mark.django_db
REASON = "A chargeback"
CARDS = ["4111 1111 1111 1111", "371449635398431", None]
MIXED = {
    "id": {"technique": "ff1", "parameters": {"digits": 9}},
    "card": {"technique": "token", "parameters": {"format": "card", "domain": "card"}},
    "given name": {"technique": "token", "parameters": {"format": "shape"}},
    "born": "encrypt",
    "tags": {"technique": "encrypt", "parameters": {"written": "binary"}},
    "city": "keep",
}


def delivered(folder: Path, table: pa.Table, rules: dict[str, Any], **more: Any) -> tuple[Run, pa.Table]:
    run = worked(ask(write(folder / "people.parquet", table), folder / "safe.parquet", rules=rules, **more))
    assert run.outcome == Run.Outcome.DELIVERED, run.problem
    return run, pq.read_table(folder / "safe.parquet")


@pytest.fixture
def mixed(tmp_path: Path) -> tuple[Run, pa.Table]:
    table = pa.table(
        {
            "id": pa.array([17, 18, 19], pa.int64()),
            "card": pa.array(CARDS),
            "given name": ["Ana-Lu", "Bo", "Åsa"],
            "born": pa.array([date(1990, 2, 28), None, date(2001, 1, 1)]),
            "tags": pa.array([["vip", "x"], [], None]),
            "city": ["Lyon", "Oslo", "Bonn"],
        }
    )
    return delivered(tmp_path, table, MIXED)


@pytest.fixture
def personal(tmp_path: Path) -> tuple[Run, list[str]]:
    table = pa.table(
        {"customer": ["c-1", "c-2", "c-3", "c-2"], "phone": ["+49 1", "+49 2", "+49 3", "+49 4"]}
    )
    rules = {
        "customer": "pseudonym",
        "phone": {"technique": "encrypt", "parameters": {"per_person": True}},
    }
    run, made = delivered(tmp_path, table, rules, person="customer")
    return run, made["phone"].to_pylist()


def values_of(run: Run, column: str, values: Sequence[str], by: User, **more: Any) -> list[str | None]:
    return [answer.value for answer in recover(run, column, values, reason=REASON, by=by, **more)]


def test_every_reversible_column_comes_back_as_it_was(mixed, amir: User, sequenced):
    run, made = mixed
    assert list(columns(run)) == ["id", "card", "given name", "born", "tags"]
    numbers = [str(number) for number in made["id"].to_pylist()]
    assert numbers != ["17", "18", "19"]
    assert values_of(run, "id", numbers, amir) == ["17", "18", "19"]
    visa, amex, _ = made["card"].to_pylist()
    assert values_of(run, "card", [amex, visa], amir) == [CARDS[1], CARDS[0]]
    # Spelled as it was asked.
    assert values_of(run, "card", [visa.replace(" ", ""), visa.replace(" ", "-")], amir) == [
        "4111111111111111",
        "4111-1111-1111-1111",
    ]
    assert values_of(run, "given name", made["given name"].to_pylist(), amir) == ["Ana-Lu", "Bo", "Åsa"]
    first, _, third = made["born"].to_pylist()
    assert values_of(run, "born", [third, first], amir) == ["2001-01-01", "1990-02-28"]
    tags = [item.hex() for item in made["tags"].to_pylist()[0]]
    assert values_of(run, "tags", tags, amir) == ["vip", "x"]
    entry = sequenced()[-1]
    assert (entry.action, entry.content["object"]["id"]) == ("anonymization.recovered", str(run.pk))
    assert entry.content["facts"] == {
        "job": str(run.pk),
        "column": "tags",
        "technique": "encrypt",
        "asked": 2,
        "found": 2,
        "reason": REASON,
        "persons": [],
    }
    said = " ".join(str(entry.content) for entry in sequenced())
    assert not any(secret in said for secret in ["Ana-Lu", "1990-02-28", visa, *tags])


def test_the_vault_gives_the_tokens_of_a_job_back_too(mixed, amir: User):
    _, made = mixed
    names = sorted(TokenDomain.objects.values_list("name", flat=True))
    assert names == [
        "card/9/15",
        "card/9/16",
        "people.parquet.given name/Aa",
        "people.parquet.given name/Aaa",
        "people.parquet.given name/Aaa-Aa",
    ]
    visa, amex, _ = made["card"].to_pylist()
    answers = resolve("card", [visa, amex], reason=REASON, by=amir)
    assert [answer.value for answer in answers] == ["4111111111111111", "371449635398431"]
    (answer,) = resolve(
        "people.parquet.given name", made["given name"].to_pylist()[:1], reason=REASON, by=amir
    )
    assert answer.value == "Ana-Lu"


def test_one_value_that_is_wrong_does_not_hide_the_others(mixed, amir: User, sequenced):
    run, made = mixed
    born, number = made["born"].to_pylist()[0], str(made["id"].to_pylist()[0])
    changed = born[:-6] + ("A" if born[-6] != "A" else "B") + born[-5:]
    answers = recover(run, "born", [changed, "typo", born, "other/9.AAAA"], reason=REASON, by=amir)
    assert [answer.value for answer in answers] == [None, None, "1990-02-28", None]
    assert "does not open: it was changed" in answers[0].problem
    assert "1990" not in repr(answers)
    assert [entry.content["facts"]["found"] for entry in sequenced()[-1:]] == [1]
    answers = recover(run, "id", ["x", number, "7"], reason=REASON, by=amir)
    assert [(answer.value, answer.problem) for answer in answers[:2]] == [(None, NOT_MADE), ("17", "")]
    answers = recover(run, "card", ["4111 1111 1111 1112", "4111 1111 1111 1111"], reason=REASON, by=amir)
    assert [(answer.value, answer.problem) for answer in answers] == [(None, NOT_MADE), (None, UNKNOWN)]


def test_whose_key_was_destroyed_is_gone_and_all_others_come_back(personal, amir: User, sequenced):
    run, made = personal
    owners = ["c-1", "C-2 ", "c-3", "c-2"]
    assert values_of(run, "phone", made, amir, persons=owners) == ["+49 1", "+49 2", "+49 3", "+49 4"]
    assert shred(known_as(run.person_category, "c-2")).keys == 1
    answers = recover(run, "phone", made, reason=REASON, by=amir, persons=owners)
    assert [answer.value for answer in answers] == ["+49 1", None, "+49 3", None]
    assert [answer.problem for answer in answers] == ["", NOBODYS, "", NOBODYS]
    facts = sequenced()[-1].content["facts"]
    assert (facts["asked"], facts["found"]) == (4, 2)
    assert facts["persons"] == sorted(reference_for(run.person_category, each) for each in ("c-1", "c-3"))
    recover(run, "phone", made[:1], reason=REASON, by=amir, persons=["c-1"])
    assert sequenced()[-1].content["subject"] == reference_for(run.person_category, "c-1")
    # They come again and get another key: what was made with the destroyed one stays gone.
    (key,) = run.keys["active"]
    keyring.bundle([key], category=run.person_category).of_persons(key, ["c-2"])
    assert values_of(run, "phone", made, amir, persons=owners) == ["+49 1", None, "+49 3", None]
    # Under another person's name it does not open either.
    assert values_of(run, "phone", made[:1], amir, persons=["c-3"]) == [None]


def test_tokens_of_a_shredded_person_are_gone(tmp_path: Path, amir: User):
    table = pa.table({"customer": ["c-1", "c-2"], "phone": ["+49 1", "+49 2"]})
    rules = {"customer": "keep", "phone": {"technique": "token", "parameters": {"per_person": True}}}
    run, made = delivered(tmp_path, table, rules, person="customer")
    shred(known_as(run.person_category, "c-1"))
    assert values_of(run, "phone", made["phone"].to_pylist(), amir) == [None, "+49 2"]


def test_after_a_rotation_a_job_is_read_with_the_versions_it_had(mixed, amir: User):
    run, made = mixed
    keyring.rotate(Key.objects.get(name="anonymization"))
    assert values_of(run, "id", [str(made["id"].to_pylist()[0])], amir) == ["17"]
    assert values_of(run, "born", [made["born"].to_pylist()[0]], amir) == ["1990-02-28"]


def test_a_job_of_long_ago_is_read_after_the_vault_has_moved(
    mixed, amir: User, settings, work: Callable[[], list]
):
    run, made = mixed
    with open_bao() as server:
        settings.KMS_TOKEN = server.token
        settings.KMS_URL = f"{server.kms_url(server.create_key())} local:"
        rekeying.request()
        work()
        settings.KMS_URL = settings.KMS_URL.split()[0]  # the old service is gone
        material.forget()
        assert set(KeyVersion.objects.values_list("kms", flat=True)) == {"transit"}
        assert values_of(run, "id", [str(made["id"].to_pylist()[0])], amir) == ["17"]


def test_a_key_that_is_gone_is_said_and_costs_nothing(mixed, amir: User, sequenced):
    run, made = mixed
    before = len(sequenced())
    KeyVersion.objects.filter(key__name="anonymization").delete()
    with pytest.raises(TechniqueError, match="The vault has no key anonymization"):
        recover(run, "id", [str(made["id"].to_pylist()[0])], reason=REASON, by=amir)
    assert (len(sequenced()), Detokenization.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"column": "city"}, "column"),
        ({"column": "nothing"}, "column"),
        ({"values": []}, "values"),
        ({"values": ["1"] * 101}, "values"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_cannot_be_asked_is_refused(mixed, amir: User, change: dict, field: str):
    asked = {"column": "id", "values": ["100000017"], "reason": REASON} | change
    with pytest.raises(ValidationError) as refusal:
        recover(mixed[0], asked.pop("column"), asked.pop("values"), **asked, by=amir)
    assert list(refusal.value.message_dict) == [field]
    assert not Detokenization.objects.exists()


@pytest.mark.parametrize("persons", [None, ["c-1", ""], ["c-1"]])
def test_persons_are_needed_where_each_has_a_key(personal, amir: User, persons: list[str] | None):
    with pytest.raises(ValidationError) as refusal:
        recover(personal[0], "phone", personal[1][:2], reason=REASON, by=amir, persons=persons)
    assert list(refusal.value.message_dict) == ["persons"]


def test_a_job_that_has_not_begun_has_nothing_to_give_back(tmp_path: Path):
    source = write(tmp_path / "people.parquet", pa.table({"email": ["a@example.org"]}))
    assert columns(ask(source, tmp_path / "safe.parquet", rules={"email": "token"})) == {}


def test_the_limit_is_one_with_the_vaults(mixed, amir: User, petra: User, settings, sequenced):
    run, made = mixed
    settings.VAULT_DETOKENIZE_PER_HOUR = 2
    visa, amex, _ = made["card"].to_pylist()
    resolve("card", [visa], reason=REASON, by=amir)
    assert values_of(run, "card", [amex], amir) == [CARDS[1]]
    with pytest.raises(TooMany):
        recover(run, "card", [visa], reason=REASON, by=amir)
    entry = sequenced()[-1]
    assert (entry.action, entry.content["facts"]["column"]) == ("anonymization.recovery_refused", "card")
    with pytest.raises(TooMany):
        resolve("card", [visa], reason=REASON, by=amir)
    assert values_of(run, "card", [visa], petra) == [CARDS[0]]
