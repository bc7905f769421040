import base64
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from audit.ledger import guarding
from audit.ledger.merkle import leaf_hash, node_hash, root_of
from audit.ledger.models import Alarm, Checkpoint, Entry
from audit.ledger.notes import Note, TreeHead
from audit.ledger.recording import record
from audit.ledger.sequencing import sequence
from audit.ledger.signing import signing_key
from governance.console.models import User
from tests.audit.events import COUNTED
from tests.people import client_of

pytestmark = pytest.mark.usefixtures("somebody_acts")


@pytest.fixture(autouse=True)
def worm(tmp_path: Path, settings) -> Path:
    settings.LEDGER_WORM = (tmp_path / "worm").as_uri()
    settings.LEDGER_WORM_IMMUTABLE = False
    return tmp_path / "worm"


def grow(entries: int) -> None:
    with transaction.atomic():
        for number in range(entries):
            record(COUNTED, how_many=number, note="")


def test_the_card_is_not_green_before_a_verification_ran(vera: User) -> None:
    client = client_of(vera)
    grow(2)
    card = client.get("/ledger/integrity/card/").content.decode()
    assert "The ledger has not been verified yet." in card
    assert "Intact" not in card
    client.post("/ledger/integrity/sign/")
    client.post("/ledger/integrity/export/")
    client.post("/ledger/verify/")
    card = client.get("/ledger/integrity/card/").content.decode()
    assert "Intact" in card
    page = client.get("/ledger/integrity/").content.decode()
    assert str(signing_key().verifier) in page
    assert "read-only bits" in page
    assert "nobody outside would notice two histories" in page


def test_an_alarm_is_settled_with_words(vera: User, emil: User) -> None:
    alarm = Alarm.objects.create(kind="gap", message="A segment is missing.", raised_at=timezone.now())
    client = client_of(vera)
    assert "A segment is missing." in client.get("/ledger/integrity/").content.decode()
    url = f"/ledger/integrity/alarms/{alarm.pk}/settle/"
    assert client.post(url, {"how": ""}).status_code == 422
    assert client_of(emil).post(url, {"how": "Mine."}).status_code == 403
    client.post(url, {"how": "The bucket was moved."})
    alarm.refresh_from_db()
    assert alarm.settled_how == "The bucket was moved."
    assert "The bucket was moved." in client.get("/ledger/integrity/").content.decode()


def test_an_export_that_fails_says_so(vera: User, worm: Path) -> None:
    worm.write_text("in the way")
    grow(1)
    page = client_of(vera).post("/ledger/integrity/export/", follow=True).content.decode()
    assert "cannot be written" in page


def test_the_proof_of_an_entry_is_a_file(vera: User) -> None:
    grow(3)
    guarding.sign()
    answer = client_of(vera).get("/ledger/1/proof/")
    assert answer["Content-Disposition"] == 'attachment; filename="entry-1.tlog-proof"'
    assert answer.content.decode().startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    assert client_of(vera).get("/ledger/99/proof/").status_code == 404


def test_the_log_is_served_as_tiles(vera: User) -> None:
    """Read as a client of the public layout does: checkpoint, then tiles, then the root over them."""
    grow(300)
    size = guarding.sign().size
    client = client_of(vera)
    head = TreeHead.parse(Note.parse(client.get("/ledger/log/checkpoint").content.decode()).text)
    assert head.size == size
    full = client.get("/ledger/log/tile/0/000")
    rest = client.get(f"/ledger/log/tile/0/001.p/{size - 256}")
    assert (len(full.content), full["Cache-Control"]) == (256 * 32, "max-age=31536000, immutable")
    leaves = [(full.content + rest.content)[n : n + 32] for n in range(0, 32 * size, 32)]
    assert root_of(leaves) == head.root
    assert client.get("/ledger/log/tile/1/000.p/1").content == root_of(leaves[:256])
    assert node_hash(root_of(leaves[:256]), root_of(leaves[256:])) == head.root
    bundle = client.get(f"/ledger/log/tile/entries/001.p/{size - 256}").content
    length = int.from_bytes(bundle[:2], "big")
    assert leaf_hash(bundle[2 : 2 + length]) == leaves[256]
    for path in ("0/002", "0/001", "0/001.p/300", "0/001.p/1", "0/x001", "8/000", "entries/001", "0/001.p/0"):
        assert client.get(f"/ledger/log/tile/{path}").status_code == 404


def test_before_any_checkpoint_there_is_nothing_to_serve(vera: User) -> None:
    assert client_of(vera).get("/ledger/log/checkpoint").status_code == 404
    assert client_of(vera).get("/ledger/log/tile/0/000.p/1").status_code == 404


def test_over_rest(vera: User) -> None:
    api = APIClient()
    api.force_authenticate(vera)
    assert api.get("/api/v1/ledger/checkpoint/").status_code == 404
    grow(4)
    sequence()
    proof = api.get("/api/v1/ledger/2/proof/").json()["proof"]
    assert proof.startswith("c2sp.org/tlog-proof@v1\nindex 2\n")
    made = api.get("/api/v1/ledger/checkpoint/").json()
    assert (made["size"], made["note"]) == (Checkpoint.objects.first().size, Checkpoint.objects.first().note)
    api.post("/api/v1/ledger/verify/")
    said = api.get("/api/v1/ledger/integrity/").json()
    assert (said["proven"], said["problems"], said["witnessed_by"]) == (True, [], [])
    assert said["entries"] >= Entry.objects.count() - 1
    assert base64.b64encode(bytes(Checkpoint.objects.first().root)).decode() in made["note"]
