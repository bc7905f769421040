"""The limit on asking values back, which all doors share: so many an hour and person, and never without a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from governance.console.models import User
from retention.vault.models import Detokenization
from retention.vault.versions import LONGEST_DOMAIN

T = TypeVar("T")

WINDOW = timedelta(hours=1)
REASON_LENGTH = 300


class TooMany(Exception):
    """The limit of an hour is reached; `seconds` until these may be asked for."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"You have asked for as many values as one may in an hour; ask again in {-(-seconds // 60)} minutes."
        )
        self.seconds = seconds


def most() -> int:
    """How many values one person may ask for in an hour."""
    return settings.VAULT_DETOKENIZE_PER_HOUR


def require(*, asked: int, reason: str, field: str) -> None:
    """ValidationError for no reason, for nothing asked, and for more than an hour allows; `field` has what is asked."""
    if not reason.strip() or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Say why, in at most {REASON_LENGTH} characters."})
    if not asked:
        raise ValidationError({field: "Name at least one."})
    if asked > most():
        raise ValidationError({field: f"At most {most()} values may be asked for in an hour."})


def ask(look: Callable[[], T], *, asked: int, by: User, about: str, refused: Callable[[], None]) -> T:
    """What `look` finds and records, counted for `by` as `asked` values of the domain or column `about`.

    Over the limit nothing is looked for: `refused` records it, and TooMany is raised. What does not exist counts too:
    guessing is asking. If `look` fails, nothing was counted.
    """
    with transaction.atomic():
        seconds = _count(by, about, asked)
        if not seconds:
            return look()
        refused()
    raise TooMany(seconds)


def _count(by: User, about: str, asked: int) -> int:
    """Count what is asked, or say in how many seconds it may be. Of two at once, one waits for the other here."""
    User.objects.select_for_update().get(pk=by.pk)
    now = timezone.now()
    earlier = list(
        Detokenization.objects.filter(by=by, at__gt=now - WINDOW).order_by("at").values_list("at", "asked")
    )
    over = sum(count for _, count in earlier) + asked - most()
    if over > 0:
        return _seconds_until(over, earlier, now)
    Detokenization.objects.filter(by=by, at__lt=now - 24 * WINDOW).delete()
    Detokenization.objects.create(by=by, domain=about[:LONGEST_DOMAIN], asked=asked)
    return 0


def _seconds_until(over: int, earlier: Iterable[tuple[datetime, int]], now: datetime) -> int:
    """Until so many of the earlier ones are an hour old that `over` become free."""
    for at, count in earlier:
        over -= count
        if over <= 0:
            return max(1, int((at + WINDOW - now).total_seconds()) + 1)
    return int(WINDOW.total_seconds())
