"""Named keys: making them, rotating them, and handing them to techniques."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.ledger.recording import record
from governance.console.models import User
from retention.anonymization.techniques.base import Secret, TechniqueError
from retention.vault import events, versions
from retention.vault.bundle import KeyBundle
from retention.vault.material import Wrapped, fresh
from retention.vault.models import Key, KeyVersion

RESERVED = "vault."  # what the vault calls its own keys


class Rotated(Exception):
    """Somebody else has just rotated the key: nothing was done."""


def bundle(names: Iterable[str], *, category: str = "") -> KeyBundle:
    """The versions in force now, for one job in all its processes. Raises TechniqueError for an unknown name."""
    names = list(names)
    if own := [name for name in names if name.startswith(RESERVED)]:
        raise TechniqueError(f"{', '.join(own)} is the vault's own.", "Name another key.")
    active, every = versions.read(names)
    return KeyBundle(active, every, category)


def renewed(pinned: KeyBundle) -> KeyBundle:
    """A pin of long ago: the same versions in force, each as it is wrapped now. Whoever re-keyed may have moved to
    another key service since. Raises TechniqueError for a key that is gone."""
    _, every = versions.read(pinned.active)
    if gone := [kept.id for kept in pinned.active.values() if kept.id not in every]:
        raise TechniqueError(f"The vault has no {', '.join(gone)} any more.")
    return KeyBundle({name: every[kept.id] for name, kept in pinned.active.items()}, every, pinned.category)


def ensure(names: Iterable[str], *, by: User | None = None) -> list[Key]:
    """Make those of `names` that do not exist; the new ones. Raises TechniqueError for a name that cannot be."""
    known = set(Key.objects.filter(name__in=names).values_list("name", flat=True))
    made = []
    for name in dict.fromkeys(names):
        if name not in known:
            try:
                made.append(create(name, by=by))
            except ValidationError as refusal:
                if not Key.objects.filter(name=name).exists():  # else another job was quicker
                    raise TechniqueError(
                        f"There can be no key {name!r}.", " ".join(refusal.messages)
                    ) from None
    return made


def create(name: str, *, note: str = "", by: User | None = None) -> Key:
    """A named key with its first version. Raises ValidationError for a name that is taken or cannot be, KmsError."""
    key = Key(name=name, note=note, created_by=by)
    if name.startswith(RESERVED):
        raise ValidationError({"name": f"Names that begin with {RESERVED} are the vault's own."})
    key.full_clean(exclude=["created_by"], validate_unique=False)
    first = fresh(name, 1)
    try:
        with transaction.atomic():
            key.save()
            _store(key, first)
            record(events.KEY_CREATED, key, kms=first.kms, wrapped_by=first.reference)
    except IntegrityError:
        raise ValidationError({"name": f"There is a key {name} already."}) from None
    return key


def rotate(key: Key) -> KeyVersion:
    """A new version for all that is made from now on; older ones still read what they made.

    Raises KmsError, TechniqueError for a key that must stay, Rotated if somebody was quicker: of two, one rotates.
    """
    if not rotates(key):
        raise TechniqueError(
            f"{key.name} is never rotated: tokens would no longer be found by their values.",
            "Re-key to wrap it anew.",
        )
    last = key.versions.latest("number").number
    following = fresh(key.name, last + 1)
    try:
        with transaction.atomic():
            key.versions.filter(state=KeyVersion.State.ACTIVE).update(
                state=KeyVersion.State.RETIRED, retired_at=timezone.now()
            )
            version = _store(key, following)
            record(
                events.KEY_ROTATED,
                key,
                version=version.number,
                kms=version.kms,
                wrapped_by=version.reference,
            )
    except IntegrityError:
        raise Rotated(f"{key.name} has just been rotated by somebody else.") from None
    return version


def rotates(key: Key) -> bool:
    """Whether it may be rotated: all but the one by which tokens are found."""
    return key.name != versions.FIXED


class Keyring:
    """Implements `Keys` for one job in one process: each name is pinned when it is first asked for."""

    def __init__(self, *, category: str = "") -> None:
        self.category = category
        self._pinned: dict[str, KeyBundle] = {}

    def current(self, name: str) -> Secret:
        return self._of(name).current(name)

    def version(self, key_id: str) -> Secret:
        return self._of(key_id.rpartition("/")[0]).version(key_id)

    def of_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret]:
        return self._of(name).of_persons(name, persons)

    def known_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret | None]:
        """As `of_persons`, to read: who has no key, or no more, gets none made."""
        return self._of(name).known_persons(name, persons)

    def _of(self, name: str) -> KeyBundle:
        if name not in self._pinned:
            self._pinned[name] = bundle([name], category=self.category)
        return self._pinned[name]


def _store(key: Key, made: Wrapped) -> KeyVersion:
    return KeyVersion.objects.create(
        key=key, number=made.number, kms=made.kms, reference=made.reference, wrapped=made.wrapped
    )
