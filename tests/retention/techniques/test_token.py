import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from retention.anonymization.characters import kind_of
from retention.anonymization.drawing import draw_below
from retention.anonymization.revealing import reveal
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.techniques.token import Token
from tests.retention.techniques.doubles import TokensDouble, environment

CARDS = ["4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", None]


def tokens(values: list[Any], vault: TokensDouble | None = None, **parameters: Any) -> list[Any]:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    return Token(parameters).prepare(column.type, environment(tokens=vault))(column, None).to_pylist()


def test_one_token_for_one_value() -> None:
    vault = TokensDouble()
    first = tokens(["ana", "bo", "ana", None], vault, domain="c")
    assert first[0] == first[2] != first[1]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first[0])
    assert tokens([None, "ana"], vault, domain="c") == [None, first[0]]
    assert tokens(["ana"], vault, domain="d") != first[:1]
    assert sorted(vault.domains) == ["c", "d"]


def test_digits_can_stay_a_number() -> None:
    (text,) = tokens([7], format="digits", length=6)
    assert re.fullmatch("[1-9][0-9]{5}", text)
    numbers = pa.array([7, 7, None], pa.int32())
    technique = Token({"format": "digits", "length": 9, "number": True})
    made = technique.prepare(numbers.type, environment())(numbers, None)
    assert made.type == pa.int32()
    assert 10**8 <= made[0].as_py() < 10**9
    with pytest.raises(TechniqueError, match="no room for 10 digits"):
        Token({"format": "digits", "length": 10, "number": True}).output_type(pa.int32())
    with pytest.raises(TechniqueError, match="cannot treat values of type string"):
        technique.output_type(pa.string())


@settings(max_examples=30)
@given(st.lists(st.text(max_size=10), max_size=10))
def test_shape_stays(values: list[str]) -> None:
    column = pa.array(values, pa.string())
    made = Token({"format": "shape"}).prepare(column.type, environment())(column, None).to_pylist()
    for value, token in zip(values, made, strict=True):
        assert [kind_of(letter) for letter in token] == [kind_of(letter) for letter in value]


def test_shape_takes_nothing_over() -> None:
    (token,) = tokens(["Žižek-李🙂 ²7"], format="shape")
    assert re.fullmatch(r"[A-Z][a-z]{4}-[a-z]{2} [0-9]{2}", token)


def test_cards_stay_valid_and_belong_to_nobody() -> None:
    one, bare, other, null = tokens(CARDS, format="card")
    assert null is None
    assert one.replace(" ", "") == bare
    assert [len(part) for part in one.split(" ")] == [4] * 4
    assert [len(part) for part in other.split("-")] == [4] * 4
    for token in (bare, other.replace("-", "")):
        assert luhn.is_valid(token)
        assert token[0] == "9"
    kept = tokens(CARDS[:3:2], format="card", first=6)
    assert [token.replace("-", "").replace(" ", "")[:6] for token in kept] == ["411111", "550000"]
    assert all(luhn.is_valid(token.replace("-", "").replace(" ", "")) for token in kept)


def test_ibans_stay_valid() -> None:
    given_ibans = ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"]
    for value, token in zip(given_ibans, tokens(given_ibans, format="iban"), strict=True):
        assert iban.is_valid(token, check_country=False)
        assert token[:2] == value[:2]
        assert re.sub("[0-9]", "9", re.sub("[A-Z]", "A", token)) == re.sub(
            "[0-9]", "9", re.sub("[A-Z]", "A", value)
        )


def test_social_security_numbers_are_of_nobody() -> None:
    made = tokens([f"{n:09d}" for n in range(300)] + ["123-45-6789"], format="ssn")
    assert re.fullmatch(r"9\d\d-[0-4][1-9]-\d{3}[1-9]", made[-1])
    assert [token for token in made[:-1] if not re.fullmatch(r"9\d\d[0-4][1-9]\d{3}[1-9]", token)] == []


def test_values_without_the_format_are_refused_or_suppressed() -> None:
    values = ["4111 1111 1111 1112", "card", CARDS[0]]
    with pytest.raises(TechniqueError, match="Column given: 2 distinct values are no valid card") as refusal:
        tokens(values, format="card")
    assert "4111" not in str(refusal.value)
    assert tokens(values, format="card", otherwise="suppress")[:2] == [None, None]


def test_more_values_than_tokens_are_refused() -> None:
    vault = TokensDouble()
    cards = [f"4111111{n:04d}" for n in range(100)]
    valid = [card + luhn.calc_check_digit(card) for card in cards]
    assert len(set(tokens(valid, vault, format="card", first=6))) == 100
    assert {domain: len(known) for domain, known in vault.domains.items()} == {
        "shop.customer.given/411111/12": 100
    }
    vault = TokensDouble()
    vault.domains["shop.customer.given/9A"] = {f"v{n}": f"t{n}" for n in range(260)}
    with pytest.raises(TechniqueError, match="Column given: The domain has room for 260 tokens only"):
        tokens(["1A"], vault, format="shape")


def test_a_token_may_belong_to_a_person() -> None:
    vault = TokensDouble()
    values, persons = (
        pa.array(["a", "a", "b", None, "c"]),
        pa.array([None, "p1", "p2", "p3", None], pa.string()),
    )
    technique = Token({"per_person": True, "domain": "d"})
    assert technique.needs_person
    technique.prepare(values.type, environment(tokens=vault))(values, persons)
    assert vault.owners == {("d", "a"): "p1", ("d", "b"): "p2", ("d", "c"): None}


def test_only_the_vault_gives_values_back() -> None:
    with pytest.raises(TechniqueError, match="given back by the vault"):
        reveal(pa.array(["x"]), Token(), environment(), given=pa.string())


def test_every_number_is_drawn() -> None:
    drawn = draw_below(3, 3000)
    assert [int((drawn == n).sum()) > 850 for n in range(3)] == [True] * 3
    assert set(drawn.tolist()) == {0, 1, 2}
    assert draw_below(2**32, 5).max() < 2**32
