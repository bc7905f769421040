from __future__ import annotations

import orjson
import pyarrow as pa
import pytest

from retention.anonymization.rules import Rule, RuleSet
from retention.anonymization.streams.transforming import Outcome, Transformer
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import Environment, Technique, TechniqueError, Transform
from tests.retention.streams.conftest import spec_of


class Loud(Technique):
    """Capital letters; a value that begins with an exclamation mark cannot be treated."""

    kind = "loud"
    label = "Loud"
    explanation = "For tests."

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        def transform(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = values.to_pylist()
            if any(text and text.startswith("!") for text in texts):
                raise TechniqueError("A value of the column cannot be treated.")
            return pa.array([text and text.upper() for text in texts], given)

        return transform


@pytest.fixture(autouse=True)
def loud(monkeypatch):
    monkeypatch.setitem(registry.classes, "loud", Loud)


def transformer(columns, *, loud=(), **changes):
    rules = tuple(Rule(name, "loud" if name in loud else "keep") for name in columns)
    return Transformer(spec_of(columns=columns, rules=RuleSet(rules), **changes))


def values_of(outcomes):
    return [outcome.problem or outcome.value for outcome in outcomes]


def apply(transform, *values):
    return values_of(transform([(None, value) for value in values]))


def test_values_are_changed_and_keep_their_types():
    columns = {
        "id": "integer", "email": "string", "score": "number", "paid": "decimal(10,2)", "on": "date",
        "at": "timestamp", "well": "boolean", "tags": "array", "place": "object",
    }  # fmt: skip
    whole = {
        "id": 2**53 + 1, "email": "anna@example.org", "score": 1, "paid": "12.50", "on": "2024-02-29",
        "at": "2024-02-29T12:00:00.25+01:00", "well": True, "tags": ["a", {"b": 1}], "place": {"city": "Graz"},
    }  # fmt: skip
    (found,) = apply(transformer(columns, loud=["email"]), orjson.dumps(whole))
    assert orjson.loads(found) == whole | {
        "email": "ANNA@EXAMPLE.ORG",
        "score": 1.0,
        "at": "2024-02-29T11:00:00.250000Z",
    }


def test_a_field_that_is_missing_is_null():
    assert apply(transformer({"id": "integer", "email": "string"}), b'{"id": 1}') == [
        b'{"id":1,"email":null}'
    ]


def test_bad_messages_are_set_aside_and_spoil_no_other():
    transform = transformer({"id": "integer", "email": "string"}, loud=["email"])
    found = apply(
        transform,
        b'{"id": 1, "email": "a"}',
        b"{",
        b"\xff",
        b"[1]",
        b'{"id": "2", "email": "b"}',
        b'{"id": true, "email": "b"}',
        b'{"id": 123456789012345678901, "email": "b"}',
        b'{"id": 18446744073709551615, "email": "b"}',
        b'{"id": 3, "email": "!"}',
        b'{"id": 3, "email": "c", "anna@example.org": 1}',
        b'{"id": 4, "email": "d"}',
    )
    assert found == [
        b'{"id":1,"email":"A"}',
        "The message is no JSON.",
        "The message is no JSON.",
        "The message is no JSON object.",
        "id is text and was declared a whole number.",
        "id is true or false and was declared a whole number.",
        "id is a number and was declared a whole number.",
        "id holds what does not fit a whole number.",
        "A value of the column cannot be treated.",
        "1 of its fields are not declared.",
        b'{"id":4,"email":"D"}',
    ]


def test_dates_that_are_none_are_set_aside():
    transform = transformer({"on": "date", "paid": "decimal(4,2)", "at": "timestamp"})
    found = apply(
        transform, b'{"on": "2023-02-29"}', b'{"paid": "100.00"}', b'{"paid": "x"}', b'{"at": "noon"}'
    )
    assert found == [
        "on holds what does not fit date32[day].",
        "paid holds what does not fit decimal128(4, 2).",
        "paid holds what does not fit decimal128(4, 2).",
        "at holds what does not fit timestamp[us, tz=UTC].",
    ]


def test_undeclared_fields_can_be_left_out():
    transform = transformer({"id": "integer"}, unknown="drop")
    assert apply(transform, b'{"id": 1, "email": "anna@example.org"}') == [b'{"id":1}']


def test_keys_get_the_rule_of_their_column_and_tombstones_pass():
    transform = transformer({"id": "integer", "email": "string"}, loud=["email"], key="email")
    found = transform(
        [(b"a", b'{"id":1,"email":"a"}'), (b"a", None), (None, b"{}"), (b"!", None), (b"\xff", None)]
    )
    assert found == [
        Outcome(b'{"id":1,"email":"A"}', b"A"),
        Outcome(None, b"A"),
        Outcome(b'{"id":null,"email":null}', None),
        Outcome(problem="Its key: A value of the column cannot be treated."),
        Outcome(problem="Its key is no text."),
    ]


def test_keys_that_are_numbers():
    transform = transformer({"id": "integer"}, key="id")
    found = transform([(b"12", None), (b"twelve", None)])
    assert found == [Outcome(None, b"12"), Outcome(problem="Its key does not fit the type of id.")]


def test_without_a_rule_keys_are_left_out_and_tombstones_set_aside():
    transform = transformer({"id": "integer"})
    found = transform([(b"anna", b'{"id":1}'), (b"anna", None)])
    assert found == [
        Outcome(b'{"id":1}', None),
        Outcome(problem="It deletes by a key, and no column's rule is named for keys."),
    ]


def test_rules_that_do_not_go_with_the_columns_are_refused_at_once():
    with pytest.raises(TechniqueError, match="No rule says what becomes of id"):
        Transformer(spec_of(columns={"id": "integer"}, rules=RuleSet(())))
    with pytest.raises(TechniqueError, match="The type 'thing' of id is not known"):
        spec_of(columns={"id": "thing"})
    with pytest.raises(TechniqueError, match="The key's column email is not declared"):
        spec_of(columns={"id": "integer"}, key="email")
    with pytest.raises(TechniqueError, match="unknown must be dead or drop"):
        spec_of(unknown="keep")


def test_what_is_not_of_a_message_stops_the_stream(monkeypatch):
    transform = transformer({"email": "string"}, loud=["email"])

    def down(batch):
        raise ConnectionError

    monkeypatch.setattr(transform._rows, "transform", down)
    with pytest.raises(ConnectionError):
        apply(transform, b'{"email": "a"}')
