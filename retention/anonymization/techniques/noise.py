"""Random noise on each number, by a vetted library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from math import inf
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from opendp.combinators import make_fix_delta, make_zCDP_to_approxDP
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import make_gaussian, make_laplace
from opendp.metrics import l1_distance, l2_distance
from opendp.mod import binary_search, enable_features

from retention.anonymization.columns import ColumnTechnique, on_valid, refused
from retention.anonymization.techniques.base import Environment, TechniqueError, Transform, parameter
from retention.anonymization.texts import is_number

enable_features("contrib")


@dataclass(frozen=True)
class Parameters:
    lower: float = parameter(
        label="Lower bound", help="What is less becomes this first.", minimum=-1e12, maximum=1e12
    )
    upper: float = parameter(
        label="Upper bound", help="What is more becomes this first.", minimum=-1e12, maximum=1e12
    )
    epsilon: float = parameter(
        1.0,
        label="Epsilon for each value",
        help="Local differential privacy of one value: less is more private and less useful.",
        minimum=1e-3,
        maximum=50,
    )
    within: bool = parameter(
        False, label="Stay within the bounds", help="No value beyond them; averages are pulled to the middle."
    )
    delta: float | None = parameter(
        None,
        label="Delta",
        help="Gaussian noise with this delta. Empty: Laplace noise.",
        minimum=1e-15,
        maximum=1e-2,
    )


class Noise(ColumnTechnique):
    """Each value is clamped to the bounds, then gets noise for their whole range (and is clamped again, if wanted).

    The mechanisms are OpenDP's (https://docs.opendp.org): discrete ones for whole numbers and decimals, whose
    smallest unit is the step. That protects each value on its own (local differential privacy); a person with many
    values spends epsilon for each of them. For statistics the console's releases with a budget are far more exact.
    Drawn anew each time: equal values differ, and so do two runs. NaN becomes null.
    """

    kind = "noise"
    label = "Add noise"
    explanation = (
        "Each number is moved at random, so that single values are deniable and averages stay about right."
    )
    Parameters = Parameters
    consistent = False
    repeatable = False
    by_distinct = False

    def check(self) -> None:
        if self.parameters.lower >= self.parameters.upper:
            raise TechniqueError("noise.lower must be below the upper bound.")

    def type_of(self, plain: pa.DataType) -> pa.DataType:
        if not is_number(plain):
            raise refused(self, plain)
        self._bounds(plain)
        return plain

    def function(self, plain: pa.DataType, environment: Environment) -> Transform:
        low, high = self._bounds(plain)
        least, most = (low, high) if self.parameters.within else _limits(plain)
        add_noise = self._mechanism(plain, high - low)

        def noisy(values: pa.Array) -> pa.Array:
            clamped = [min(max(each, low), high) for each in _units(values)]
            moved = [min(max(each, least), most) for each in add_noise(clamped)]
            return _of_units(moved, plain)

        def treat(values: pa.Array, person: pa.Array | None) -> pa.Array:
            if pa.types.is_floating(plain):
                values = pc.if_else(pc.is_nan(values), pa.scalar(None, plain), values)
            return on_valid(values, lambda valid: noisy(valid) if len(valid) else valid)

        return treat

    def _bounds(self, plain: pa.DataType) -> tuple[Any, Any]:
        """The bounds in the units that noise is drawn in."""
        lower, upper = self.parameters.lower, self.parameters.upper
        if pa.types.is_floating(plain):
            return lower, upper
        scale = plain.scale if pa.types.is_decimal(plain) else 0
        low, high = (int(Decimal(repr(bound)).scaleb(scale)) for bound in (lower, upper))
        try:
            _of_units([low, high], plain)
        except (pa.ArrowInvalid, OverflowError):
            raise TechniqueError(f"{self.label}: a bound does not fit into {plain}.") from None
        if low >= high:
            raise TechniqueError(f"{self.label}: the bounds leave no room in {plain}.")
        return low, high

    def _mechanism(self, plain: pa.DataType, width: Any) -> Callable[[list], list]:
        chosen = self.parameters
        of = float if pa.types.is_floating(plain) else int
        if chosen.delta is None:
            return make_laplace(_vectors(of), l1_distance(T=of), scale=float(width) / chosen.epsilon)
        scale = gaussian_scale(float(width), epsilon=chosen.epsilon, delta=chosen.delta)
        return make_gaussian(_vectors(of), l2_distance(T=float), scale=scale)


@cache
def gaussian_scale(width: float, *, epsilon: float, delta: float) -> float:
    """The least scale whose noise hides a change of `width` with this epsilon and delta."""

    def hides(scale: float) -> bool:
        gaussian = make_gaussian(_vectors(float), l2_distance(T=float), scale=scale)
        return bool(make_fix_delta(make_zCDP_to_approxDP(gaussian), delta).check(width, (epsilon, delta)))

    return float(binary_search(hides, bounds=(0.0, width * 1e6)))


def _vectors(of: type) -> Any:
    return vector_domain(atom_domain(T=float, nan=False) if of is float else atom_domain(T=int))


def _units(values: pa.Array) -> list:
    """Floats, or whole numbers of the smallest step."""
    if pa.types.is_decimal(values.type):
        return [int(each.scaleb(values.type.scale)) for each in values.to_pylist()]
    return values.to_pylist()


def _limits(plain: pa.DataType) -> tuple[Any, Any]:
    """The least and largest number that the type can say."""
    if pa.types.is_floating(plain):
        return -inf, inf
    if pa.types.is_decimal(plain):
        return 1 - 10**plain.precision, 10**plain.precision - 1
    bits = plain.bit_width
    signed = pa.types.is_signed_integer(plain)
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def _of_units(numbers: list, plain: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(plain):
        return pa.array([Decimal(each).scaleb(-plain.scale) for each in numbers], plain)
    return pa.array(numbers, plain)
