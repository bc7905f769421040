"""A shop whose purchases are asked about: 200 people, three purchases each, of every age and in three cities."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.models import Column, DataSet, System
from retention.statistics import budgets
from retention.statistics.models import Budget

PEOPLE, EACH = 200, 3
KINDS = {
    "person": "integer",
    "age": "integer",
    "born": "date",
    "spend": "decimal",
    "city": "text",
    "note": "json",
}


def purchases(people: int = PEOPLE) -> pa.Table:
    """Person n is 20 + n % 50 years old, lives in city n % 3 and spends n % 10 + 0.50 each time."""
    numbers = [n for n in range(people) for _ in range(EACH)]
    return pa.table(
        {
            "person": pa.array(numbers, pa.int64()),
            "age": pa.array([20 + n % 50 for n in numbers], pa.int32()),
            "born": pa.array([date(1980 - n % 50, 1, 1) for n in numbers], pa.date32()),
            "spend": pa.array([n % 10 + 0.5 for n in numbers], pa.float64()),
            "city": pa.array([f"city {n % 3}" for n in numbers], pa.string()),
            "note": pa.array(["{}"] * len(numbers), pa.string()),
        }
    )


def register(folder: Path, name: str, table: pa.Table) -> DataSet:
    """A data set of the system Shop, a folder, as a scan would have it."""
    pq.write_table(table, folder / name)
    system, _ = System.objects.get_or_create(name="Shop", kind="folder", settings={"path": str(folder)})
    data_set = DataSet.objects.create(system=system, name=name, kind="file")
    for position, column in enumerate(table.schema):
        Column.objects.create(
            data_set=data_set,
            name=column.name,
            position=position,
            data_type=str(column.type),
            kind=KINDS.get(column.name, "text"),
        )
    return data_set


@pytest.fixture
def folder(tmp_path, settings):
    settings.FOLDER_ROOTS = [tmp_path]
    return tmp_path


@pytest.fixture
def shop(db, folder) -> DataSet:
    return register(folder, "purchases.parquet", purchases())


@pytest.fixture
def budget(shop) -> Budget:
    """ε 1 and δ 0.00001 each month."""
    return budgets.set_budget(shop, limit="1", delta="0.00001", reason="For the board's report")


MEAN = {
    "kind": "mean",
    "value": "spend",
    "lower": "0",
    "upper": "20",
    "decimals": 2,
    "grouping": "bands",
    "group": "age",
    "edges": ["30", "45", "60"],
    "person": "person",
    "rows_per_person": 3,
    "epsilon": "0.5",
}
