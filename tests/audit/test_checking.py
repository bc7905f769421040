"""A report that somebody holds: known to the log or not, in the console and offline with the verifier alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from audit.ledger import guarding, verifier
from audit.ledger.context import acting
from audit.ledger.models import Entry
from audit.ledger.signing import signing_key
from audit.reports.base import reports
from audit.reports.checking import check_file, proof_of_making
from audit.reports.making import export, make
from audit.reports.renderers import renderers
from governance.activities.models import Organisation
from governance.console.models import User
from tests.people import api_of, client_of

FORMS = ("csv", "html", "json", "pdf", "xlsx")


@pytest.fixture
def made(vera: User) -> dict[str, bytes]:
    """One report in every form, made by Vera."""
    Organisation.objects.create(name="Shop Ltd", contact="office@shop.example")
    report = make(reports.get("article_30")(), parameters={})
    with acting(vera.as_actor()):
        return {form: export(report, renderers.get(form)()).body for form in FORMS}


def offline(folder: Path, body: bytes, *more: str) -> tuple[int, dict[str, Any]]:
    """As an auditor runs it: another process, without the console, in a folder of its own."""
    (folder / "report").write_bytes(body)
    key = str(signing_key().verifier)
    ran = subprocess.run(
        [sys.executable, "-I", verifier.__file__, "report", "report", "--key", key, "--json", *more],
        capture_output=True,
        text=True,
        cwd=folder,
        env={},
        check=False,
    )
    return ran.returncode, json.loads(ran.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_known_by_its_bytes(made: dict[str, bytes], vera: User, form: str) -> None:
    found = check_file([made[form][:100], made[form][100:]])
    (making,) = found.makings
    assert (found.known, making.kind, making.form, making.actor) == (
        True,
        "article_30",
        form,
        str(vera.public_id),
    )
    assert making.included is not None
    assert making.included.size > making.entry >= making.size
    assert making.content == json.loads(made["json"])["content_sha256"]
    assert not check_file([made[form] + b" "]).known


def test_a_report_made_again_is_the_same_file(made: dict[str, bytes]) -> None:
    again = make(reports.get("article_30")(), parameters={})
    for form in FORMS:
        assert export(again, renderers.get(form)()).body == made[form]
    assert [making.form for making in check_file([made["pdf"]]).makings] == ["pdf", "pdf"]


def test_what_a_changed_file_says_is_looked_up(made: dict[str, bytes]) -> None:
    told = json.loads(made["json"])
    found = check_file([json.dumps(told).encode()])
    assert (found.known, found.makings, found.claims) == (False, (), told["content_sha256"])
    assert {making.form for making in found.same} == set(FORMS)
    told["conclusion"] = "Complete."
    assert check_file([json.dumps(told).encode()]).same == ()
    for harmless in (b"", b"{", b"[]", b'{"report": 1}', b"\xff\xfe"):
        assert check_file([harmless]).same == ()


def test_an_entry_that_was_altered_proves_nothing(made: dict[str, bytes]) -> None:
    guarding.sign()
    entry = Entry.objects.get(number=check_file([made["csv"]]).makings[0].entry)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        body = bytes(entry.body).replace(b'"entries":', b'"entries":1')
        Entry.objects.filter(number=entry.number).update(body=body)
        cursor.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
    found = check_file([made["csv"]])
    assert (found.known, len(found.makings)) == (False, 1)
    assert found.makings[0].problem.startswith("The proof does not hold. Leaf ")


@pytest.mark.parametrize("form", FORMS)
def test_offline_by_its_proof(made: dict[str, bytes], tmp_path: Path, form: str) -> None:
    entry = check_file([made[form]]).makings[0].entry
    (tmp_path / "proof").write_text(json.dumps(proof_of_making(Entry.objects.get(number=entry))))
    status, said = offline(tmp_path, made[form], "--proof", "proof")
    assert (status, said["holds"], [each["entry"] for each in said["recorded"]]) == (0, True, [entry])
    assert bool(said["says"]) is (form == "json")
    status, said = offline(tmp_path, made[form] + b"\n", "--proof", "proof")
    assert (status, said["problem"]) == (
        1,
        "The log does not say that this file was made: it was changed, or never was ours.",
    )


def test_offline_by_an_export(made: dict[str, bytes], tmp_path: Path, settings: Any) -> None:
    settings.LEDGER_WORM = f"file://{tmp_path}/export"
    guarding.export_now()
    for form in ("json", "pdf"):
        status, said = offline(tmp_path, made[form], "--export", "export")
        assert (status, [each["facts"]["format"] for each in said["recorded"]]) == (0, [form])
    assert said["size"] == Entry.objects.count()
    status, said = offline(tmp_path, b"another", "--export", "export")
    assert status == 1
    assert said["problem"].endswith(
        f"The export ends with entry {Entry.objects.count() - 1}: the file may be younger."
    )


def test_offline_by_itself_a_report_shows_whether_it_is_whole(made: dict[str, bytes], tmp_path: Path) -> None:
    status, said = offline(tmp_path, made["json"])
    checkpoint = json.loads(made["json"])["checkpoint"]
    assert (status, said["recorded"]) == (0, [])
    assert (said["says"]["size"], said["says"]["root"]) == (checkpoint["size"], checkpoint["root"])
    changed = json.loads(made["json"])
    changed["sections"][0]["facts"]["name"] = "Other Ltd"
    assert offline(tmp_path, json.dumps(changed).encode())[1]["problem"] == (
        "The content of the report was changed: it has another digest than the one it names."
    )
    forged = json.loads(made["json"])
    forged["checkpoint"]["size"] += 1
    assert offline(tmp_path, json.dumps(forged).encode())[1]["problem"] == (
        "The report names another origin, size or root than its signed checkpoint."
    )
    assert offline(tmp_path, b'{"a": 1}')[1]["problem"] == ("This is no report in JSON (privacy-report/1).")
    assert offline(tmp_path, made["csv"])[1]["problem"] == (
        "Whether the log knows this file: give --export or --proof."
    )


# Doors


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_page(made: dict[str, bytes], vera: User, amir: User, emil: User, sam: Client) -> None:
    browser = client_of(vera)
    assert 'href="/reports/check/"' in text(browser.get("/reports/"))
    assert 'enctype="multipart/form-data"' in text(browser.get("/reports/check/"))
    file = SimpleUploadedFile("record.pdf", made["pdf"])
    shown = text(browser.post("/reports/check/", {"file": file}))
    entry = check_file([made["pdf"]]).makings[0].entry
    assert "is, byte by byte, a report that this console made" in shown
    assert f'href="/ledger/{entry}/"' in shown
    assert "<dd>Vera</dd>" in shown
    proof = browser.get(f"/reports/check/{entry}/proof/")
    assert json.loads(proof.content) == proof_of_making(Entry.objects.get(number=entry))
    other = browser.post("/reports/check/", {"file": SimpleUploadedFile("x.pdf", b"%PDF-1.7")})
    assert (other.status_code, "The log does not know <strong>x.pdf</strong>" in text(other)) == (200, True)
    assert browser.post("/reports/check/").status_code == 422
    assert browser.post("/reports/check/", {"file": SimpleUploadedFile("x", b"")}).status_code == 422
    assert browser.get("/reports/check/999999/proof/").status_code == 404
    assert client_of(emil).post("/reports/check/").status_code == 403
    assert sam.get("/reports/check/").status_code == 302


def test_over_rest(made: dict[str, bytes], vera: User) -> None:
    api, found = api_of(vera), check_file([made["xlsx"]])
    answer = api.get("/api/v1/reports/check/", {"sha256": found.sha256.upper()})
    told = answer.json()
    assert (answer.status_code, told["known"]) == (200, True)
    (making,) = told["makings"]
    assert (making["entry"], making["format"], making["problem"]) == (found.makings[0].entry, "xlsx", "")
    assert making["proof"] == proof_of_making(Entry.objects.get(number=making["entry"]))
    assert api.get("/api/v1/reports/check/", {"sha256": "0" * 64}).json() == {
        "sha256": "0" * 64,
        "known": False,
        "makings": [],
    }
    assert api.get("/api/v1/reports/check/", {"sha256": "0"}).status_code == 400


def test_the_command(made: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "record").write_bytes(made["html"])
    call_command("check_report", tmp_path / "record", proof=tmp_path / "proof")
    assert "article_30 as html, at the checkpoint of " in capsys.readouterr().out
    assert offline(tmp_path, made["html"], "--proof", "proof")[0] == 0
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        call_command("check_report", tmp_path / "record", proof=tmp_path / "proof")
    (tmp_path / "record").write_bytes(made["html"] + b"<!-- -->")
    with pytest.raises(CommandError, match=r"The log does not know this file \(SHA-256 [0-9a-f]{64}\)\."):
        call_command("check_report", tmp_path / "record")
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("check_report", tmp_path / "none")
