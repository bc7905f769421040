"""Another key for the log: said in the log itself, and in a note that the old and the new key sign.

Whoever trusts either key learns the other one from that note. For some weeks both sign, so that auditors and witnesses
have time. A key that was lost or stolen is revoked: it signs nothing more, and its signature counts for nothing that is
larger than the log was then.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.checkpoints import checkpoint, one_at_a_time
from audit.ledger.events import Event, Fact
from audit.ledger.models import Checkpoint, KeyChange
from audit.ledger.notes import LOG, Note, SigningKey, VerifierKey
from audit.ledger.recording import record
from audit.ledger.signing import forget_keys, held_keys, signing_keys, store

CHANGED = Event(
    "ledger.key_changed",
    "changed the key that signs the ledger",
    {
        "old": Fact.DIGEST,
        "new": Fact.DIGEST,
        "entries": Fact.COUNT,
        "revoked": Fact.FLAG,
        "reason": Fact.TEXT,
        "statement": Fact.DIGEST,
    },
)


def rotate(*, reason: str, revoke: bool = False, lost: VerifierKey | None = None) -> KeyChange:
    """Sign with a new key from now on. Raises ValidationError without a reason, or where LEDGER_KEY has no second key.

    A checkpoint is signed by the old key first, so that everything before the change is under it. With `lost`, the old
    key is not there any more: the new one signs alone, and whoever checks has to get it by another way. Killed before
    the change is stored, a key is left over that the next attempt takes.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why the key is changed."})
    new = _unused(lost) or _make()
    revoke = revoke or lost is not None
    with transaction.atomic():
        one_at_a_time()
        signers = [] if lost else [signing_keys()[0]]
        old = lost or signers[0].verifier
        size = (Checkpoint.objects.values_list("size", flat=True).first() or 0) if lost else checkpoint().size
        text = statement(old, new.verifier, size, revoke=revoke)
        now = timezone.now()
        change = KeyChange.objects.create(
            size=size,
            old=str(old),
            new=str(new.verifier),
            note=str(Note(text, tuple(key.sign(text) for key in (*signers, new)))),
            revoked=revoke,
            reason=reason.strip()[:300],
            at=now,
            until=now if revoke else now + timedelta(days=settings.LEDGER_KEY_OVERLAP_DAYS),
        )
        record(
            CHANGED,
            change,
            old=old.key_id.hex(),
            new=new.verifier.key_id.hex(),
            entries=size,
            revoked=revoke,
            reason=change.reason,
            statement=sha256(change.note.encode()).hexdigest(),
        )
    return change


def statement(old: VerifierKey, new: VerifierKey, size: int, *, revoke: bool) -> str:
    """What both keys sign: origin, what it is, from which size on, which keys."""
    return f"{old.name}\nkey change\n{size}\n{old}\n{new}\n{'revoked' if revoke else 'replaced'}\n"


def _unused(lost: VerifierKey | None) -> SigningKey | None:
    """A key that is there already and has never signed: from LEDGER_KEY, or of an attempt that was killed."""
    used = {key for pair in KeyChange.objects.values_list("old", "new") for key in pair}
    if lost is None:
        used.add(str(signing_keys()[0].verifier))
    return next((key for key in held_keys() if str(key.verifier) not in used), None)


def _make() -> SigningKey:
    if settings.LEDGER_KEY:
        raise ValidationError(
            "The keys come from LEDGER_KEY, which holds no unused one: make one with "
            "`openssl genpkey -algorithm ed25519`, put it behind the other and restart the console."
        )
    key = SigningKey(settings.LEDGER_ORIGIN, LOG, Ed25519PrivateKey.generate())
    first = settings.LEDGER_KEY_FILE
    store(first.with_name(f"{first.stem}-{key.verifier.key_id.hex()}.key"), key.private)
    forget_keys()
    return key
