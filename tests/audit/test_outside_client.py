"""tlog-scales, a public client of C2SP tlog-tiles that knows nothing of us, reads the log of a running console."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from tlog_scales.backend import HttpBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import InclusionProofInvalid

from audit.ledger import proofs
from audit.ledger.checkpoints import checkpoint
from audit.ledger.models import Checkpoint, Cosignature, Entry
from audit.ledger.notes import COSIGNER, SigningKey
from audit.ledger.recording import record_many
from audit.ledger.signing import signing_key
from audit.ledger.witness import Witness
from governance.console.models import User
from tests.audit.events import COUNTED
from tests.people import client_of

pytestmark = pytest.mark.usefixtures("transactional_db", "somebody_acts")


def grow(entries: int) -> None:
    with transaction.atomic():
        record_many(COUNTED, ((None, "", {"how_many": number, "note": "é"}) for number in range(entries)))


def reader_of(live_server: LiveServer, user: User) -> TilesReader:
    """The client, with nothing of ours but the address and a session."""
    backend = HttpBackend(f"{live_server.url}/ledger/log")
    backend.session.cookies.set(
        settings.SESSION_COOKIE_NAME, client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
    )
    return TilesReader(backend)


@contextmanager
def unprotected() -> Iterator[None]:
    """What only the owner of the tables can do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_rows")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_rows")


def test_root_inclusion_and_consistency(live_server: LiveServer, vera: User) -> None:
    grow(300)
    old = checkpoint()
    grow(400)
    new = checkpoint()
    reader = reader_of(live_server, vera)
    head = reader.get_checkpoint()
    head.verify(Vkey.from_string(str(signing_key().verifier)))
    assert (head.origin, head.size) == (signing_key().name, new.size)
    assert reader.calculate_root_hash() == head.root_hash
    for number in (0, 1, 255, 256, 511, 512, head.size - 1):
        entry = reader.get_entry(number)
        assert entry == bytes(Entry.objects.get(number=number).body)
        proof = reader.get_inclusion_proof(number, head.size)
        proof.check(leaf_hash(entry), head.root_hash)
        assert proof.node_hashes == proofs.inclusion(number, head.size)
    grown = reader.get_consistency_proof(old.size, head.size)
    grown.check(bytes(old.root), head.root_hash)
    assert grown.node_hashes == proofs.consistency(old.size, head.size)


def test_an_altered_entry_does_not_pass(live_server: LiveServer, vera: User) -> None:
    grow(3)
    checkpoint()
    entry = Entry.objects.get(number=1)
    with unprotected():
        Entry.objects.filter(number=1).update(
            body=bytes(entry.body).replace(b'"how_many":1', b'"how_many":9')
        )
    reader = reader_of(live_server, vera)
    head = reader.get_checkpoint()
    proof = reader.get_inclusion_proof(1, head.size)
    proof.check(bytes(entry.leaf), head.root_hash)
    with pytest.raises(InclusionProofInvalid):
        proof.check(leaf_hash(reader.get_entry(1)), head.root_hash)


def test_the_cosignature_of_our_witness_counts(live_server: LiveServer, vera: User, tmp_path: Path) -> None:
    grow(2)
    made = checkpoint()
    key = SigningKey("witness.example/w", COSIGNER, Ed25519PrivateKey.generate())
    log = signing_key().verifier
    witness = Witness(key, {log.name: [log]}, tmp_path / "seen")
    line = witness.add_checkpoint(f"old 0\n\n{made.note}".encode())
    Cosignature.objects.create(checkpoint=made, witness=key.name, line=line, at=timezone.now())
    head = reader_of(live_server, vera).get_checkpoint()
    head.verify(Vkey.from_string(str(key.verifier)))
    stranger = SigningKey(key.name, COSIGNER, Ed25519PrivateKey.generate())
    with pytest.raises(RuntimeError, match="no signature matched"):
        head.verify(Vkey.from_string(str(stranger.verifier)))
    assert Checkpoint.objects.count() == 1
