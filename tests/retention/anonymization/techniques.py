"""Small techniques for tests of the pipeline: what they do can be told by looking."""

from __future__ import annotations

from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import Environment, Technique, TechniqueError, Transform


class Shout(Technique):
    """Not anonymous at all: what validation must find."""

    kind = "shout"
    label = "Shout"
    explanation = "In capitals."

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        return lambda values, person: pc.utf8_upper(values)


class Digest(Technique):
    kind = "digest"
    label = "Digest"
    explanation = "A hash."
    distinct = True

    def output_type(self, given: pa.DataType) -> pa.DataType:
        return pa.string()

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        def digest(values: pa.Array, person: pa.Array | None) -> pa.Array:
            texts = values.cast(pa.string()).to_pylist()
            return pa.array(
                [None if t is None else sha256(t.encode()).hexdigest()[:16] for t in texts], pa.string()
            )

        return digest


class Fill(Technique):
    """Breaks its promise: nulls come out with a value."""

    kind = "fill"
    label = "Fill"
    explanation = "No nulls."

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        return lambda values, person: values.fill_null("?")


class Leave(Technique):
    kind = "leave"
    label = "Leave out"
    explanation = "Gone."
    drops = True

    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        raise TechniqueError("Never called.")


@pytest.fixture
def small_techniques(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {cls.kind: cls for cls in (Shout, Digest, Fill, Leave)}
    monkeypatch.setitem(registry.__dict__, "classes", {**registry.classes, **own})
