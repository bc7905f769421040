import json

import orjson
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.ledger.canonical import MAX_BYTES, MAX_INTEGER, NotCanonical, canonical_bytes

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
keys = st.builds(str.__add__, st.sampled_from("azk"), st.text("az09_", max_size=4))
leaves = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | text
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, values))
def test_bytes_are_those_of_rfc_8785(value):
    assert canonical_bytes(value) == rfc8785.dumps(value)


def test_bytes_are_sorted_and_without_white_space():
    assert (
        canonical_bytes({"b": [1, None], "a": {"z": "é\n", "c": True}})
        == '{"a":{"c":true,"z":"é\\n"},"b":[1,null]}'.encode()
    )


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": 1.0}, "entry.a: float has no canonical form"),
        ({"a": float("nan")}, "entry.a: float has no canonical form"),
        ({"a": [1, {"b": -0.0}]}, "entry.a[1].b: float has no canonical form"),
        ({"a": MAX_INTEGER + 1}, "entry.a: integer beyond 2^53-1"),
        ({"a": -MAX_INTEGER - 1}, "entry.a: integer beyond 2^53-1"),
        ({"a": "\ud800"}, "entry.a: text with a lone surrogate"),
        ({"a": "x\0y"}, "entry.a: text with a NUL character"),
        ({"a": b"bytes"}, "entry.a: bytes has no canonical form"),
        ({"a": {1, 2}}, "entry.a: set has no canonical form"),
        ({"A": 1}, "entry: key must be lower-case letters, digits and _"),
        ({"a": {"é": 1}}, "entry.a: key must be lower-case letters, digits and _"),
        ({"a": {"b\n": 1}}, "entry.a: key must be lower-case letters, digits and _"),
        ({1: 1}, "entry: key must be lower-case letters, digits and _"),
        ({"a": json.loads("[" * 16 + "]" * 16)}, "entry: nested too deeply"),
        ({"a": json.loads("[" * 300 + "]" * 300)}, "entry: nested too deeply"),
        ({"a": orjson.loads("[" * 1_000 + "]" * 1_000)}, "entry: nested too deeply"),
        ({"a": "x" * MAX_BYTES}, f"entry is {MAX_BYTES + 8} bytes; the limit is {MAX_BYTES}"),
    ],
)
def test_outside_the_subset_is_refused_by_place_not_content(value, problem):
    with pytest.raises(NotCanonical) as refusal:
        canonical_bytes(value)
    assert str(refusal.value) == problem


def test_largest_entry_fits():
    assert len(canonical_bytes({"a": "x" * (MAX_BYTES - 8)})) == MAX_BYTES
