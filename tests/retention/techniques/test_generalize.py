from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.anonymization.hierarchies import HierarchyProblem
from retention.anonymization.techniques import registry
from retention.anonymization.techniques.base import TechniqueError
from tests.retention.techniques.doubles import environment


def general(kind: str, values: pa.Array | list[Any], **parameters: Any) -> list[Any]:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    name = f"generalize_{kind}"
    return registry.get(name)(parameters).prepare(column.type, environment())(column, None).to_pylist()


def test_bands_of_whole_numbers() -> None:
    assert general("band", [20, 29, 30, -1, None], width=10) == [
        "[20-30)",
        "[20-30)",
        "[30-40)",
        "[-10-0)",
        None,
    ]
    assert general("band", [17, 18], width=10, origin=8) == ["[8-18)", "[18-28)"]
    assert general("band", [27, -3, None], width=5, written="lower") == [25, -5, None]
    assert general("band", [27, -3, None], width=5, written="middle") == [27, -3, None]
    assert general("band", pa.array([2**64 - 1], pa.uint64()), width=10) == [
        "[18446744073709551610-18446744073709551620)"
    ]


def test_bands_of_fractions_are_exact_decimals() -> None:
    tenths = [n / 10 for n in range(-20, 20)]
    lower = general("band", tenths, width=0.1, written="lower")
    assert lower == tenths
    assert general("band", [0.3, 0.1 + 0.2], width=0.1) == ["[0.3-0.4)"] * 2
    assert general("band", pa.array([0.3], pa.float32()), width=0.1) == ["[0.3-0.4)"]
    assert general("band", [float("nan"), float("inf"), 1e300, -5e-324], width=1)[:2] == [None, None]
    assert general("band", [-5e-324], width=1) == ["[-1-0)"]
    assert general("band", pa.array([Decimal("2.49"), Decimal("2.50")]), width=2.5) == ["[0-2.5)", "[2.5-5)"]


@given(
    st.floats(-1e12, 1e12),
    st.sampled_from([1e-6, 0.1, 0.25, 1, 7, 1e9]),
    st.sampled_from([0.0, 0.05, -3.0, 1e15]),
)
def test_a_float_lies_in_its_band(value: float, width: float, origin: float) -> None:
    (label,) = general("band", [value], width=width, origin=origin)
    low, high = split(label)
    assert low <= Decimal(repr(value)) < high
    assert high - low == Decimal(repr(float(width)))


def split(label: str) -> tuple[Decimal, Decimal]:
    """The bounds of a label that may have minus signs."""
    middle = label.index("-", 2)
    return Decimal(label[1:middle]), Decimal(label[middle + 1 : -1])


def test_a_bound_that_does_not_fit_says_so() -> None:
    with pytest.raises(TechniqueError, match="Column given: a bound of a band does not fit into int8"):
        general("band", pa.array([-128], pa.int8()), width=100, written="lower")
    with pytest.raises(TechniqueError, match="fraction do not fit into int64"):
        general("band", [1], width=2.5, written="middle")


def test_ranges_of_your_own() -> None:
    edges = ["18", "30", "65"]
    assert general("bins", [17, 18, 29, 30, 65, None], edges=edges) == [
        "<18",
        "[18-30)",
        "[18-30)",
        "[30-65)",
        ">=65",
        None,
    ]
    assert general(
        "bins", [0.1, 0.3, float("nan"), float("-inf")], edges=["0.3"], labels=["low", "high"]
    ) == [
        "low",
        "high",
        None,
        "low",
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"edges": []},
        {"edges": ["b"]},
        {"edges": ["2", "1"]},
        {"edges": ["NaN"]},
        {"edges": ["1"], "labels": ["one"]},
    ],
)
def test_ranges_must_make_sense(parameters: dict[str, Any]) -> None:
    with pytest.raises(TechniqueError, match=r"generalize_bins\."):
        registry.get("generalize_bins")(parameters)


def test_limits() -> None:
    assert general("limits", [5, 95, 90, None], upper=90, lower=10) == [10, 90, 90, None]
    assert general("limits", [0.5, float("nan"), float("inf")], upper=1.5) == [0.5, None, 1.5]
    assert general("limits", [1, 9], upper=4.5, lower=1.5) == [2, 4]
    assert general("limits", [2**53 + 1], upper=1e18) == [2**53 + 1]
    assert general("limits", pa.array([Decimal("0.01")]), lower=0.015) == [Decimal("0.02")]
    with pytest.raises(TechniqueError, match="no number of type int8"):
        general("limits", pa.array([1], pa.int8()), upper=1000)
    with pytest.raises(TechniqueError, match="lower limit, an upper limit"):
        registry.get("generalize_limits")({})


def test_rounding() -> None:
    assert general("round", [1499, 1500, 2500, -1501, None], digits=-3) == [1000, 2000, 2000, -2000, None]
    assert general("round", [0.125, 1e308, float("nan"), float("inf")], digits=2) == [0.12, 1e308, None, None]
    assert general("round", pa.array([Decimal("1.255")]), digits=2) == [Decimal("1.260")]
    with pytest.raises(TechniqueError, match="Column given: a rounded number does not fit into int8"):
        general("round", pa.array([127], pa.int8()), digits=-1)


HIERARCHY = "Lyon;Rhône;France;*\nNice;Var;France;*\nBonn;NRW;Germany;*"


def test_hierarchies() -> None:
    places = ["Lyon", "Bonn", None]
    assert general("hierarchy", places, hierarchy=HIERARCHY) == ["Rhône", "NRW", None]
    assert general("hierarchy", places, hierarchy=HIERARCHY, level=2) == ["France", "Germany", None]
    assert general("hierarchy", [1.0, 2.0], hierarchy="1;odd\n2;even") == ["odd", "even"]
    with pytest.raises(HierarchyProblem, match=r"Column given: .* 1 of the values") as problem:
        general("hierarchy", ["Lyon", "Metz"], hierarchy=HIERARCHY)
    assert problem.value.values == ("Metz",)
    assert "Metz" not in str(problem.value)
    assert general("hierarchy", ["Lyon", "Metz"], hierarchy=HIERARCHY, missing="suppress") == ["Rhône", None]
    with pytest.raises(HierarchyProblem, match="has 3 levels, and no 4"):
        registry.get("generalize_hierarchy")({"hierarchy": HIERARCHY, "level": 4})


def test_postal_codes() -> None:
    codes = ["02139", " 03601 ", "021", "", "SW1A 1AA", None]
    assert general("postal", codes) == ["021", "036", None, None, "SW1", None]
    assert general("postal", codes, fill="*", sparse=["036"]) == ["021**", None, None, None, "SW1*****", None]
    assert general("postal", [2139, 99], digits=5, kept=2) == ["02", "00"]
    with pytest.raises(TechniqueError, match="leading zeros"):
        general("postal", [2139])


def test_coordinates() -> None:
    assert general("geo", [52.5163, -13.37, 200.0, float("nan"), None]) == [52.5, -13.4, None, None, None]
    assert general("geo", ["52.5163, 13.3777", "52.5163 13.3777", "Berlin", "91.5,999"], decimals=2) == [
        "52.52, 13.38",
        "52.52, 13.38",
        None,
        None,
    ]
