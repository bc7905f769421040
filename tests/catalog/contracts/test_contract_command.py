"""`manage.py contract`: exit statuses and output that pipelines rely on."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Contract, System
from governance.environment import PROJECT
from tests.catalog.contracts.texts import CUSTOMER


def run(*arguments: object) -> str:
    said = StringIO()
    call_command("contract", *map(str, arguments), stdout=said, stderr=StringIO())
    return said.getvalue()


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "customer.yaml"
    path.write_bytes(CUSTOMER)
    return path


SQL = "CREATE TABLE customer (customer_id int PRIMARY KEY, first_name varchar(40) NOT NULL, fax text)"


def test_it_works_in_a_pipeline_without_a_database(contract: Path, tmp_path: Path):
    (tmp_path / "schema.sql").write_text(SQL)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }

    def contract_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "contract", *arguments],
            cwd=PROJECT,
            env=kept
            | {"CONSOLE_VAR": str(tmp_path / "var"), "DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none"},
            capture_output=True,
            text=True,
            check=False,
        )

    broken = contract_command("check", str(contract), "--against", str(tmp_path / "schema.sql"))
    assert broken.returncode == 1
    assert broken.stdout.splitlines()[0] == (
        f"{contract}:23: missing_column: last_name: schema.sql has no column last_name. "
        "Bring the column back, or agree on a new version without it."
    )
    assert broken.stderr == "CommandError: 8 breaches.\n"
    unable = contract_command("check", str(contract))
    assert unable.returncode == 2
    assert "Give --against FILE to check without it." in unable.stderr
    assert "Traceback" not in unable.stderr


def test_breaches_are_printed_for_machines(contract: Path, tmp_path: Path):
    (tmp_path / "schema.sql").write_text(SQL)
    said = StringIO()
    with pytest.raises(CommandError, match="8 breaches") as broken:
        call_command(
            "contract",
            "check",
            str(contract),
            "--against",
            str(tmp_path / "schema.sql"),
            "--json",
            stdout=said,
        )
    assert broken.value.returncode == 1
    found = json.loads(said.getvalue())
    assert found["breaches"] == 8
    (one,) = found["contracts"]
    assert {key: one[key] for key in ("system", "dataset", "version", "against", "use")} == {
        "system": "Shop",
        "dataset": "public.customer",
        "version": "1.0.0",
        "against": "schema.sql",
        "use": "",
    }
    assert one["breaches"][-1] == {
        "code": "extra_column",
        "field": "fax",
        "message": "schema.sql has the column fax, which the contract does not.",
        "remedy": "Add it to the contract, or take it out of the data.",
        "line": 1,
    }


def test_a_forbidden_use_is_a_breach(contract: Path, scanned: System):
    assert run("check", contract) == "No breach in 1 contract.\n"
    said = StringIO()
    with pytest.raises(CommandError) as broken:
        call_command("contract", "check", str(contract), "--use", "advertising", stdout=said)
    assert broken.value.returncode == 1
    assert said.getvalue() == (
        f"{contract}:11: use_forbidden: advertising is forbidden for Shop / public.customer. "
        "Use other data, or agree on a new version.\n"
    )


def test_the_system_to_check_against_can_be_named(contract: Path, scanned: System):
    contract.write_bytes(CUSTOMER.replace(b"system: Shop", b"system: Staging"))
    assert run("check", contract, "--system", "Shop") == "No breach in 1 contract.\n"
    with pytest.raises(CommandError, match=r"no data set Staging / public\.customer") as unusable:
        run("check", contract)
    assert unusable.value.returncode == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: &x 1\nb: *x\n", r"bad\.yaml:2: line 2, b: Aliases"),
        (b"\xff", r"bad\.yaml:1: .*not UTF-8"),
        (b"a: 1", "apiVersion"),
    ],
)
def test_a_file_that_cannot_be_read_is_status_2(tmp_path: Path, text: bytes, words: str):
    (tmp_path / "bad.yaml").write_bytes(text)
    with pytest.raises(CommandError, match=words) as refused:
        run("check", tmp_path / "bad.yaml", "--against", tmp_path / "none.csv")
    assert refused.value.returncode == 2


def test_a_contract_goes_in_and_comes_out(contract: Path, scanned: System, tmp_path: Path):
    assert run("import", contract) == "Shop / public.customer: version 1.0.0 is a draft.\n"
    assert run("import", contract, "--activate").splitlines()[1] == (
        "Shop / public.customer: version 1.0.0 is in force. Labels: 9 added, 0 withdrawn."
    )
    assert Contract.objects.get().state == "active"
    exported = tmp_path / "out.yaml"
    exported.write_text(run("export", "Shop / public.customer"))
    assert run("diff", contract, exported) == ""
    odcs = tmp_path / "out.odcs.yaml"
    odcs.write_text(run("export", "public.customer@1.0.0", "--format", "odcs"))
    assert "status: active\n" in odcs.read_text()
    assert run("diff", contract, odcs) == "odcs: other terms → other terms\n"
    contract.write_bytes(CUSTOMER.replace(b"1.0.0", b"1.1.0").replace(b"3650", b"4000"))
    assert run("diff", "customer", contract).splitlines() == [
        "version: 1.0.0 → 1.1.0",
        "retention_days: 3650 → 4000  (protects less)",
    ]
    with pytest.raises(CommandError, match=r"no version 9; it has: 1\.0\.0") as unknown:
        run("export", "customer@9")
    assert unknown.value.returncode == 2


def test_a_data_set_without_a_contract_gives_a_first_one(scanned: System, tmp_path: Path):
    path = tmp_path / "first.yaml"
    path.write_text(run("export", "Shop / public.customer"))
    assert "\n  category: contact.email\n" in path.read_text()
    with pytest.raises(CommandError, match="breaches"):  # retention is for people to say
        run("check", path)


def test_several_contracts_are_imported_all_or_none(contract: Path, scanned: System):
    other = CUSTOMER.replace(b"public.customer", b"public.nothing")
    contract.write_bytes(CUSTOMER + b"---\n" + other)
    with pytest.raises(CommandError, match=r"no data set Shop / public\.nothing"):
        run("import", contract)
    assert not Contract.objects.exists()


def test_tags_are_written_into_a_schema(contract: Path, tmp_path: Path):
    contract.write_bytes(CUSTOMER.partition(b"  - name: first_name")[0])
    schema, target = tmp_path / "a.avsc", tmp_path / "b.avsc"
    schema.write_text(
        '{"type": "record", "name": "customer", "fields": [{"name": "customer_id", "type": "int"}]}'
    )
    run("tag", schema, "--contract", contract, "--output", target)
    assert json.loads(target.read_text())["fields"][0]["privacy.category"] == "id.customer"
