import hmac
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from retention.anonymization.hashing import subkey
from retention.anonymization.revealing import reveal
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.techniques.pseudonym import Pseudonym
from tests.retention.techniques.doubles import KeysDouble, environment


def pseudonyms(
    values: pa.Array, *, column: str = "given", keys: KeysDouble | None = None, **parameters: Any
) -> list[Any]:
    technique = Pseudonym(parameters)
    return technique.prepare(values.type, environment(column, keys=keys))(values, None).to_pylist()


def test_it_is_the_hmac_of_the_value_under_the_key_of_the_domain() -> None:
    key = subkey(KeysDouble().current("anonymization").material, "pseudonym", "customer")
    expected = "v1-" + hmac.digest(key, "Zoë".encode(), "sha256").hex()
    assert pseudonyms(pa.array(["Zoë", None]), domain="customer") == [expected, None]


def test_a_domain_joins_columns_and_another_does_not() -> None:
    values = pa.array(["ana"])
    one = pseudonyms(values, column="a", domain="customer")
    assert pseudonyms(values, column="b", domain="customer") == one
    assert pseudonyms(values, column="a", domain="supplier") != one
    assert pseudonyms(values, column="a") != pseudonyms(values, column="b")


def test_a_number_is_the_same_in_every_type() -> None:
    columns = [
        pa.array(["12", "-3"]),
        pa.array([12, -3]),
        pa.array([12, -3], pa.int8()),
        pa.array([12.0, -3.0]),
        pa.array([12.0, -3.0], pa.float32()),
        pa.array([Decimal("12.00"), Decimal("-3.00")]),
    ]
    assert len({repr(pseudonyms(column, domain="n")) for column in columns}) == 1


def test_a_day_and_a_moment_have_one_text_in_every_unit() -> None:
    days = [
        pa.array([date(2024, 2, 29)]),
        pa.array([date(2024, 2, 29)], pa.date64()),
        pa.array(["2024-02-29"]),
    ]
    assert len({repr(pseudonyms(column, domain="d")) for column in days}) == 1
    moments = [
        pa.array(["2024-02-29 11:30:00Z"]),
        pa.array([1709206200], pa.timestamp("s", "UTC")),
        pa.array([1709206200_000_000_000], pa.timestamp("ns", "Europe/Berlin")),
    ]
    assert len({repr(pseudonyms(column, domain="d")) for column in moments}) == 1


def test_spelling_is_folded_where_asked() -> None:
    spellings = pa.array(["Ana.Zoë@Example.org", " ana.zoe\u0308@example.ORG "])
    assert len(set(pseudonyms(spellings))) == 2
    assert len(set(pseudonyms(spellings, normalize="folded"))) == 1
    assert Pseudonym().distinct
    assert not Pseudonym({"normalize": "folded"}).distinct


def test_it_can_be_shorter_but_not_too_short() -> None:
    values = pa.array(["ana"])
    whole = pseudonyms(values)[0].removeprefix("v1-")
    assert pseudonyms(values, length=16, show_version=False) == [whole[:16]]
    assert len(pseudonyms(values, encoding="base64url", show_version=False)[0]) == 43
    for parameters in ({"length": 15}, {"length": 44, "encoding": "base64url"}):
        with pytest.raises(TechniqueError, match="must be between"):
            Pseudonym(parameters)
    assert Pseudonym({"length": 16}).collision_bound(10_000_000) == pytest.approx(2.71e-6, rel=1e-2)


def test_older_versions_stay_while_receivers_change_over() -> None:
    keys, values = KeysDouble(), pa.array(["ana", "bo", "ana", None])
    before = pseudonyms(values, keys=keys, domain="c")
    keys.rotate("anonymization")
    after = pseudonyms(values, keys=keys, domain="c")
    assert [text[:3] for text in (before[0], after[0])] == ["v1-", "v2-"]
    assert pseudonyms(values, keys=keys, domain="c", version=1) == before


def test_there_is_no_way_back() -> None:
    with pytest.raises(TechniqueError, match="Pseudonym cannot be undone"):
        reveal(pa.array(["v1-x"]), Pseudonym(), environment(), given=pa.string())


def test_a_missing_version_is_refused_at_once() -> None:
    with pytest.raises(TechniqueError, match="Column given: The key ring has no key anonymization/9"):
        Pseudonym({"version": 9}).prepare(pa.string(), environment())
