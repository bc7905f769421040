"""Reasons that officers give: for the person, for the ledger, or for both."""

from django.core.exceptions import ValidationError

REASON_LENGTH = 250


def stated(reason: str) -> str:
    """The reason, trimmed. Raises ValidationError for none, or one too long."""
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise ValidationError({"reason": f"Give the reason in 1 to {REASON_LENGTH} characters."})
    return reason
