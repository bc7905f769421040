"""What an auditor reads of anonymization: every job with the technique of each field, and every charge to a budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.reports.base import Section, reports
from catalog.models import DataSet, System
from governance.console.models import User
from retention.anonymization.models import Run
from retention.statistics import allotments, budgets
from tests.retention.anonymization.people import RULES, ask, customers, worked, write
from tests.retention.anonymization.techniques import small_techniques

__all__ = ["small_techniques"]
pytestmark = pytest.mark.django_db


def sections(kind: str) -> dict[str, Section]:
    return {section.heading: section for section in reports.get(kind)().build().sections}


@pytest.mark.usefixtures("small_techniques")
def test_a_job_stands_with_its_fields_its_validation_and_its_output(tmp_path: Path):
    write(tmp_path / "in.parquet", customers(20))
    run = worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet"))
    assert run.outcome == Run.Outcome.DELIVERED
    found = sections("anonymization")
    (job,) = (dict(zip(found["Jobs"].columns, row, strict=True)) for row in found["Jobs"].rows)
    assert (job["Job"], job["State"], job["Rows"]) == (str(run.pk), "delivered", 20)
    assert (job["Output"], job["SHA-256 of the output"]) == (str(tmp_path / "out.parquet"), run.digest)
    assert (job["Operator"], job["Validation"]) == (
        "test",
        f"passed, {len(run.validation['checks'])} checks",
    )
    fields = found["Technique of each field"]
    rows = [dict(zip(fields.columns, row, strict=True)) for row in fields.rows]
    assert {row["Field"]: row["Technique"] for row in rows} == RULES
    assert {row["Reason"] for row in rows} == {"By hand."}


def test_every_line_of_a_budget_stands_with_what_it_was_for(amir: User):
    system = System.objects.create(name="Shop", kind="postgresql")
    data_set = DataSet.objects.create(system=system, name="public.customer", kind="table")
    budget = budgets.set_budget(data_set, limit="2", delta="0.000001", reason="Research", by=amir)
    allotments.allot(budget, name="churn model", amount="0.5", delta="0.0000001", by=amir)
    found = sections("privacy_budgets")
    (row,) = (dict(zip(found["Budgets"].columns, row, strict=True)) for row in found["Budgets"].rows)
    assert (row["Data set"], row["Charged in all"], row["Charges"]) == ("Shop / public.customer", "ε 0.5", 1)
    (line,) = (dict(zip(found["Lines"].columns, row, strict=True)) for row in found["Lines"].rows)
    assert (line["Line"], line["Amount"], line["Delta"]) == ("Charged", "ε 0.5", "0.0000001")
    (share,) = found["Shares for training"].rows
    assert list(share)[:3] == ["Shop / public.customer", "churn model", "ε 0.5"]
