import re
from typing import Any

import pyarrow as pa
import pytest

from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.techniques.substitute import Substitute
from retention.anonymization.wordlists import words
from tests.retention.techniques.doubles import environment


def substitutes(values: list[Any], persons: list[Any] | None = None, **parameters: Any) -> list[Any]:
    column = pa.array(values, pa.string())
    person = None if persons is None else pa.array(persons, pa.string())
    return Substitute(parameters).prepare(column.type, environment())(column, person).to_pylist()


def test_name_email_and_user_name_of_one_person_agree() -> None:
    persons = ["p1", "p2", "p1", None]
    parts = {
        what: substitutes(["a", "b", None, "d"], persons, what=what, identity=True)
        for what in ("given_name", "family_name", "full_name", "email", "user_name")
    }
    for given, family, full, email, user_name in zip(*parts.values(), strict=True):
        if given is None:
            assert (family, full, email, user_name) == (None,) * 4
            continue
        assert full == f"{given} {family}"
        plain = [re.sub("[^a-z]", "", name.lower()) for name in (given, family)]
        number = re.fullmatch(rf"{plain[0]}\.{plain[1]}(\d+)@example\.(?:org|com|net)", email)
        assert number
        assert user_name == f"{plain[0][0]}{plain[1]}{number[1]}"
    assert parts["given_name"][2] is None


def test_a_person_has_one_identity_whatever_the_value() -> None:
    one, other, third = substitutes(
        ["Ana", "A. Lima", "Ana"], ["p1", "p1", "p2"], what="full_name", identity=True
    )
    assert one == other != third
    assert not Substitute({"what": "email", "identity": True}).consistent


def test_without_identity_the_value_decides() -> None:
    assert len(set(substitutes(["Ana", "Ana"], what="given_name"))) == 1
    assert substitutes(["Ana"], what="given_name") != substitutes(["Ana"], what="given_name", domain="other")
    assert substitutes(["Ana"], what="given_name")[0] in words("given", "en_US").to_pylist()


@pytest.mark.parametrize(
    ("what", "locale", "pattern"),
    [
        ("street", "en_US", r"\d+ [A-Z]\S* \S+"),
        ("street", "de_DE", r"\S+ \d+"),
        ("street", "fr_FR", r"\w+ .+ \d+"),
        ("company", "ja_JP", r"\S+ .+"),
        ("phone", "de_DE", r"\+1 [2-9][1-9][0-9] 555 01[0-9]{2}"),
        ("email", "ja_JP", r"user\.user\d+@example\.(?:org|com|net)"),
    ],
)
def test_what_they_look_like(what: str, locale: str, pattern: str) -> None:
    made = substitutes([f"v{n}" for n in range(50)], what=what, locale=locale)
    assert [value for value in made if not re.fullmatch(pattern, value)] == []
    assert len(set(made)) > 20


@pytest.mark.parametrize("locale", ["xx_XX", "es", "../en", "os", ""])
def test_an_unknown_locale_is_refused(locale: str) -> None:
    with pytest.raises(TechniqueError, match="locale"):
        Substitute({"what": "city", "locale": locale})


def test_the_city_of_a_value_is_a_city_of_the_locale() -> None:
    assert set(substitutes(["a", "b", "c"], what="city", locale="de_DE")) <= set(
        words("city", "de_DE").to_pylist()
    )
