"""Details about a person in the log: for those who handle requests, and gone with the person's key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from audit.ledger import chain
from audit.ledger.models import Entry, PersonKey
from audit.ledger.recording import entry_bytes, record
from audit.ledger.sealed import DESTROYED, destroy_key, open_facts
from audit.ledger.worm.exporting import export
from audit.ledger.worm.folder import FolderPlace
from governance.console.models import User
from governance.keyring.subjects import reference_for
from tests.audit.events import TOLD
from tests.audit.test_exporting import check
from tests.people import client_of

pytestmark = pytest.mark.usefixtures("somebody_acts")
SECRET = "Showed the passport of Zdenka Okonkwo-Vries"


@pytest.fixture
def entry(db: None, sequenced: Callable) -> Entry:
    subject = reference_for("contact.email", "zdenka@example.org")
    with transaction.atomic():
        record(TOLD, subject=subject, detail=SECRET)
    sequenced()
    return Entry.objects.get(action="test.told")


def test_what_is_sealed_is_opened_until_the_key_is_destroyed(
    entry: Entry, tmp_path: Path, sequenced: Callable
) -> None:
    assert b"Zdenka" not in bytes(entry.body)
    assert open_facts(entry) == {"detail": SECRET}
    export(FolderPlace(tmp_path / "worm", immutable=False))
    assert destroy_key(entry.subject)
    assert open_facts(entry) == {"detail": DESTROYED}
    assert bytes(PersonKey.objects.get().wrapped) == b""
    assert chain.verify(checkpoints=True).intact
    assert check(tmp_path / "worm")["holds"]
    with transaction.atomic():
        record(TOLD, subject=entry.subject, detail="Came back.")
    sequenced()
    latest = Entry.objects.filter(action="test.told").first()
    assert latest is not None
    assert [open_facts(each)["detail"] for each in (latest, entry)] == ["Came back.", DESTROYED]
    assert not destroy_key("person:" + "0" * 32)


def test_the_key_is_of_one_person_and_the_text_of_one_event(entry: Entry, sequenced: Callable) -> None:
    other = reference_for("contact.email", "other@example.org")
    with transaction.atomic():
        record(TOLD, subject=other, detail="Another.")
    sequenced()
    assert PersonKey.objects.count() == 2
    destroy_key(other)
    assert open_facts(entry) == {"detail": SECRET}
    entry.action = "test.counted"
    assert open_facts(entry) == {"detail": DESTROYED}


def test_it_needs_a_person(db: None) -> None:
    with pytest.raises(TypeError, match="what is sealed needs the person it is about"):
        entry_bytes(TOLD, detail="x")


def test_the_page_opens_it_for_officers_only(entry: Entry, amir: User, vera: User) -> None:
    address = f"/ledger/{entry.number}/"
    assert SECRET in client_of(amir).get(address).content.decode()
    seen = client_of(vera).get(address).content.decode()
    assert "sealed: only who handles requests may read it" in seen
    assert "Zdenka" not in seen
