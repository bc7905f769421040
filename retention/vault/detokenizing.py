"""Asking the values of tokens back: with a reason, within a limit, each time in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from governance.console.models import User
from governance.keyring.subjects import references_of
from retention.vault import events, versions
from retention.vault.models import Detokenization, Token, TokenDomain
from retention.vault.person_keys import secrets_of
from retention.vault.seals import SealBroken, Sealer
from retention.vault.tokens import TOKENS, bound_to, sealer_of

WINDOW = timedelta(hours=1)
REASON_LENGTH = 300
UNKNOWN = "No value: the domain has no such token, or the person it belonged to was shredded."


class TooMany(Exception):
    """The limit of an hour is reached; `seconds` until these may be asked for."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"You have asked for as many values as one may in an hour; ask again in {-(-seconds // 60)} minutes."
        )
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is None where there is none; `problem` then says so, the same for whatever reason."""

    token: str
    value: str | None = field(repr=False)

    @property
    def problem(self) -> str:
        return UNKNOWN if self.value is None else ""


def resolve(domain: str, tokens: Sequence[str], *, reason: str, by: User) -> list[Answer]:
    """An answer for each token, in order. The ledger has who, why, how many and about whom; never a value or token.

    Raises ValidationError for no reason, no tokens, too many at once or an unknown domain; TooMany; KmsError.
    Whoever asks for tokens that do not exist uses up their limit too: guessing is asking.
    """
    found = TokenDomain.objects.filter(name=domain).first()
    _check(found, domain, tokens, reason)
    assert found is not None
    with transaction.atomic():
        seconds = _count(by, found, len(tokens))
        if seconds:
            record(events.TOKENS_REFUSED, found, asked=len(tokens), reason=reason)
        else:
            values, persons = _values(found, tokens)
            references = sorted(references_of(persons).values())
            record(
                events.TOKENS_RESOLVED,
                found,
                subject=references[0] if len(references) == 1 else "",
                asked=len(tokens),
                found=len(values),
                reason=reason,
                persons=references,
            )
    if seconds:
        raise TooMany(seconds)
    return [Answer(token, values.get(token)) for token in tokens]


def _check(found: TokenDomain | None, domain: str, tokens: Sequence[str], reason: str) -> None:
    most = settings.VAULT_DETOKENIZE_PER_HOUR
    if found is None:
        raise ValidationError({"domain": f"There is no token domain {domain[:80]}."})
    if not reason.strip() or len(reason) > REASON_LENGTH:
        raise ValidationError({"reason": f"Say why, in at most {REASON_LENGTH} characters."})
    if not tokens:
        raise ValidationError({"tokens": "Name at least one token."})
    if len(tokens) > most:
        raise ValidationError({"tokens": f"At most {most} values may be asked for in an hour."})


def _count(by: User, domain: TokenDomain, asked: int) -> int:
    """Count what is asked, or say in how many seconds it may be. Of two at once, one waits for the other here."""
    User.objects.select_for_update().get(pk=by.pk)
    now = timezone.now()
    earlier = list(
        Detokenization.objects.filter(by=by, at__gt=now - WINDOW).order_by("at").values_list("at", "asked")
    )
    over = sum(count for _, count in earlier) + asked - settings.VAULT_DETOKENIZE_PER_HOUR
    if over > 0:
        return _seconds_until(over, earlier, now)
    Detokenization.objects.filter(by=by, at__lt=now - 24 * WINDOW).delete()
    Detokenization.objects.create(by=by, domain=domain.name, asked=asked)
    return 0


def _seconds_until(over: int, earlier: Iterable[tuple[datetime, int]], now: datetime) -> int:
    """Until so many of the earlier ones are an hour old that `over` become free."""
    for at, count in earlier:
        over -= count
        if over <= 0:
            return max(1, int((at + WINDOW - now).total_seconds()) + 1)
    return int(WINDOW.total_seconds())


def _values(domain: TokenDomain, tokens: Sequence[str]) -> tuple[dict[str, str], set[bytes]]:
    """The values by their token, and whose they are."""
    rows = list(
        Token.objects.filter(domain=domain, token__in=set(tokens))
        .select_related("version__key")
        .prefetch_related("shares")
    )
    sealers = _of_persons([bytes(row.person) for row in rows if row.person is not None and not row.version])
    values: dict[str, str] = {}
    persons: set[bytes] = set()
    for row in rows:
        person = None if row.person is None else bytes(row.person)
        value = _opened(row, sealers.get(person), bound_to(domain.name, bytes(row.lookup)))
        if value is not None:
            values[row.token] = value
            persons |= {bytes(share.person) for share in row.shares.all()} | ({person} if person else set())
    return values, persons


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
