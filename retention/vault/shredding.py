"""Destroying what the vault has of a person: their tokens, and the keys that open what was encrypted for them.

What lies elsewhere under those keys, in data sets, copies and backups, is unreadable from then on (crypto-shredding,
as NIST SP 800-88 Rev. 1, section 2.6, describes cryptographic erase).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from audit.ledger.statements import run

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
# A token that two of the hashes of one group share counts once.
TOKENS = """
    WITH asked AS (SELECT * FROM unnest(%b::int[], %b::bytea[]) AS a (place, person))
    SELECT held.place, d.name, count(*)
    FROM (
        SELECT asked.place, t.id, t.domain_id FROM asked JOIN vault_token t ON t.person = asked.person
        UNION
        SELECT asked.place, t.id, t.domain_id FROM asked
        JOIN vault_token_share s ON s.person = asked.person JOIN vault_token t ON t.id = s.token_id
    ) held
    JOIN vault_token_domain d ON d.id = held.domain_id
    GROUP BY held.place, d.name ORDER BY held.place, d.name
"""
KEYS = """
    WITH asked AS (SELECT DISTINCT * FROM unnest(%b::int[], %b::bytea[]) AS a (place, person))
    SELECT asked.place, k.name, count(*)
    FROM asked JOIN vault_person_key p ON p.person = asked.person JOIN vault_key k ON k.id = p.key_id
    GROUP BY asked.place, k.name ORDER BY asked.place, k.name
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
    (found,) = remaining_of_each([persons])
    return found


def remaining_of_each(groups: Iterable[Iterable[bytes]]) -> list[Holdings]:
    """The same for groups of hashes, each those of one person, in two statements for all of them."""
    asked = [list(group) for group in groups]
    places = [place for place, group in enumerate(asked) for _ in group]
    persons = [person for group in asked for person in group]
    counts: list[list[tuple[tuple[str, int], ...]]] = []
    for statement in (TOKENS, KEYS):
        by_place: dict[int, tuple[tuple[str, int], ...]] = {}
        for place, name, count in run(statement, [places, persons]):
            by_place[place] = (*by_place.get(place, ()), (name, count))
        counts.append([by_place.get(place, ()) for place in range(len(asked))])
    return [Holdings(by_domain, by_key) for by_domain, by_key in zip(*counts, strict=True)]


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
