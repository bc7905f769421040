"""API tokens: issued for less than or all of what their owner may, for a year at most."""

from collections.abc import Collection
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from governance.console import events
from governance.console.models import ApiToken, User
from governance.console.permissions import PERMISSIONS

MAX_DAYS = 365


def scopes_for(user: User, *, token: ApiToken | None = None) -> list[str]:
    """What a new token of `user` may be issued for; one issued with another `token` gets nothing beyond that."""
    return [name for name in PERMISSIONS if user.may(name) and (token is None or name in token.scopes)]


@transaction.atomic
def issue(
    user: User, *, name: str, scopes: Collection[str], days: int, using: ApiToken | None = None
) -> tuple[ApiToken, str]:
    """A token and its secret, which nobody can show again.

    Raises ValidationError for scopes beyond the owner's role, or beyond the token `using` which it is issued,
    and for a time above a year or beyond that token's.
    """
    beyond = sorted(set(scopes) - set(scopes_for(user, token=using)))
    if beyond:
        raise ValidationError({"scopes": f"Not yours to give: {', '.join(beyond)}."})
    if not scopes:
        raise ValidationError({"scopes": "Choose at least one: a token without scopes opens nothing."})
    if not 1 <= days <= MAX_DAYS:
        raise ValidationError({"days": f"A token lives between 1 and {MAX_DAYS} days."})
    if using and timezone.now() + timedelta(days=days) > using.expires_at:
        raise ValidationError(
            {"days": "A token cannot outlive the one it is issued with; issue it in the console."}
        )
    token, secret = ApiToken.issue(user, name=name, scopes=list(set(scopes)), days=days)
    record(events.TOKEN_ISSUED, token, scopes=token.scopes, expires=token.expires_at.date().isoformat())
    return token, secret


@transaction.atomic
def revoke(token: ApiToken) -> bool:
    """End a token at once; False if it was revoked before."""
    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        record(events.TOKEN_REVOKED, token)
    return bool(revoked)
