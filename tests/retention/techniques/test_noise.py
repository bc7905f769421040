import statistics
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import make_gaussian
from opendp.metrics import l2_distance

from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.techniques.noise import Noise, gaussian_scale
from tests.retention.techniques.doubles import environment


def noisy(values: pa.Array, **parameters: Any) -> pa.Array:
    return Noise(parameters).prepare(values.type, environment())(values, None)


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.decimal128(9, 2)])
def test_noise_has_the_scale_of_its_epsilon(kind: pa.DataType) -> None:
    values = (
        pa.array([50] * 4000).cast(pa.decimal128(21, 2) if pa.types.is_decimal(kind) else kind).cast(kind)
    )
    moved = [float(value) - 50 for value in noisy(values, lower=0, upper=100, epsilon=2.0).to_pylist()]
    # Laplace noise of scale b has a mean distance of b; here b = 100 / 2.
    assert statistics.fmean(map(abs, moved)) == pytest.approx(50, rel=0.15)
    assert statistics.fmean(moved) == pytest.approx(0, abs=6)
    assert len(set(moved)) > 100


def test_gaussian_noise_has_its_delta() -> None:
    scale = gaussian_scale(100.0, epsilon=1.0, delta=1e-6)
    mechanism = make_gaussian(vector_domain(atom_domain(T=int)), l2_distance(T=float), scale=scale)
    rho = mechanism.map(100.0)
    assert rho == pytest.approx(100**2 / (2 * scale**2))
    moved = [value - 50 for value in noisy(pa.array([50] * 4000), lower=0, upper=100, delta=1e-6).to_pylist()]
    assert statistics.pstdev(moved) == pytest.approx(scale, rel=0.1)


def test_values_are_clamped_first_and_again_where_wanted() -> None:
    values = pa.array([10**15] * 500)
    free = noisy(values, lower=0, upper=10, epsilon=1.0).to_pylist()
    assert max(free) < 1000
    assert max(free) > 10
    assert set(noisy(values, lower=0, upper=10, epsilon=50.0, within=True).to_pylist()) <= set(range(11))
    small = noisy(pa.array([120] * 300, pa.int8()), lower=100, upper=127, epsilon=0.5)
    assert small.type == pa.int8()


def test_decimals_keep_their_steps_and_nan_goes() -> None:
    (made,) = noisy(pa.array([Decimal("1.50")], pa.decimal128(9, 2)), lower=0, upper=10).to_pylist()
    assert made == made.quantize(Decimal("0.01"))
    assert noisy(pa.array([float("nan"), None]), lower=0, upper=1).to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("parameters", "kind", "message"),
    [
        ({"lower": 1, "upper": 1}, pa.int64(), "below the upper bound"),
        ({"lower": 0}, pa.int64(), "needs the parameter upper"),
        ({"lower": 0, "upper": 1, "epsilon": 0}, pa.int64(), "at least 0.001"),
        ({"lower": 0, "upper": 1, "epsilon": -1}, pa.int64(), "at least 0.001"),
        ({"lower": 0, "upper": 1000}, pa.int8(), "does not fit into int8"),
        ({"lower": 0.1, "upper": 0.2}, pa.int64(), "leave no room in int64"),
        ({"lower": 0, "upper": 1}, pa.string(), "cannot treat values of type string"),
    ],
)
def test_bounds_and_epsilon_must_make_sense(
    parameters: dict[str, Any], kind: pa.DataType, message: str
) -> None:
    with pytest.raises(TechniqueError, match=message):
        Noise(parameters).prepare(kind, environment())
