"""What is done for every technique: distinct values once, and answers in their places."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.anonymization.columns import on_distinct, on_valid
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import TechniqueError
from tests.retention.techniques.doubles import environment


@given(st.lists(st.none() | st.sampled_from(["a", "b", "cc"]), max_size=12), st.integers(0, 4))
def test_each_distinct_value_is_asked_once(values: list[str | None], start: int) -> None:
    asked: list[Any] = []

    def upper(distinct: pa.Array) -> pa.Array:
        asked.extend(distinct.to_pylist())
        return pc.utf8_upper(distinct)

    column = pa.array(values, pa.string())
    expected = [None if value is None else value.upper() for value in values[start:]]
    for given_column in (column[start:], column.dictionary_encode()[start:]):
        asked.clear()
        assert on_distinct(given_column, upper).to_pylist() == expected
        assert sorted(asked) == sorted({value for value in values[start:] if value is not None})


def test_a_dictionary_is_asked_for_what_is_used_only() -> None:
    asked: list[Any] = []

    def note(distinct: pa.Array) -> pa.Array:
        asked.extend(distinct.to_pylist())
        return distinct

    dictionary = pa.array(["a", "a", None, "unused"])
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None, 0], pa.int8()), dictionary)
    assert on_distinct(column, note).to_pylist() == ["a", "a", None, None, "a"]
    assert asked == ["a"]


@given(st.lists(st.none() | st.integers(0, 9), max_size=12), st.integers(0, 4))
def test_nulls_are_not_asked(values: list[int | None], start: int) -> None:
    column = pa.array(values, pa.int64())[start:]
    doubled = on_valid(column, lambda valid: pc.add(valid, valid.null_count or valid))
    assert doubled.to_pylist() == [None if value is None else 2 * value for value in values[start:]]


def test_three_addresses_in_a_list_stay_three() -> None:
    column = pa.array([["ana@x.org", "bo@x.org", None], None, [], ["ana@x.org"]])
    made = registry.get("pseudonym")({"length": 16}).prepare(column.type, environment())(column, None)
    (one, two, nothing), none, empty, (again,) = made.to_pylist()
    assert one == again != two
    assert (nothing, none, empty) == (None, None, [])


def test_a_struct_is_refused_with_the_column() -> None:
    kind = pa.struct([("email", pa.string())])
    with pytest.raises(
        TechniqueError, match="Column given: Mask cannot treat values of type struct"
    ) as refusal:
        registry.get("mask")({}).prepare(kind, environment())
    assert refusal.value.remedy == "Drop the column, or bring it to a type that can be treated first."
    assert registry.get("suppress")({}).prepare(kind, environment())(pa.nulls(2, kind), None).null_count == 2


def test_constants_have_the_type_of_the_column() -> None:
    def suppressed(values: pa.Array, constant: str | None) -> pa.Array:
        return registry.get("suppress")({"constant": constant}).prepare(values.type, environment())(
            values, None
        )

    assert suppressed(pa.array([1, None], pa.int8()), "0").equals(pa.array([0, None], pa.int8()))
    assert suppressed(pa.array(["a", None]), "").to_pylist() == ["", None]
    assert suppressed(pa.array([["a", None], None]), None).to_pylist() == [None, None]
    with pytest.raises(TechniqueError, match="Column given: Suppress: the constant is no value of type int8"):
        suppressed(pa.array([1], pa.int8()), "300")
    assert registry.get("redact")({}).prepare(pa.int8(), environment())(
        pa.array([1, None]), None
    ).to_pylist() == [
        "[redacted]",
        None,
    ]


def test_a_dropped_column_is_never_treated() -> None:
    assert registry.get("drop")({}).drops
    with pytest.raises(TechniqueError, match="Column given is left out"):
        registry.get("drop")({}).prepare(pa.string(), environment())
