"""Destroying what the vault has of a person: their tokens, and the keys that open what was encrypted for them.

What lies elsewhere under those keys, in data sets, copies and backups, is unreadable from then on (crypto-shredding,
as NIST SP 800-88 Rev. 1, section 2.6, describes cryptographic erase).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from retention.vault.statements import run

# Held until they are gone, so that nobody adds a further person to one of them meanwhile.
DOOMED = """
    SELECT t.id FROM vault_token t
    WHERE t.person = ANY(%b::bytea[])
        OR t.id IN (SELECT s.token_id FROM vault_token_share s WHERE s.person = ANY(%b::bytea[]))
    ORDER BY t.id FOR UPDATE
"""
DELETE_SHARES = "DELETE FROM vault_token_share WHERE token_id = ANY(%b::bigint[])"
DELETE_TOKENS = "DELETE FROM vault_token WHERE id = ANY(%b::bigint[]) RETURNING 1"
DELETE_KEYS = "DELETE FROM vault_person_key WHERE person = ANY(%b::bytea[]) RETURNING 1"
TOKENS = """
    SELECT d.name, count(*) FROM vault_token t JOIN vault_token_domain d ON d.id = t.domain_id
    WHERE t.person = ANY(%b::bytea[])
        OR t.id IN (SELECT s.token_id FROM vault_token_share s WHERE s.person = ANY(%b::bytea[]))
    GROUP BY d.name ORDER BY d.name
"""
KEYS = """
    SELECT k.name, count(*) FROM vault_person_key p JOIN vault_key k ON k.id = p.key_id
    WHERE p.person = ANY(%b::bytea[]) GROUP BY k.name ORDER BY k.name
"""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is of persons: tokens by domain, keys by the name they stand under."""

    by_domain: tuple[tuple[str, int], ...]
    by_key: tuple[tuple[str, int], ...]

    @property
    def tokens(self) -> int:
        return sum(count for _, count in self.by_domain)

    @property
    def keys(self) -> int:
        return sum(count for _, count in self.by_key)

    def __bool__(self) -> bool:
        return bool(self.tokens or self.keys)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What went."""

    tokens: int
    keys: int


def remaining(persons: Iterable[bytes]) -> Holdings:
    """What the vault has of these persons now, read from its tables (`persons.known_as` gives their hashes)."""
    asked = list(persons)
    return Holdings(tuple(run(TOKENS, [asked, asked])), tuple(run(KEYS, [asked])))


@transaction.atomic
def shred(persons: Iterable[bytes]) -> Receipt:
    """Delete it, in a few statements for any number of persons. Again it finds nothing, and that is well.

    The caller has an approval, records it, and asks `remaining` afterwards.
    """
    asked = sorted(set(persons))
    doomed = [number for (number,) in run(DOOMED, [asked, asked])]
    run(DELETE_SHARES, [doomed])
    tokens = len(run(DELETE_TOKENS, [doomed]))
    return Receipt(tokens=tokens, keys=len(run(DELETE_KEYS, [asked])))
