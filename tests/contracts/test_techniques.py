"""What holds for every technique, whatever it is given."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention.anonymization.columns import ColumnTechnique
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import Environment, Technique, TechniqueError
from tests.contracts.techniques import EXAMPLES, SAMPLES, Example
from tests.retention.techniques.doubles import environment

CASES = [
    pytest.param(kind, example, id=f"{kind}-{place}")
    for kind, examples in EXAMPLES.items()
    for place, example in enumerate(examples)
    if not registry.get(kind).drops
]
PERSONS = st.sampled_from(["p1", "p2", "p3"])
every_case = pytest.mark.parametrize(("kind", "example"), CASES)
drawn = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def made(kind: str, example: Example) -> Technique:
    return registry.get(kind)(example.parameters)


def whole(technique: Technique) -> bool:
    """Whether a list becomes null whole, and a dictionary stays one."""
    return technique.kind == "suppress" and technique.parameters.constant is None


def column(example: Example, data: st.DataObject, *, least: int = 0) -> tuple[pa.Array, pa.Array]:
    """Values with duplicates and nulls, cut out of a longer array, and whose they are."""
    few = data.draw(st.lists(example.values, min_size=1, max_size=8))
    values = data.draw(st.lists(st.none() | st.sampled_from(few), min_size=least, max_size=20))
    persons = data.draw(st.lists(PERSONS, min_size=len(values), max_size=len(values)))
    longer = pa.array([few[0], None, *values, few[-1]], example.type)
    return longer.slice(2, len(values)), pa.array(persons, pa.string())


def same(one: pa.Array, other: pa.Array) -> bool:
    """Whether they hold the same; NaN equals NaN."""
    return (
        one.type == other.type
        and one.validate(full=True) is None
        and repr(one.to_pylist()) == repr(other.to_pylist())
    )


def test_every_kind_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(registry.classes)


@pytest.mark.parametrize("kind", sorted(registry.classes))
def test_it_says_what_it_is(kind: str) -> None:
    cls = registry.get(kind)
    assert cls.label
    assert cls.explanation.endswith(".")
    assert [item.name for item in fields(cls.Parameters) if not item.metadata.get("label")] == []
    with pytest.raises(TechniqueError, match="no parameter surely_unknown"):
        cls({**EXAMPLES[kind][0].parameters, "surely_unknown": 1})


@every_case
@drawn
@given(data=st.data())
def test_length_type_nulls_and_what_is_equal(kind: str, example: Example, data: st.DataObject) -> None:
    technique = made(kind, example)
    values, persons = column(example, data)
    before = values.to_pylist()
    answer = technique.prepare(example.type, environment())(values, persons)
    answer.validate(full=True)
    assert answer.type == technique.output_type(example.type)
    assert len(answer) == len(values)
    assert [place for place, value in enumerate(before) if value is None and answer[place].is_valid] == []
    assert repr(values.to_pylist()) == repr(before)
    pairs = [(repr(value), repr(made)) for value, made in zip(before, answer.to_pylist(), strict=True)]
    if technique.consistent:
        assert len({value for value, _ in pairs}) == len(set(pairs))
    if technique.distinct:
        owner_of: dict[str, str] = {}
        assert [value for value, answer in pairs if owner_of.setdefault(answer, value) != value] == []


@every_case
@drawn
@given(data=st.data())
def test_batches_do_not_matter(kind: str, example: Example, data: st.DataObject) -> None:
    technique = made(kind, example)
    if not technique.repeatable:
        return
    values, persons = column(example, data)
    shared = environment()
    transform = technique.prepare(example.type, shared)
    whole = transform(values, persons)
    cut = data.draw(st.integers(0, len(values)))
    again = technique.prepare(example.type, shared)
    parts = [again(values[cut:], persons[cut:]), again(values[:cut], persons[:cut])]
    assert same(pa.concat_arrays(parts[::-1]), whole)


@every_case
@drawn
@given(data=st.data())
def test_dictionaries_and_lists_hold_the_same(kind: str, example: Example, data: st.DataObject) -> None:
    technique = made(kind, example)
    if not technique.repeatable or not isinstance(technique, ColumnTechnique) or whole(technique):
        return
    values, persons = column(example, data, least=2)
    shared = environment()
    plain = technique.prepare(example.type, shared)(values, persons)
    coded = pa.DictionaryArray.from_arrays(
        pa.array(range(len(values) - 1), pa.int8()), values[:-1]
    )  # with duplicates and nulls among its values
    given = technique.prepare(coded.type, shared)
    assert same(given(coded[1:], persons[1:-1]), plain[1:-1])
    assert technique.output_type(coded.type) == plain.type
    lists = pa.ListArray.from_arrays(pa.array([0, 1, None, len(values)], pa.int32()), values)
    owner = persons.take(pa.array([0, 1, 1]))
    owners = pa.array([owner[0].as_py(), *[owner[1].as_py()] * (len(values) - 1)], pa.string())
    expected = technique.prepare(example.type, shared)(values, owners).to_pylist()
    answer = technique.prepare(lists.type, shared)(lists[1:], owner[1:])
    answer.validate(full=True)
    assert answer.type == pa.list_(plain.type)
    assert repr(answer.to_pylist()) == repr([expected[1:], None])


@every_case
@drawn
@given(data=st.data())
def test_the_way_back(kind: str, example: Example, data: st.DataObject) -> None:
    technique = made(kind, example)
    if example.vault:
        return
    if not technique.reversible:
        with pytest.raises(TechniqueError, match="cannot be undone"):
            technique.undo(example.type, environment())
        return
    values, persons = column(example, data)
    place = environment()  # one ring: keys of persons are known to it alone
    answer = technique.prepare(example.type, place)(values, persons)
    there = pc.if_else(
        answer.is_valid(), values, pa.scalar(None, values.type)
    )  # what was suppressed stays away
    assert same(technique.undo(example.type, place)(answer, persons), there)


@every_case
def test_any_type_is_treated_or_refused(kind: str, example: Example) -> None:
    technique = made(kind, example)
    for sample in SAMPLES:
        try:
            treated_or_refused(technique, sample)
        except BaseException as problem:
            problem.add_note(f"given {sample.type}")
            raise


def treated_or_refused(technique: Technique, sample: pa.Array) -> None:
    transform = tried(lambda: technique.prepare(sample.type, environment()))
    if transform is None:
        with pytest.raises(TechniqueError):
            technique.output_type(sample.type)
        return
    persons = pa.array(["p1", "p2", "p3"])
    for values in (sample, sample[:0], sample[1:2], pa.nulls(3, sample.type)):
        answer = tried(partial(transform, values, persons[: len(values)]))
        if answer is None:
            assert values.null_count < len(values)
        else:
            answer.validate(full=True)
            assert answer.type == technique.output_type(sample.type)
            assert len(answer) == len(values)
            assert answer.null_count >= values.null_count


def tried(work: Callable[[], Any]) -> Any:
    """The answer, or None where it was refused with a message that names the column."""
    try:
        return work()
    except TechniqueError as refusal:
        return None if "given" in refusal.message else pytest.fail(refusal.message)


@every_case
def test_what_it_needs_is_asked_for_at_once(kind: str, example: Example) -> None:
    technique = made(kind, example)
    if not technique.key_names() and not example.vault:
        return
    with pytest.raises(TechniqueError, match="given"):
        technique.prepare(example.type, Environment("given"))
    if "key" in {item.name for item in fields(technique.Parameters)}:
        other = registry.get(kind)({**example.parameters, "key": "missing"})
        with pytest.raises(TechniqueError, match="no key missing"):
            other.prepare(example.type, environment())


PROGRAM = """
from tests.contracts.test_techniques import answers
print(answers())
"""


def answers() -> str:
    """What every repeatable technique makes of fixed values, as one text."""
    found: list[Any] = []
    persons = pa.array(["p1", "p2", "p1"])
    for kind, examples in EXAMPLES.items():
        for example in examples:
            technique = made(kind, example)
            if technique.repeatable and not technique.drops and not example.vault:
                values = pa.array(FIXED[pa.types.is_integer(example.type) or str(example.type)], example.type)
                transform = technique.prepare(values.type, environment())
                try:
                    found.append((kind, transform(values, persons).to_pylist()))
                except TechniqueError as problem:  # a hierarchy does not have these values
                    found.append((kind, str(problem)))
    return repr(found)


MOMENT = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
FIXED: dict[Any, list[Any]] = {
    True: [12, None, 7],
    "string": ["ana@example.org", None, "2024-02-29"],
    "binary": [b"a", None, b"\x00"],
    "bool": [True, None, False],
    "float": [0.1, None, 1.5],
    "double": [0.1, None, -12.0],
    "decimal128(9, 2)": [Decimal("1.50"), None, Decimal("12")],
    "date32[day]": [date(2024, 2, 29), None, date(1969, 1, 1)],
    "timestamp[us]": [MOMENT.replace(tzinfo=None), None, datetime(1969, 1, 1)],
    "timestamp[us, tz=Europe/Berlin]": [MOMENT, None, MOMENT.replace(year=1968)],
}


def test_another_process_gives_the_same() -> None:
    environ = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environ
    )
    assert run.stdout.strip() == answers()
