"""Nothing of a person in an export: many ways through the console, then every byte of every file is looked through."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.ledger import chain
from audit.ledger.context import acting
from audit.ledger.models import Entry, PersonKey
from audit.ledger.sealed import DESTROYED, destroy_key, open_facts
from audit.ledger.worm.exporting import export
from audit.ledger.worm.folder import FolderPlace
from audit.reports.base import reports
from audit.reports.making import make
from catalog.models import Column, System
from erasure.models import SubjectRequest
from erasure.requests import identity, intake
from governance.console.models import User
from tests.audit.test_exporting import check
from tests.erasure import estate
from tests.erasure.letters import link
from tests.people import api_of, client_of
from tests.retention.anonymization.people import ask, customers, worked, write
from tests.retention.anonymization.techniques import small_techniques
from tests.services.fixtures import Database

__all__ = ["small_techniques"]
ADDRESS, NAME, PHONE, STREET = (
    "quilla.vandermolen@example.org",
    "Quilla Vandermolen",
    "+55 11 4747474",
    "Rua Xavantes 909",
)
CUSTOMER, NETWORK, FILE = "C-99173-Q", "203.0.113.77", "vandermolen-passport.png"
STAFF = {
    "username": "ottoline.f",
    "first_name": "Ottoline",
    "last_name": "Fairweather",
    "email": "ottoline@staff.example",
    "role": "steward",
}
OFFICER = "Featherstonehaugh"
GUESSED = "zoltan.quaife@example.net"
SEEDS = [
    ADDRESS, NAME, "Vandermolen", PHONE, STREET, CUSTOMER, NETWORK, FILE, "Ottoline", "Fairweather", STAFF["email"],
    "ottoline.f", GUESSED, OFFICER, "Person Number7", "p6@example.org",
]  # fmt: skip


@pytest.fixture
def shop(db: None, pg_database: Database) -> System:
    seeded = estate.SHOP.replace("ana@example.org", ADDRESS).replace("Ana@Example.org", ADDRESS.title())
    seeded = seeded.replace("Ana Lima", NAME).replace("+55 11 91234", PHONE).replace("Rua A 1", STREET)
    pg_database.execute(seeded.replace("10.0.0.1'", f"{NETWORK}'"))
    system = estate.register(pg_database)
    estate.label(system, estate.LABELS)
    estate.own_all_links(system)
    return system


def asks_herself(sam: Client, commit: Callable) -> SubjectRequest:
    """By the public form and the link in the letter, and somebody else who guesses at the sign-in."""
    with commit(execute=True):
        sam.post(
            "/privacy/",
            {"kind": "access", "email": ADDRESS, "place": "EU-GDPR", "customer_number": CUSTOMER},
            REMOTE_ADDR=NETWORK,
        )
    with commit(execute=True):
        sam.post(link("confirm"), {}, REMOTE_ADDR=NETWORK)
    sam.post("/sign-in/", {"username": GUESSED, "password": "guess"}, REMOTE_ADDR=NETWORK)
    found: SubjectRequest = SubjectRequest.objects.get()
    assert found.state == "verified"
    return found


def officers_work(asked: SubjectRequest, shop: System, amir: User, emil: User, ada: User, dana: User) -> None:
    officer, url = client_of(amir), f"/requests/{asked.pk}/"
    for door, given in (
        ("notes/", {"kind": "internal", "text": f"{NAME} called from {PHONE}."}),
        ("write/", {"text": f"Dear {NAME}, we are looking."}),
        ("files/", {"file": SimpleUploadedFile(FILE, b"\x89PNG\r\n\x1a\n" + NAME.encode(), "image/png")}),
        ("identifiers/add/", {"category": "id.customer", "value": f"{CUSTOMER}-2"}),
        ("search/", {}),
    ):
        assert officer.post(f"{url}{door}", given).status_code in (200, 302), door
    assert client_of(ada).post("/people/add/", STAFF).status_code == 302
    column = Column.objects.get(data_set__name="public.customer", name="email")
    officer.post(f"/columns/{column.pk}/values/", {"reason": "A complaint."})
    client_of(dana).post(f"/columns/{column.pk}/values/")
    program = api_of(emil)
    tokens = {"domain": "email", "values": [ADDRESS], "category": "id.customer", "persons": [CUSTOMER]}
    given = program.post("/api/v1/vault/tokens/", tokens, format="json")
    assert given.status_code == 200, given.content
    asked_back = {"domain": "email", "tokens": given.json()["tokens"], "reason": "A complaint."}
    assert (
        ADDRESS in api_of(amir).post("/api/v1/vault/detokenize/", asked_back, format="json").content.decode()
    )


def erased(amir: User, petra: User, work: Callable) -> SubjectRequest:
    with acting(amir.as_actor()):
        request = intake.receive(
            kind="erasure",
            identifiers=[("contact.email", ADDRESS)],
            channel="officer",
            regime="EU-GDPR",
            handled_by=amir,
        )
        identity.confirm_by_officer(request, how=f"Showed the passport of {NAME}.")
    return estate.approve(estate.find(request, amir, work), petra, work)


@pytest.mark.usefixtures("small_techniques")
def test_of_many_ways_through_the_console_nothing_personal_is_exported(
    shop: System,
    amir: User,
    petra: User,
    emil: User,
    ada: User,
    dana: User,
    sam: Client,
    work: Callable,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Callable,
) -> None:
    User.objects.filter(pk__in=[amir.pk, petra.pk]).update(
        last_name=OFFICER, email=f"{OFFICER}@staff.example"
    )
    asked = asks_herself(sam, django_capture_on_commit_callbacks)
    officers_work(asked, shop, amir, emil, ada, dana)
    work()
    request = erased(amir, petra, work)
    write(tmp_path / "in.parquet", customers(20))
    assert worked(ask(tmp_path / "in.parquet", tmp_path / "out.parquet")).outcome == "delivered"
    make(reports.get("erasure_proof")(), parameters={"request": request.reference})
    export(FolderPlace(tmp_path / "worm", immutable=False))

    told = {entry.action for entry in Entry.objects.all()}
    assert len(told) >= 25, sorted(told)
    hits = [
        (path.name, needle)
        for path, content in raw_bytes(tmp_path / "worm")
        for needle in needles()
        if needle in content
    ]
    assert hits == []

    sealed = [entry for entry in Entry.objects.exclude(subject="") if b'"sealed:' in bytes(entry.body)]
    assert sealed
    assert any(DESTROYED not in open_facts(entry).values() for entry in sealed)
    for subject in PersonKey.objects.values_list("subject", flat=True).distinct():
        destroy_key(subject)
    for entry in sealed:
        assert DESTROYED in open_facts(entry).values()
    assert chain.verify(checkpoints=True).intact
    assert check(tmp_path / "worm")["holds"]
    number = sealed[0].number
    assert check(tmp_path / "worm", "--entry", str(number))["body"] == bytes(sealed[0].body).decode()


def test_it_would_be_found() -> None:
    """The needles find what they should, however it is written."""
    for content in (
        json.dumps({"a": ADDRESS.upper()}).encode(),
        base64.b64encode(b"x" + ADDRESS.encode()),
        sha256(ADDRESS.encode()).hexdigest().encode(),
        NAME.encode("utf-16-le"),
    ):
        assert any(needle in content.lower() or needle in content for needle in needles()), content


def raw_bytes(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file as it lies there, in small letters as well, and unpacked."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield path, content
            yield path, content.lower()
            if path.suffix == ".gz":
                yield path, gzip.decompress(content)
                yield path, gzip.decompress(content).lower()


def needles() -> Iterator[bytes]:
    """Each seed as it is, encoded, and as an unkeyed hash that anybody could compute and compare."""
    for seed in SEEDS:
        plain = seed.encode()
        yield plain
        yield seed.lower().encode()
        yield seed.encode("utf-16-le")
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + plain)
            yield whole[4 if shift else 0 : -4]
        for digest in (md5, sha1, sha256):
            for each in (plain, seed.lower().encode()):
                yield digest(each).hexdigest().encode()
                yield digest(each).digest()
