"""Fetching a package: once, from where a download broke off, and again by a new link that the ledger knows of."""

import os
import re
from datetime import timedelta

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from erasure.answers.models import Link
from erasure.models import Package, PackagePart, SubjectRequest
from erasure.packages import fetching
from erasure.packages.sealing import PART_BYTES
from erasure.requests.states import NotNow
from governance.console.models import User
from tests.erasure.answering import stored_as
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import outbox
from tests.erasure.officers import text_of
from tests.people import api_of

CONTENT = os.urandom(2 * PART_BYTES + 7)


def package_of(kind: str, amir: User) -> tuple[Package, str]:
    asked = request_of("ana@example.org", amir, kind=kind)
    SubjectRequest.objects.update(state="found")
    asked.refresh_from_db()
    return asked.package if hasattr(asked, "package") else None, stored_as(asked, CONTENT)


@pytest.fixture
def stored(amir: User) -> tuple[Package, str]:
    _, secret = package_of("access", amir)
    return Package.objects.get(), secret


def ticket(sam: Client, secret: str) -> str:
    return sam.post(f"/privacy/package/{secret}/")["Location"]


def test_a_link_works_once(stored: tuple[Package, str], sam: Client) -> None:
    _, secret = stored
    file = ticket(sam, secret)
    assert Link.objects.get().state == "open"
    assert b"".join(sam.get(file).streaming_content) == CONTENT
    assert Link.objects.get().state == "used"
    assert sam.get(f"/privacy/package/{secret}/").status_code == 410
    assert sam.post(f"/privacy/package/{secret}/").status_code == 410
    assert sam.get(file).status_code == 410
    assert Package.objects.get().downloads == 1
    assert len(entries("package.read")) == 1


@pytest.mark.parametrize("start", [1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 5, 2 * PART_BYTES + 6])
def test_a_download_that_broke_off_goes_on_where_it_was(
    stored: tuple[Package, str], sam: Client, start: int
) -> None:
    package, secret = stored
    file = ticket(sam, secret)
    whole = sam.get(file)
    next(whole.streaming_content)
    assert Link.objects.get().completed_at is None
    rest = sam.get(file, HTTP_RANGE=f"bytes={start}-", HTTP_IF_RANGE=whole["ETag"])
    assert (rest.status_code, rest["Content-Range"]) == (
        206,
        f"bytes {start}-{package.size - 1}/{package.size}",
    )
    assert b"".join(rest.streaming_content) == CONTENT[start:]
    assert Link.objects.get().completed_at is not None
    assert Package.objects.get().downloads == 1


def test_a_range_is_only_taken_for_the_same_file(stored: tuple[Package, str], sam: Client) -> None:
    _, secret = stored
    file = ticket(sam, secret)
    for headers in ({"HTTP_RANGE": "bytes=0-5"}, {"HTTP_RANGE": "bytes=5-", "HTTP_IF_RANGE": '"other"'}):
        answer = sam.get(file, **headers)
        assert (answer.status_code, answer["Content-Length"]) == (200, str(len(CONTENT)))
    assert sam.get(file, HTTP_RANGE=f"bytes={len(CONTENT)}-").status_code == 416


def test_a_ticket_lives_an_hour_and_is_not_to_be_forged(
    stored: tuple[Package, str], sam: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = stored
    file = ticket(sam, secret)
    forged = signing.dumps(Link.objects.get().pk, salt="other")
    assert sam.get(f"/privacy/package/file/{forged}/").status_code == 410
    monkeypatch.setattr(fetching, "AN_HOUR", timedelta(seconds=-1))
    assert sam.get(file).status_code == 410


def test_a_download_that_begins_in_the_middle_is_recorded_too(
    stored: tuple[Package, str], sam: Client, amir: User
) -> None:
    _, secret = stored
    file = ticket(sam, secret)
    for start in (1, 2):
        b"".join(sam.get(file, HTTP_RANGE=f"bytes={start}-").streaming_content)
    assert (Package.objects.get().downloads, len(entries("package.read"))) == (1, 1)


def test_another_link_ends_the_ticket_of_the_first(
    stored: tuple[Package, str], sam: Client, amir: User
) -> None:
    """Whoever has taken the first one from the mailbox may have pressed its button already."""
    package, secret = stored
    file = ticket(sam, secret)
    fetching.issue_again(package, by=amir)
    assert sam.get(file).status_code == 410
    assert sam.get(file, HTTP_RANGE="bytes=1-").status_code == 410
    assert not entries("package.read")


def test_an_officer_sends_another_link_and_the_first_one_stops(
    stored: tuple[Package, str], officer: Client, sam: Client, django_capture_on_commit_callbacks
) -> None:
    package, secret = stored
    with django_capture_on_commit_callbacks(execute=True):
        answer = officer.post(f"{package.request.get_absolute_url()}package/link/")
    assert answer.status_code == 302
    assert sam.get(f"/privacy/package/{secret}/").status_code == 410
    (path,) = re.findall(r"http://testserver(/privacy/package/\S+)", outbox()[-1].body)
    assert sam.get(path).status_code == 200
    assert [(each.state, each.issued_by is None) for each in Link.objects.order_by("pk")] == [
        ("expired", True),
        ("open", False),
    ]
    assert entries("package.link_issued")[-1] == {"recipient": "data subject", "controller": ""}


def test_what_is_portable_goes_to_another_controller(
    amir: User, officer: Client, sam: Client, django_capture_on_commit_callbacks
) -> None:
    package_of("portability", amir)
    package = Package.objects.get()
    url = f"{package.request.get_absolute_url()}package/transmit/"
    assert officer.post(url, {"controller": "", "email": "nobody"}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        officer.post(url, {"controller": "Other Bank", "email": "intake@other-bank.example"})
    letter = outbox()[-1]
    assert letter.to == ["intake@other-bank.example"]
    assert "ana@example.org" not in letter.body
    (path,) = re.findall(r"http://testserver(/privacy/package/\S+)", letter.body)
    file = sam.post(path)["Location"]
    assert b"".join(sam.get(file).streaming_content) == CONTENT
    assert {each.controller: each.state for each in Link.objects.all()} == {"": "open", "Other Bank": "used"}
    assert entries("package.link_issued")[-1] == {"recipient": "controller", "controller": "Other Bank"}
    assert "Other Bank" in text_of(officer.get(package.request.get_absolute_url()))


def test_only_what_is_portable_is_transmitted(stored: tuple[Package, str], amir: User) -> None:
    package, _ = stored
    with pytest.raises(NotNow, match="Only what is portable"):
        fetching.transmit(package, controller="Other", email="a@other.example", by=amir)
    url = f"/api/v1/requests/{package.request.pk}/package/transmit/"
    answer = api_of(amir).post(url, {"controller": "Other", "email": "a@other.example"}, format="json")
    assert answer.status_code == 409


def test_another_controller_has_a_name_and_an_address(amir: User) -> None:
    package_of("portability", amir)
    package = Package.objects.get()
    for given in ({"controller": " ", "email": "a@b.org"}, {"controller": "x", "email": "nobody"}):
        with pytest.raises(ValidationError):
            fetching.transmit(package, **given, by=amir)
    assert Link.objects.count() == 1


def test_a_package_that_is_not_whole_cannot_be_fetched(
    stored: tuple[Package, str], officer: Client, sam: Client
) -> None:
    package, secret = stored
    Package.objects.update(sha256="")
    assert sam.get(f"/privacy/package/{secret}/").status_code == 410
    assert officer.post(f"{package.request.get_absolute_url()}package/download/").status_code == 409
    assert officer.post(f"{package.request.get_absolute_url()}package/link/").status_code == 409
    Package.objects.update(sha256="0", expires_at=timezone.now())
    assert sam.get(f"/privacy/package/{secret}/").status_code == 410
    assert PackagePart.objects.count() == 3
