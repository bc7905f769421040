"""The token vault: the same value has the same token in its domain, whoever asks and whenever.

Set-based throughout: a few statements for thousands of values. In plain SQL, so that an executor without Django's apps
may issue too, where the database can be reached.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from django.db import transaction

from audit.ledger.statements import run
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import versions
from retention.vault.material import Wrapped, derived, opened
from retention.vault.person_keys import secrets_of
from retention.vault.persons import lookups
from retention.vault.seals import Sealer
from retention.vault.versions import LONGEST_DOMAIN

T = TypeVar("T")

TOKENS = "vault.tokens"
PURPOSE = "tokens"
AT_ONCE = 5_000
MOST_CANDIDATES = 100_000
MOST_FRUITLESS = 50
# Below this many tokens two writers may well draw the same one, so they take turns.
CROWDED = 10**9

FIND = "SELECT id, lookup, token, person FROM vault_token WHERE domain_id = %b AND lookup = ANY(%b::bytea[])"
TAKEN = "SELECT token FROM vault_token WHERE domain_id = %b AND token = ANY(%b::text[])"
COUNT = "SELECT count(*) FROM vault_token WHERE domain_id = %b"
TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtext('vault_token'), %b::int)"
DOMAIN = "SELECT id FROM vault_token_domain WHERE name = %b::text"
ADD_DOMAIN = """
    INSERT INTO vault_token_domain (name, note, created_at) VALUES (%b::text, '', now()) ON CONFLICT (name) DO NOTHING
"""
ADD = """
    INSERT INTO vault_token (domain_id, lookup, token, sealed, version_id, person)
    SELECT %b, made.lookup, made.token, made.sealed, CASE WHEN made.person IS NULL THEN version.id END, made.person
    FROM unnest(%b::bytea[], %b::text[], %b::bytea[], %b::bytea[]) AS made (lookup, token, sealed, person),
        vault_key_version version JOIN vault_key k ON k.id = version.key_id
    WHERE k.name = %b::text AND version.number = %b
    ORDER BY made.lookup
    ON CONFLICT DO NOTHING
    RETURNING id, lookup, token, person
"""
# Only for tokens that are still there: one of them may be going with its person just now.
ADD_SHARES = """
    INSERT INTO vault_token_share (token_id, person)
    SELECT t.id, given.person FROM unnest(%b::bigint[], %b::bytea[]) AS given (id, person)
    JOIN vault_token t ON t.id = given.id
    ORDER BY given.person, t.id
    FOR KEY SHARE OF t
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    token: str
    person: bytes | None


class TokenVault:
    """Implements `Tokens`. `category` is what the catalog calls the identifiers that tell persons apart."""

    def __init__(self, *, category: str = "") -> None:
        self.category = category

    def issue(
        self,
        domain: str,
        values: Sequence[str],
        *,
        fresh: Callable[[int], Sequence[str]],
        capacity: int | None = None,
        persons: Sequence[str | None] | None = None,
    ) -> Sequence[str]:
        """See `Tokens.issue`. All of them or none. Raises KmsError too.

        A value with a person is sealed with that person's own key. A value that several persons have goes with the
        first of them who is shredded.
        """
        if persons is not None and len(persons) != len(values):
            raise TechniqueError("There must be one person, or none, for each value.")
        if not values:
            return []
        keys = domain_lookups(domain, values)
        wanted = dict(zip(keys, zip(values, self._persons(persons, len(values)), strict=True), strict=True))
        pinned = versions.internal(TOKENS, note="Seals the values of tokens.")
        with transaction.atomic():
            issuing = _Issuing(domain, _domain_id(domain), pinned, fresh, capacity)
            found = issuing.all(wanted)
            _share(found, wanted)
        return [found[each].token for each in keys]

    def _persons(self, persons: Sequence[str | None] | None, count: int) -> list[bytes | None]:
        if persons is None:
            return [None] * count
        known = sorted({person for person in persons if person and person.strip()})
        hashed = dict(zip(known, lookups(self.category, known), strict=True))
        return [hashed.get(person) if person else None for person in persons]


class _Issuing:
    """One call: what was found, and what has to be made."""

    def __init__(
        self,
        domain: str,
        domain_id: int,
        pinned: Wrapped,
        fresh: Callable[[int], Sequence[str]],
        capacity: int | None,
    ) -> None:
        self.domain = domain
        self.domain_id = domain_id
        self.pinned = pinned
        self.fresh = fresh
        self.capacity = capacity

    def all(self, wanted: Mapping[bytes, tuple[str, bytes | None]]) -> dict[bytes, _Entry]:
        found = self._find(wanted)
        if len(found) < len(wanted):
            if self.capacity is not None and self.capacity < CROWDED:
                run(TAKE_TURNS, [self.domain_id])
                found |= self._find([each for each in wanted if each not in found])
            # In one order in every process: two that want the same values wait for each other and never in a circle.
            missing = {each: wanted[each] for each in sorted(wanted) if each not in found}
            found |= self._make(missing)
        return found

    def _make(self, missing: dict[bytes, tuple[str, bytes | None]]) -> dict[bytes, _Entry]:
        # Before any token, for the same reason.
        of_persons = secrets_of(self.pinned, [person for _, person in missing.values() if person])
        sealers: dict[bytes | None, Sealer] = {each: Sealer(key.material) for each, key in of_persons.items()}
        sealers[None] = sealer_of(self.pinned)
        made: dict[bytes, _Entry] = {}
        candidates, fruitless = len(missing), 0
        while missing:
            before = len(missing)
            for part in _parts(list(zip(missing, self._free(candidates), strict=False))):
                made |= self._add(part, missing, sealers)
                # Somebody else may have issued some of them meanwhile: theirs count.
                made |= self._find([lookup for lookup, _ in part if lookup not in made])
            missing = {lookup: each for lookup, each in missing.items() if lookup not in made}
            fruitless = fruitless + 1 if len(missing) == before else 0
            if missing:
                candidates = self._next_candidates(len(missing), fruitless)
        return made

    def _free(self, count: int) -> list[str]:
        """Of `count` new tokens those that nobody has yet."""
        drawn = list(dict.fromkeys(self.fresh(count)))
        taken = {token for (token,) in run(TAKEN, [self.domain_id, drawn])}
        return [token for token in drawn if token not in taken]

    def _add(
        self,
        part: Sequence[tuple[bytes, str]],
        wanted: Mapping[bytes, tuple[str, bytes | None]],
        sealers: Mapping[bytes | None, Sealer],
    ) -> dict[bytes, _Entry]:
        rows = [(lookup, token, *wanted[lookup]) for lookup, token in part]
        sealed = [
            sealers[person].seal(value.encode(), bound=bound_to(self.domain, lookup))
            for lookup, _, value, person in rows
        ]
        columns: list[Any] = [
            [row[0] for row in rows],
            [row[1] for row in rows],
            sealed,
            [row[3] for row in rows],
        ]
        return _entries(run(ADD, [self.domain_id, *columns, self.pinned.name, self.pinned.number]))

    def _find(self, wanted: Iterable[bytes]) -> dict[bytes, _Entry]:
        found: dict[bytes, _Entry] = {}
        for part in _parts(list(wanted)):
            found |= _entries(run(FIND, [self.domain_id, part]))
        return found

    def _next_candidates(self, needed: int, fruitless: int) -> int:
        """How many to draw next, by how full the domain is. Raises TechniqueError where it is."""
        if self.capacity is None:
            share = 0.5
        else:
            ((used,),) = run(COUNT, [self.domain_id])
            share = (self.capacity - used) / self.capacity
            if needed > self.capacity - used:
                left_out = needed - (self.capacity - used)
                raise TechniqueError(
                    f"The token domain {self.domain} is full: its format has {self.capacity:,} tokens, "
                    f"and {left_out:,} of these values would get none.",
                    "Choose a longer format. Nothing was issued.",
                )
        if fruitless > MOST_FRUITLESS:
            raise TechniqueError(
                f"No new token was found for the domain {self.domain}: it is nearly full.",
                "Choose a longer format. Nothing was issued.",
            )
        return min(math.ceil(needed / share * 1.5), MOST_CANDIDATES)


def domain_lookups(domain: str, values: Sequence[str]) -> list[bytes]:
    """The keyed hash of each value in its domain: HMAC-SHA-256 (RFC 2104), nothing to guess without the key."""
    secret = opened(versions.internal(versions.FIXED, note="Finds the token of a value."))
    key = derived(secret, f"lookup\x00{domain}")
    return [hmac.digest(key, value.encode(), sha256) for value in values]


def bound_to(domain: str, lookup: bytes) -> bytes:
    """What a sealed value belongs to."""
    return f"token\x00{domain}\x00".encode() + lookup


def sealer_of(kept: Wrapped) -> Sealer:
    """For the values of tokens that no person is known of."""
    return Sealer(derived(opened(kept), PURPOSE))


def _domain_id(name: str) -> int:
    if not name.strip() or len(name) > LONGEST_DOMAIN or not name.isprintable():
        raise TechniqueError(
            f"There can be no token domain {name[:80]!r}.",
            f"Name a domain in the rule: 1 to {LONGEST_DOMAIN} characters in one line.",
        )
    if not (found := run(DOMAIN, [name])):
        run(ADD_DOMAIN, [name])
        found = run(DOMAIN, [name])
    return found[0][0]


def _share(found: Mapping[bytes, _Entry], wanted: Mapping[bytes, tuple[str, bytes | None]]) -> None:
    """Note further persons of values that were issued for somebody else, or for nobody."""
    further = [
        (found[lookup].id, person)
        for lookup, (_, person) in wanted.items()
        if person and found[lookup].person != person
    ]
    if further:
        run(ADD_SHARES, [[each for each, _ in further], [person for _, person in further]])


def _entries(rows: Sequence[tuple[Any, ...]]) -> dict[bytes, _Entry]:
    return {
        bytes(lookup): _Entry(number, token, None if person is None else bytes(person))
        for number, lookup, token, person in rows
    }


def _parts(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), AT_ONCE):
        yield list(items[start : start + AT_ONCE])
