"""A key for each person under a named key: many persons with one question, in plain SQL."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from audit.ledger.statements import run
from retention.anonymization.techniques.base import Secret
from retention.vault import versions
from retention.vault.material import KEY_BYTES, Wrapped, derived, opened
from retention.vault.seals import Sealer

AT_ONCE = 10_000
PURPOSE = "person keys"
FIND = """
    SELECT p.person, p.sealed, v.number
    FROM vault_person_key p
    JOIN vault_key k ON k.id = p.key_id
    JOIN vault_key_version v ON v.id = p.version_id
    WHERE k.name = %b::text AND p.person = ANY(%b::bytea[])
"""
ADD = """
    INSERT INTO vault_person_key (key_id, version_id, person, sealed)
    SELECT v.key_id, v.id, made.person, made.sealed
    FROM unnest(%b::bytea[], %b::bytea[]) AS made (person, sealed), vault_key_version v
    JOIN vault_key k ON k.id = v.key_id
    WHERE k.name = %b::text AND v.number = %b
    ORDER BY made.person
    ON CONFLICT DO NOTHING
"""


def secrets_of(pinned: Wrapped, persons: Sequence[bytes], *, make: bool = True) -> dict[bytes, Secret]:
    """The key of each of these persons (keyed hashes) under the named key of `pinned`; absent ones are made, or left.

    New ones are sealed under the version `pinned`, older ones opened by theirs. Raises KmsError.
    """
    found: dict[bytes, Secret] = {}
    sealers = _Sealers(pinned)
    for part in _parts(sorted(set(persons))):
        found |= _find(sealers, part)
        while make and (missing := [person for person in part if person not in found]):
            _add(sealers, missing)
            # Whoever was first of two writers: both use that one. Unless it was shredded in between: then once more.
            found |= _find(sealers, missing)
    return found


def bound_to(name: str, person: bytes) -> bytes:
    """What a person's sealed key belongs to."""
    return f"person key\x00{name}\x00".encode() + person


class _Sealers:
    """One for each version of a name, opened when it is met."""

    def __init__(self, pinned: Wrapped) -> None:
        self.pinned = pinned
        self._by_number = {pinned.number: self._made(pinned)}

    def of(self, number: int) -> Sealer:
        if number not in self._by_number:
            _, every = versions.read([self.pinned.name])
            self._by_number[number] = self._made(every[f"{self.pinned.name}/{number}"])
        return self._by_number[number]

    @staticmethod
    def _made(kept: Wrapped) -> Sealer:
        return Sealer(derived(opened(kept), PURPOSE))


def _find(sealers: _Sealers, persons: Sequence[bytes]) -> dict[bytes, Secret]:
    name = sealers.pinned.name
    return {
        bytes(person): Secret(
            f"{name}/person", sealers.of(number).open(bytes(sealed), bound=bound_to(name, bytes(person)))
        )
        for person, sealed, number in run(FIND, [name, list(persons)])
    }


def _add(sealers: _Sealers, persons: Sequence[bytes]) -> None:
    pinned = sealers.pinned
    sealer = sealers.of(pinned.number)
    sealed = [sealer.seal(os.urandom(KEY_BYTES), bound=bound_to(pinned.name, each)) for each in persons]
    run(ADD, [list(persons), sealed, pinned.name, pinned.number])


def _parts(persons: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(persons), AT_ONCE):
        yield persons[start : start + AT_ONCE]
