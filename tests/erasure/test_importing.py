"""Requests from a file: all of its lines or none, none of them twice, and each problem told with its line."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils.timezone import localdate
from rest_framework.test import APIClient

from erasure.models import SubjectRequest
from erasure.requests import importing, intake
from erasure.requests.models import Import, Imported
from erasure.requests.reading_files import MOST, look
from erasure.requests.states import NotNow
from tests.erasure.estate import entries
from tests.people import api_of, client_of

GOOD = b"""reference,kind,email,customer_number,regime,language,received_on,identity
T-1,erasure,ana@example.org,C-17,EU-GDPR,de,,
T-2,access,bo@example.org,,UK-GDPR,,,Came with a passport.
T-3,opt out,,C-18,CCPA,,,
"""


def problems(content: bytes) -> list[str]:
    return [str(problem) for problem in look(content).problems]


def test_a_file_becomes_requests(amir) -> None:
    assert importing.take(importing.keep(GOOD, by=amir)) == importing.Taken(received=3, repeated=0)
    asked = {each.external: each.request for each in Imported.objects.select_related("request")}
    assert [(a.kind, a.channel, a.regime, a.language, a.state) for a in asked.values()] == [
        ("erasure", "file", "EU-GDPR", "de", "received"),
        ("access", "file", "UK-GDPR", "en", "verified"),
        ("opt out", "file", "CCPA", "en", "complete"),
    ]
    assert asked["T-2"].verified_how == "Came with a passport."
    assert entries("requests.imported") == [
        {"sha256": Import.objects.get().sha256, "received": 3, "repeated": 0}
    ]
    assert Import.objects.get().sealed is None


def test_the_same_file_again_changes_nothing(amir) -> None:
    importing.take(importing.keep(GOOD, by=amir))
    assert importing.take(importing.keep(GOOD, by=amir)) == importing.Taken(received=0, repeated=3)
    assert SubjectRequest.objects.count() == 3


def test_an_open_request_of_the_person_is_the_one_that_goes_on(amir) -> None:
    open_already = intake.receive(
        kind="erasure", identifiers=[(intake.EMAIL, "ANA@example.org")], channel="form"
    )
    assert importing.take(importing.keep(GOOD, by=amir)) == importing.Taken(received=2, repeated=1)
    assert Imported.objects.get(external="T-1").request == open_already


def test_the_clock_counts_from_the_day_it_came(amir) -> None:
    yesterday = (localdate() - timedelta(days=1)).isoformat()
    importing.take(
        importing.keep(
            f"reference,kind,email,received_on\nT,access,a@example.org,{yesterday}\n".encode(), by=amir
        )
    )
    asked = SubjectRequest.objects.get()
    assert localdate(asked.received_at).isoformat() == yesterday
    assert asked.due_on == intake.deadline("EU-GDPR", asked.received_at)


def test_a_broken_line_changes_nothing(amir) -> None:
    broken = GOOD + b"T-4,erasure,nobody,,,,,\n"
    with pytest.raises(ValidationError) as refusal:
        importing.keep(broken, by=amir)
    assert refusal.value.messages == ["Line 5: email: This is not an e-mail address."]
    assert (SubjectRequest.objects.count(), Import.objects.count()) == (0, 0)
    assert entries("requests.imported") == []


HEADER = b"reference,kind,email\n"
KNOWN = "reference, kind, email, customer_number, regime, language, ground, received_on, identity"
KINDS = "access, rectification, erasure, restriction, portability, objection, opt out"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ["Line 1: the file is empty: its first line names reference, kind, email."]),
        (HEADER, ["Line 1: there is nothing below the header: add a line for each request."]),
        (b"reference,kind\n", ["Line 1: there is no column email: add it."]),
        (b"reference,kind,email,shoe\n", [f"Line 1: column 4 has no name that is known: use {KNOWN}."]),
        (b"reference,kind,email,email\n", ["Line 1: the column email stands there twice: remove one."]),
        (HEADER + b"T,access\n", ["Line 2: there are 2 cells under 3 columns: quote what holds a comma."]),
        (
            HEADER + b",access,a@example.org\n",
            ["Line 2: reference is empty: give the reference of your own system."],
        ),
        (HEADER + b"T,delete,a@example.org\n", [f"Line 2: there is no such kind: use {KINDS}."]),
        (
            HEADER + b"=1+1,access,a@example.org\n",
            ["Line 2: reference begins like a formula: remove the first character."],
        ),
        (
            HEADER + b"T,access,a@example.org\n\nT,erasure,b@example.org\n",
            ["Line 4: the reference stands in line 2 too: give each line its own."],
        ),
        (
            HEADER + b'T,access,"a@example.org\n',
            ["Line 2: a quote is not closed, or a cell is too long: mend it."],
        ),
        (
            HEADER + b"T,access,\xff@example.org\n",
            ["Line 2: this is not UTF-8: save the file as \u201cCSV UTF-8\u201d."],
        ),
        (
            HEADER + b"T,access,\x00\n",
            ["Line 2: there is a null character: save the file as \u201cCSV UTF-8\u201d."],
        ),
        (b"x" * (2 * 1024 * 1024 + 1), ["Line 1: the file has more than 2 MB: split it."]),
        (
            b"reference,kind,email,received_on\nT,access,a@example.org,2999-01-01\n",
            ["Line 2: received_on lies ahead, or more than a year back: check it."],
        ),
    ],
    ids=range(15),
)
def test_what_is_wrong_is_told_with_its_line_and_its_remedy(
    db: None, content: bytes, told: list[str]
) -> None:
    assert problems(content) == told


def test_a_hundred_thousand_lines_are_refused_at_once(db: None) -> None:
    content = HEADER + b"".join(b"%d,access,a@b.de\n" % number for number in range(100_000))
    assert problems(content) == [f"Line {MOST + 2}: a file has at most 2,000 lines: split it."]


def test_excels_own_way_of_writing_is_read(db: None) -> None:
    assert [
        line.external
        for line in look(b"\xef\xbb\xbfReference;Kind;Email\r\nT-1;Access;a@example.org\r\n").lines
    ] == ["T-1"]


def test_the_page_shows_what_would_come_and_takes_it_over_by_a_button(amir, petra) -> None:
    browser = client_of(amir)
    refused = browser.post("/requests/import/", {"file": SimpleUploadedFile("r.csv", HEADER)})
    assert refused.status_code == 422
    assert "Line 1: there is nothing below the header" in refused.content.decode()
    shown = browser.post("/requests/import/", {"file": SimpleUploadedFile("r.csv", GOOD)}, follow=True)
    text = shown.content.decode()
    assert "3 lines; 3 not taken over before." in text
    assert "ana@example.org" not in text
    assert not SubjectRequest.objects.exists()
    path = shown.redirect_chain[-1][0]
    assert client_of(petra).post(path).status_code == 404
    done = browser.post(path, follow=True)
    assert "3 received; 0 were here already" in done.content.decode()
    again = browser.post(path, follow=True)
    assert "This file was taken over, or a day has passed" in again.content.decode()
    assert SubjectRequest.objects.count() == 3


def test_the_api_looks_and_takes_over(amir) -> None:
    api: APIClient = api_of(amir)
    looked = api.post("/api/v1/requests/import/", {"csv": GOOD.decode(), "dry_run": True}, format="json")
    assert (looked.status_code, looked.json()) == (200, {"lines": 3, "received": 3, "repeated": 0})
    assert not SubjectRequest.objects.exists()
    taken = api.post("/api/v1/requests/import/", {"csv": GOOD.decode()}, format="json")
    assert (taken.status_code, taken.json()) == (200, {"lines": 3, "received": 3, "repeated": 0})
    refused = api.post("/api/v1/requests/import/", {"csv": "reference,kind"}, format="json")
    assert refused.status_code == 400
    assert "Line 1: there is no column email: add it." in refused.content.decode()


def test_the_command_takes_over_and_says_what_is_wrong(db: None, tmp_path: Path) -> None:
    good, bad, out = tmp_path / "good.csv", tmp_path / "bad.csv", StringIO()
    good.write_bytes(GOOD)
    bad.write_bytes(HEADER)
    call_command("requests", "import", str(good), "--dry-run", stdout=out)
    assert not SubjectRequest.objects.exists()
    call_command("requests", "import", str(good), stdout=out)
    assert out.getvalue() == "3 lines, 0 of them taken over before.\n3 received, 0 were here already.\n"
    with pytest.raises(CommandError, match=r"Line 1: there is nothing below the header"):
        call_command("requests", "import", str(bad))


def test_a_file_that_nobody_confirms_is_destroyed(amir) -> None:
    kept = importing.keep(GOOD, by=amir)
    assert importing.forget() == 0
    Import.objects.update(made_at=kept.made_at - importing.KEPT)
    assert importing.forget() == 1
    with pytest.raises(NotNow, match="choose it again"):
        importing.take(kept)
