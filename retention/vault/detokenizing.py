"""Asking the values of tokens back: with a reason, within a limit, each time in the ledger."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import Q

from audit.ledger.recording import record
from governance.console.models import User
from governance.keyring.subjects import references_of
from retention.anonymization.characters import kind_of
from retention.vault import events, versions
from retention.vault.asking import ask, require
from retention.vault.models import Token, TokenDomain
from retention.vault.person_keys import secrets_of
from retention.vault.seals import SealBroken, Sealer
from retention.vault.tokens import TOKENS, bound_to, sealer_of

UNKNOWN = "No value: the domain has no such token, or the person it belonged to was shredded."
SEVERAL = (
    "Several values: more than one domain has such a token. Name the domain with what follows its slash."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is None where there is none; `problem` then says so, the same for whatever reason."""

    token: str
    value: str | None = field(repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What the vault has behind a token, and the keyed hashes of whose it is."""

    value: str = field(repr=False)
    persons: frozenset[bytes] = frozenset()


def resolve(domain: str, tokens: Sequence[str], *, reason: str, by: User) -> list[Answer]:
    """An answer for each token, in order. The ledger has who, why, how many and about whom; never a value or token.

    A `domain` without its group has the tokens of all groups: `card` those of `card/9/16`. What is not found as it
    stands is looked for without spaces and dashes.

    Raises ValidationError for no reason, no tokens, too many at once or an unknown domain; TooMany; KmsError.
    """
    named = list(TokenDomain.objects.filter(Q(name=domain) | Q(name__startswith=f"{domain}/")))
    if not named or not domain:
        raise ValidationError({"domain": f"There is no token domain {domain[:80]}."})
    require(asked=len(tokens), reason=reason, field="tokens")
    target = next((each for each in named if each.name == domain), None)

    def look() -> list[Answer]:
        by_token: dict[str, dict[str, Held]] = {}
        for (name, token), held in find([each.name for each in named], [*tokens, *map(bare, tokens)]).items():
            by_token.setdefault(token, {})[name] = held
        chosen = [_chosen(token, domain, by_token) for token in tokens]
        known = [held for held, _ in chosen if held]
        persons = references(known)
        record(
            events.TOKENS_RESOLVED,
            target,
            subject=persons[0] if len(persons) == 1 else "",
            domain=domain,
            asked=len(tokens),
            found=len(known),
            reason=reason,
            persons=persons,
        )
        return [
            Answer(token, held.value if held else None, problem)
            for token, (held, problem) in zip(tokens, chosen, strict=True)
        ]

    def refused() -> None:
        record(events.TOKENS_REFUSED, target, domain=domain, asked=len(tokens), reason=reason)

    return ask(look, asked=len(tokens), by=by, about=domain, refused=refused)


def bare(token: str) -> str:
    """The token without what people put between its characters."""
    return re.sub(r"[\s-]", "", token)


def find(domains: Collection[str], tokens: Collection[str]) -> dict[tuple[str, str], Held]:
    """What there is of these tokens in these domains, by domain and token. Raises KmsError.

    Whoever calls it counts and records, see `asking`.
    """
    rows = list(
        Token.objects.filter(domain__name__in=set(domains), token__in=set(tokens))
        .select_related("domain", "version__key")
        .prefetch_related("shares")
    )
    sealers = _of_persons([bytes(row.person) for row in rows if row.person is not None and not row.version])
    found = {}
    for row in rows:
        person = None if row.person is None else bytes(row.person)
        value = _opened(row, sealers.get(person), bound_to(row.domain.name, bytes(row.lookup)))
        if value is not None:
            shares = {bytes(share.person) for share in row.shares.all()}
            found[row.domain.name, row.token] = Held(
                value, frozenset(shares | ({person} if person else set()))
            )
    return found


def references(held: Iterable[Held]) -> list[str]:
    """The persons of these, as the ledger names them."""
    return sorted(references_of({person for each in held for person in each.persons}).values())


def _chosen(token: str, domain: str, by_token: Mapping[str, Mapping[str, Held]]) -> tuple[Held | None, str]:
    for spelled in (token, bare(token)):
        there = by_token.get(spelled, {})
        if spelled != token:
            # In a domain of shapes what was left out is part of the token: without it, it is somebody else's.
            shape = "".join(map(kind_of, spelled))
            there = {name: held for name, held in there.items() if not name.endswith(f"/{shape}")}
        if domain in there:
            return there[domain], ""
        if there:
            return (next(iter(there.values())), "") if len(there) == 1 else (None, SEVERAL)
    return None, UNKNOWN


def _opened(row: Token, of_person: Sealer | None, bound: bytes) -> str | None:
    """None for a copy from before the person was shredded, whether or not they have a new key since."""
    if row.version:
        return sealer_of(row.version.as_wrapped()).open(bytes(row.sealed), bound=bound).decode()
    try:
        return of_person.open(bytes(row.sealed), bound=bound).decode() if of_person else None
    except SealBroken:
        return None


def _of_persons(persons: list[bytes]) -> dict[bytes | None, Sealer]:
    if not persons:
        return {}
    active, _ = versions.read([TOKENS])
    found = secrets_of(active[TOKENS], persons, make=False)
    return {person: Sealer(secret.material) for person, secret in found.items()}
