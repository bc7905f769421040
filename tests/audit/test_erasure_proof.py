"""The proof of an erasure as an outsider checks it: offline, with the verifier alone."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.ledger import verifier
from audit.ledger.models import Checkpoint
from audit.ledger.signing import signing_key
from audit.reports.base import reports
from audit.reports.making import export, make
from audit.reports.renderers import renderers
from catalog.models import System
from erasure.jobs import recheck
from erasure.models import SubjectRequest
from erasure.registry import backups
from governance.console.models import User
from tests.erasure import estate
from tests.services.fixtures import Database

MADE_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def shop(db: None, pg_database: Database) -> System:
    pg_database.execute(estate.SHOP)
    system = estate.register(pg_database)
    estate.label(system, estate.LABELS)
    estate.own_all_links(system)
    return system


@pytest.fixture
def erased(shop: System, amir: User, petra: User, emil: User, work: Callable) -> SubjectRequest:
    """Ana, erased after a backup was made, and searched for again a week later."""
    backups.note(
        shop,
        name="nightly",
        made_at=timezone.now() - timedelta(days=1),
        kept_until=timezone.localdate() + timedelta(days=30),
        by=emil,
    )
    request = estate.approve(estate.find(estate.request_of("ana@example.org", amir), amir, work), petra, work)
    SubjectRequest.objects.update(
        closed_at=request.closed_at - timedelta(days=7), look_again_at=timezone.now()
    )
    recheck()
    work()
    request.refresh_from_db()
    return request


def made(request: SubjectRequest, form: str = "json") -> bytes:
    parameters = {"request": request.reference}
    document = make(reports.get("erasure_proof")(), parameters=parameters)
    return export(document, renderers.get(form)()).body


@pytest.fixture
def proof(erased: SubjectRequest) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(made(erased))
    return told


def check(proof: dict[str, Any] | bytes, tmp_path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """As an auditor runs it: another process, outside of the console, in a folder of its own."""
    file = tmp_path / "proof.json"
    file.write_bytes(proof if isinstance(proof, bytes) else json.dumps(proof).encode())
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            verifier.__file__,
            "proof",
            str(file),
            "--key",
            str(signing_key().verifier),
            "--json",
            *more,
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={},
        check=False,
    )
    return ran.returncode, json.loads(ran.stdout)


def section(proof: dict[str, Any], heading: str) -> dict[str, Any]:
    (found,) = [each for each in proof["sections"] if each["heading"] == heading]
    return found


def test_the_proof_is_checked_offline(erased: SubjectRequest, tmp_path: Path) -> None:
    status, said = check(made(erased), tmp_path)
    assert (status, said["holds"], said["wrong"]) == (0, True, [])
    told = {each["action"]: each for each in said["entries"]}
    assert told["request.completed"]["facts"] == {"outcome": "erased"}
    assert told["erasure.verified_again"]["facts"]["rows_left"] == 0
    actions = [each["action"] for each in said["entries"]]
    assert actions.count("step.done") == 4
    assert "registry.registered" in actions
    checkpoint = Checkpoint.objects.get(size=said["size"])
    assert checkpoint.note.startswith(f"{said['origin']}\n{said['size']}\n{said['root']}\n")
    assert b"ana@example.org" not in made(erased)


def test_the_report_says_what_happened(proof: dict[str, Any]) -> None:
    looks = section(proof, "Searches after the erasure")["rows"]
    assert [(each["days_after"], each["rows_left"]) for each in looks] == [(0, 0), (7, 0)]
    held = section(proof, "Backups that still hold the person")["rows"]
    assert [(each["system"], each["backup"], each["state"]) for each in held] == [("shop", "nightly", "kept")]
    named = section(proof, "Signed checkpoint")["facts"]
    assert (named["size"], named["root"]) == (proof["ledger_proof"]["size"], proof["ledger_proof"]["root"])
    listed = [each["entry"] for each in section(proof, "Entries of the ledger")["rows"]]
    assert listed == [each["index"] for each in proof["ledger_proof"]["entries"]]


def test_an_altered_entry_is_named(proof: dict[str, Any], tmp_path: Path) -> None:
    entry = proof["ledger_proof"]["entries"][3]
    entry["body"] = entry["body"].replace("a", "b", 1)
    status, said = check(proof, tmp_path)
    assert (status, [each["entry"] for each in said["wrong"]]) == (1, [entry["index"]])
    assert said["problem"] == (
        f"Entry {entry['index']} was altered: its bytes do not have the hash that stands beside them."
    )


def test_an_altered_entry_with_its_hash_made_anew_is_named(proof: dict[str, Any], tmp_path: Path) -> None:
    entry = proof["ledger_proof"]["entries"][3]
    entry["body"] = entry["body"].replace("a", "b", 1)
    entry["leaf"] = verifier.hashlib.sha256(b"\x00" + entry["body"].encode()).hexdigest()
    status, said = check(proof, tmp_path)
    assert (status, [each["entry"] for each in said["wrong"]]) == (1, [entry["index"]])
    assert "does not lead to the root" in said["problem"]


def test_one_byte_of_a_path_is_named(proof: dict[str, Any], tmp_path: Path) -> None:
    entry = proof["ledger_proof"]["entries"][5]
    first = bytearray(verifier.base64.b64decode(entry["path"][0]))
    first[7] ^= 1
    entry["path"][0] = verifier.base64.b64encode(bytes(first)).decode()
    status, said = check(proof, tmp_path)
    assert (status, [each["entry"] for each in said["wrong"]]) == (1, [entry["index"]])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda told: told.update(root=told["root"][::-1]), "names no checkpoint that could be read"),
        (lambda told: told.update(size=told["size"] + 1), "names another origin, size or root"),
        (
            lambda told: told.update(
                checkpoint=told["checkpoint"].replace(f"\n{told['size']}\n", "\n999999\n")
            ),
            "does not fit",
        ),
        (lambda told: told["entries"].pop(2), "is listed without a proof"),
        (
            lambda told: told["entries"][0].update(index="0"),
            "The entry in place 0 of the proofs is malformed.",
        ),
        (lambda told: told.update(format="other"), "This is no report in JSON"),
    ],
)
def test_whatever_else_is_changed_does_not_hold(
    proof: dict[str, Any], tmp_path: Path, change: Callable, sentence: str
) -> None:
    change(proof["ledger_proof"])
    status, said = check(proof, tmp_path)
    assert (status, said["holds"]) == (1, False)
    assert sentence in said["problem"]


def test_the_report_may_not_say_something_else(proof: dict[str, Any], tmp_path: Path) -> None:
    row = section(proof, "Entries of the ledger")["rows"][4]
    row["action"] = "plan.rejected"
    status, said = check(proof, tmp_path)
    assert (status, [each["entry"] for each in said["wrong"]]) == (1, [row["entry"]])
    assert "says something else" in said["problem"]


def test_the_key_is_the_auditors_own(proof: dict[str, Any], tmp_path: Path) -> None:
    other = "elsewhere.example+" + str(signing_key().verifier).partition("+")[2]
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    assert verifier.main(["proof", str(tmp_path / "proof.json"), "--key", other]) == 2


def test_the_same_data_give_the_same_proof(erased: SubjectRequest) -> None:
    first, second = (json.loads(made(erased)) for _ in range(2))
    assert first["ledger_proof"] == second["ledger_proof"]
    assert first["sections"] == second["sections"]
