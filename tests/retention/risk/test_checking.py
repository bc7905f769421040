"""The risk that is left in a copy stands among the checks of its job."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from catalog.contracts.document import Document, Field
from tests.retention.anonymization.people import ask, worked, write

pytestmark = pytest.mark.django_db

DOCUMENT = Document(
    "1.0",
    "people",
    fields=(Field("age", category="demographic.age"), Field("city", category="contact.address.city")),
)


def checks(folder: Path, ages: list[int], rule: object) -> list[dict]:
    table = pa.table({"age": ages, "city": ["Oslo"] * len(ages)})
    source = write(folder / "in.parquet", table)
    run = worked(ask(source, folder / "out.parquet", rules={"age": rule, "city": "keep"}, document=DOCUMENT))
    assert run.outcome == "delivered", run.problem
    return [check for check in run.validation["checks"] if check["check"] == "risk"]


def test_small_classes_are_noted_and_refuse_nothing(tmp_path: Path):
    assert checks(tmp_path, [30, 30, 31, 40], "keep") == [
        {
            "check": "risk",
            "column": "",
            "result": "noted",
            "found": "k = 1 by age, city: 2 of the 4 rows stand alone",
            "count": 2,
        }
    ]


def test_it_measures_what_comes_out_and_not_what_went_in(tmp_path: Path):
    band = {"technique": "generalize_band", "parameters": {"width": 50.0}}
    (found,) = checks(tmp_path, [30, 31, 32, 33, 34, 35], band)
    assert (found["result"], found["count"]) == ("passed", 0)
    assert found["found"] == "k = 6 by age, city: 0 of the 6 rows stand alone"
