import base64
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.utils import DatabaseError

from audit.ledger import proofs, signing, tiles
from audit.ledger.checkpoints import Diverged, checkpoint, root_at
from audit.ledger.merkle import check_consistency, check_inclusion, leaf_hash, root_of
from audit.ledger.models import Checkpoint, Entry, Tile
from audit.ledger.notes import Note, TreeHead
from audit.ledger.recording import record
from tests.audit.events import COUNTED

pytestmark = pytest.mark.usefixtures("somebody_acts")


def grow(entries: int) -> None:
    with transaction.atomic():
        for number in range(entries):
            record(COUNTED, how_many=number, note="")


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of four, so that a few dozen entries make several levels of them."""
    monkeypatch.setattr(tiles, "WIDTH", 4)
    monkeypatch.setattr(tiles, "HEIGHT", 2)


def test_a_checkpoint_is_signed_and_says_the_root(db: None) -> None:
    grow(5)
    made = checkpoint()
    note = Note.parse(made.note)
    key = signing.signing_key().verifier
    assert note.signed_by(key) == 0
    head = TreeHead.parse(note.text)
    leaves = [leaf_hash(bytes(each.body)) for each in Entry.objects.order_by("number")]
    assert (head.origin, head.size, head.root) == (key.name, len(leaves), root_of(leaves))
    assert checkpoint() == made  # nothing new, nothing signed
    grow(1)
    assert checkpoint().size == made.size + 1


def test_proofs_of_every_entry_at_every_checkpoint(db: None, small_tiles: None) -> None:
    sizes = []
    for step in (1, 2, 1, 13, 4, 30, 17):
        grow(step)
        sizes.append(checkpoint().size)
    leaves = [bytes(each) for each in Entry.objects.order_by("number").values_list("leaf", flat=True)]
    assert Tile.objects.filter(level=2).exists()
    for size in sizes:
        assert root_at(size) == root_of(leaves[:size])
        for number in range(size):
            path = proofs.inclusion(number, size)
            check_inclusion(number, size, leaves[number], path, root_of(leaves[:size]))
    for old in sizes:
        for new in (each for each in sizes if each > old):
            path = proofs.consistency(old, new)
            check_consistency(old, new, root_of(leaves[:old]), root_of(leaves[:new]), path)


def test_a_proof_as_text_can_be_checked_with_the_public_key_alone(db: None) -> None:
    grow(7)
    made = checkpoint()
    lines = proofs.proof_of(3, made).split("\n\n", 1)
    header, note = lines[0].split("\n"), Note.parse(lines[1])
    assert header[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
    assert note.signed_by(signing.signing_key().verifier) == 0
    head = TreeHead.parse(note.text)
    body = bytes(Entry.objects.get(number=3).body)
    check_inclusion(3, head.size, leaf_hash(body), [base64.b64decode(each) for each in header[2:]], head.root)


def test_the_database_refuses_to_change_what_was_published(db: None) -> None:
    grow(3)
    checkpoint()
    for statement in (
        "UPDATE ledger_checkpoint SET size = 0",
        "DELETE FROM ledger_checkpoint",
        "TRUNCATE ledger_checkpoint CASCADE",
        "DELETE FROM ledger_tile",
        "TRUNCATE ledger_tile",
    ):
        if "ledger_tile" in statement and "TRUNCATE" not in statement:
            Tile.objects.create(level=9, index=len(statement), hashes=b"", root=b"")
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_log_that_shrank_is_not_signed(db: None) -> None:
    grow(4)
    made = checkpoint()
    Checkpoint.objects.create(size=made.size + 10, root=made.root, note=made.note, at=made.at)
    with pytest.raises(Diverged, match="entries were removed, or an old backup was restored"):
        checkpoint()


def test_a_log_with_another_past_is_not_signed(db: None) -> None:
    grow(4)
    made = checkpoint()
    grow(1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_rows")
        cursor.execute("UPDATE ledger_entry SET leaf = sha256('x') WHERE number = 1")
        cursor.execute("ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_rows")
    with pytest.raises(Diverged, match=f"no continuation of its checkpoint of {made.size} entries"):
        checkpoint()


def test_the_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    signing._load.cache_clear()
    (first,) = signing._load("example.org/ledger", "", str(path))
    signing._load.cache_clear()
    (again,) = signing._load("example.org/ledger", "", str(path))
    assert again.verifier == first.verifier
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    signing._load.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="can be read by others"):
        signing._load("example.org/ledger", "", str(path))
    with pytest.raises(ImproperlyConfigured, match="must be an Ed25519 private key"):
        signing._load("example.org/ledger", "nonsense", str(path))
    signing._load.cache_clear()
