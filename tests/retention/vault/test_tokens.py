"""The token vault: one token for a value and one value for a token, whoever issues and however many at once."""

import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from django.conf import settings as project
from django.db import connection

from audit.ledger.context import Actor
from audit.ledger.statements import run
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import keyring, tokens
from retention.vault.models import Key, PersonKey, Token, TokenDomain, TokenShare
from retention.vault.tokens import TOKENS, TokenVault
from tests.erasure.together import at_once

TEST = Actor("system", "test")


def random_tokens(count: int) -> list[str]:
    return [secrets.token_hex(8) for _ in range(count)]


def of_range(size: int) -> Callable[[int], Sequence[str]]:
    """Tokens from a format that has `size` of them."""
    return lambda count: [str(secrets.randbelow(size)) for _ in range(count)]


def issue(values: Sequence[str], *, domain: str = "email", **more) -> Sequence[str]:
    return TokenVault().issue(domain, values, **{"fresh": random_tokens, **more})


def test_the_same_value_has_the_same_token_in_its_domain(db):
    ana, ben, again = issue(["ana@example.org", "ben@example.org", "ana@example.org"])
    assert (again == ana, ben != ana) == (True, True)
    assert issue(["cleo@example.org", "ben@example.org"])[1] == ben
    assert issue(["ana@example.org"], domain="login") != [ana]
    assert issue([]) == []
    assert sorted(TokenDomain.objects.values_list("name", flat=True)) == ["email", "login"]
    assert Token.objects.count() == 4


def test_nothing_of_a_value_is_in_the_table(db):
    issue(["ana@example.org"], persons=["ana"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT vault_token::text || encode(sealed, 'escape') FROM vault_token")
        ((text,),) = cursor.fetchall()
    assert "ana" not in text


def test_values_are_text_of_any_kind(db):
    values = [
        "",
        " ",
        "Ana",
        "ana",
        "\u00e9",
        "e\u0301",
        "\U0001f6b6",
        "x" * 5_000,
        "'; DROP TABLE vault_token;--",
    ]
    assert len(set(issue(values))) == len(values)


def test_thousands_cost_a_few_statements(db, monkeypatch):
    issue(["first"])
    asked: list[str] = []
    monkeypatch.setattr(tokens, "run", lambda sql, given: asked.append(sql) or run(sql, given))
    values = [f"{number}@example.org" for number in range(12_000)]
    made = issue(values)
    assert len(set(made)) == 12_000
    assert Counter(asked) == {tokens.DOMAIN: 1, tokens.FIND: 3, tokens.TAKEN: 1, tokens.ADD: 3}
    assert issue(values[::-1]) == made[::-1]
    assert Counter(asked[8:]) == {tokens.DOMAIN: 1, tokens.FIND: 3}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("capacity", [None, 1_000])
def test_many_writers_of_the_same_values_agree(capacity: int | None):
    """Eight writers, the values in other orders, an own key of each person, a crowded domain: one token a value."""
    values = [f"{number}@example.org" for number in range(700)]
    persons = [f"person {number % 50}" for number in range(700)]
    fresh = of_range(capacity) if capacity else random_tokens

    def write(start: int) -> dict[str, str]:
        order = list(range(start, 700)) + list(range(start))
        mine = [values[each] for each in order]
        whose = [persons[each] for each in order]
        made = TokenVault().issue("email", mine, fresh=fresh, capacity=capacity, persons=whose)
        return dict(zip(mine, made, strict=True))

    answers = at_once(*[(TEST, partial(write, 80 * turn)) for turn in range(8)])
    assert all(answer == answers[0] for answer in answers), [type(each) for each in answers]
    assert len(set(answers[0].values())) == 700
    assert Token.objects.count() == 700
    assert PersonKey.objects.count() == 50
    assert not TokenShare.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_different_values_never_share_a_token_however_crowded():
    """Six writers fill a format of 600 tokens to the last one, each with values of its own."""

    def write(writer: int) -> list[str]:
        mine = [f"{writer}-{number}" for number in range(100)]
        made: list[str] = []
        for start in range(0, 100, 10):
            made += issue(mine[start : start + 10], fresh=of_range(600), capacity=600)
        return made

    answers = at_once(*[(TEST, partial(write, writer)) for writer in range(6)])
    assert sorted(int(token) for answer in answers for token in answer) == list(range(600))
    with pytest.raises(
        TechniqueError, match="domain email is full: its format has 600 tokens, and 1 of these"
    ):
        issue(["one more"], fresh=of_range(600), capacity=600)
    assert issue(["3-7"], fresh=of_range(600), capacity=600) == [answers[3][7]]


def test_a_format_with_too_few_tokens_issues_none(db):
    issue([str(number) for number in range(8)], fresh=of_range(10), capacity=10)
    with pytest.raises(
        TechniqueError, match=r"has 10 tokens, and 1 of these values would get none\..*Nothing"
    ):
        issue([f"new {number}" for number in range(3)], fresh=of_range(10), capacity=10, persons=["a"] * 3)
    assert Token.objects.count() == 8
    assert not PersonKey.objects.exists()
    assert len(issue(["new 0", "new 1"], fresh=of_range(10), capacity=10)) == 2


def test_a_generator_that_makes_nothing_new_is_stopped(db):
    assert issue(["a"], fresh=lambda count: ["same"] * count) == ["same"]
    with pytest.raises(TechniqueError, match="No new token was found for the domain email"):
        issue(["b"], fresh=lambda count: ["same"] * count)
    assert Token.objects.count() == 1


@pytest.mark.parametrize("name", ["", " ", "x" * 601, "a\n", "a\0"])
def test_a_domain_that_cannot_be_is_refused(name: str, db):
    with pytest.raises(TechniqueError, match="There can be no token domain"):
        issue(["a"], domain=name)
    assert not TokenDomain.objects.exists()


@pytest.mark.parametrize("name", ["card/9/16", "lake/orders 2024.csv.Name", "\U0001f6b6" * 600])
def test_a_domain_may_be_called_as_any_column_is(name: str, db):
    (token,) = issue(["a"], domain=name)
    assert issue(["a"], domain=name) == [token]
    assert TokenDomain.objects.get().name == name


def test_persons_come_one_for_each_value(db):
    with pytest.raises(TechniqueError, match="one person, or none, for each value"):
        issue(["a", "b"], persons=["ana"])
    issue(["a", "b", "c", "d"], persons=["ana", None, "", " "])
    assert sorted(map(bool, Token.objects.values_list("person", flat=True))) == [False, False, False, True]
    assert list(Key.objects.values_list("name", flat=True)) == ["vault.lookups", "vault.tokens"]


def test_a_value_of_several_persons_has_one_token_and_notes_them(db):
    first = issue(["+49 30 1"], persons=["ana"])
    assert issue(["+49 30 1"], persons=["ben"]) == first
    assert issue(["+49 30 1"], persons=["ben"]) == first
    assert issue(["+49 30 1"], persons=["ana"]) == first
    assert TokenShare.objects.count() == 1


def test_tokens_stay_the_same_after_a_rotation(db):
    before = issue(["ana", "ben"], persons=["ana", None])
    keyring.rotate(Key.objects.get(name=TOKENS))
    assert issue(["ana", "ben", "cleo"])[:2] == before
    with pytest.raises(TechniqueError, match=r"vault\.lookups is never rotated"):
        keyring.rotate(Key.objects.get(name="vault.lookups"))


IN_ANOTHER_PROCESS = """
from retention.vault.tokens import TokenVault
print(*TokenVault().issue("email", ["ana", "ben"], fresh=lambda count: [f"t{n}" for n in range(count)]))
from django.apps import apps
print(apps.ready)
"""


@pytest.mark.django_db(transaction=True)
def test_an_executor_without_apps_issues_too():
    (ana,) = issue(["ana"])
    database = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        cwd=project.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DATABASE_OWNER_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"{ana} t0\nFalse\n", done.stderr
