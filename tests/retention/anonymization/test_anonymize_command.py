"""`manage.py anonymize`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from retention.anonymization.models import Run
from tests.retention.anonymization.people import customers, write

# The job works in a thread with a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)

CONTRACT = """
apiVersion: privacy-console/v1
kind: DataContract
version: 1.0.0
dataset: {name: customers}
forbidden_uses: [advertising]
fields:
  - {name: id, category: id.customer}
  - {name: name, category: name.full}
  - {name: email, category: contact.email, masking: {analytics: {technique: mask_email, parameters: {local: first}}}}
  - {name: city, category: contact.address.city}
  - {name: spent, category: none}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return write(tmp_path / "in.parquet", customers(50))


def anonymize(*arguments: Any) -> str:
    out = StringIO()
    call_command("anonymize", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(*arguments: Any) -> tuple[int, str]:
    with pytest.raises(CommandError) as error:
        anonymize(*arguments)
    return error.value.returncode, str(error.value)


def test_a_file_is_anonymized_by_its_contract(source: Path, tmp_path: Path):
    out = tmp_path / "out.parquet"
    said = anonymize(source, out, "--contract", tmp_path / "contract.yaml")
    run = Run.objects.get()
    assert said == f"50 rows in {out}, sha256 {run.digest}\n"
    table = pq.read_table(out)
    assert table.column_names == ["id", "email", "city", "spent"]
    assert table.column("email").to_pylist()[0] == "p*****@example.org"
    assert (run.rules["person"], run.contract) == ("id", "customers 1.0.0")


def test_json_is_for_programs(source: Path, tmp_path: Path):
    found = json.loads(
        anonymize(source, tmp_path / "out.csv", "--contract", tmp_path / "contract.yaml", "--json")
    )
    assert (found["outcome"], found["rows"], found["location"]) == (
        "delivered",
        50,
        str(tmp_path / "out.csv"),
    )
    assert found["validation"]["passed"] is True


def test_a_dry_run_shows_rules_and_ten_rows_and_starts_nothing(source: Path, tmp_path: Path):
    arguments = (source, tmp_path / "out.parquet", "--contract", tmp_path / "contract.yaml", "--dry-run")
    words = anonymize(*arguments)
    assert 'email   mask_email {"local":"first"}' in words
    assert "The contract says so for analytics." in words
    assert "p*****@example.org" in words
    found = json.loads(anonymize(*arguments, "--json"))
    assert len(found["preview"]["before"]) == len(found["preview"]["after"]) == 10
    assert not Run.objects.exists()
    assert not (tmp_path / "out.parquet").exists()


def test_rules_of_a_file_come_before_the_contract(source: Path, tmp_path: Path):
    (tmp_path / "rules.yaml").write_text("email: drop\ncity: {technique: redact, reason: Towns are small.}\n")
    contract = tmp_path / "contract.yaml"
    anonymize(source, tmp_path / "o.parquet", "--contract", contract, "--rules", tmp_path / "rules.yaml")
    run = Run.objects.get()
    reasons = {rule["column"]: rule["reason"] for rule in run.rules["rules"]}
    assert (reasons["email"], reasons["city"]) == ("By rules.yaml.", "By rules.yaml. Towns are small.")
    assert pq.read_table(tmp_path / "o.parquet").column("city").unique().to_pylist() == ["[redacted]"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--use", "advertising"], "forbids the use advertising"),
        (["--person", "nobody"], "There is no column nobody in the source."),
    ],
)
def test_what_cannot_be_done_so_ends_with_two(source: Path, tmp_path: Path, arguments: list, said: str):
    contract = ["--contract", tmp_path / "contract.yaml"]
    status, words = refused(source, tmp_path / "out.parquet", *contract, *arguments)
    assert (status, said in words) == (2, True), words
    assert not Run.objects.exists()


def test_wrong_paths_and_files_end_with_two(source: Path, tmp_path: Path):
    contract = ["--contract", tmp_path / "contract.yaml"]
    assert (
        "There is no file or folder" in refused(tmp_path / "no.parquet", tmp_path / "o.parquet", *contract)[1]
    )
    assert "There is no folder" in refused(source, tmp_path / "no" / "o.parquet", *contract)[1]
    assert "no suffix of a format" in refused(source, tmp_path / "o.xlsx", *contract)[1]
    status, words = refused(source, tmp_path / "o.parquet")
    assert (status, "spent (" in words) == (2, True)  # a scan alone lets nothing pass
    (tmp_path / "rules.yaml").write_text("- email\n")
    status, words = refused(source, tmp_path / "o.parquet", *contract, "--rules", tmp_path / "rules.yaml")
    assert (status, "Rules are a mapping" in words) == (2, True)


@pytest.mark.usefixtures("small_techniques")
def test_a_leak_ends_with_one_and_delivers_nothing(source: Path, tmp_path: Path):
    (tmp_path / "rules.yaml").write_text("email: shout\nid: keep\n")
    rules = ["--rules", tmp_path / "rules.yaml", "--contract", tmp_path / "contract.yaml"]
    status, words = refused(source, tmp_path / "out.parquet", *rules)
    assert (status, "email: 43 of its 43 values came out of the source" in words) == (1, True), words
    assert not (tmp_path / "out.parquet").exists()
