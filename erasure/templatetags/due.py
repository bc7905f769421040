"""The clock of a request as a badge."""

from typing import Any

from django import template
from django.utils import timezone

from erasure.models import SubjectRequest
from governance.console.templatetags.ui import state_badge

register = template.Library()
SOON = 7  # days


@register.inclusion_tag("ui/badge.html")
def due_badge(request: SubjectRequest) -> dict[str, Any]:
    """How many days are left to answer, or have passed since; “Ended” once nothing is due any more."""
    if request.ended:
        return state_badge("closed", "Ended")
    if request.paused_at:
        return state_badge("paused", "Clock paused")
    if request.clock_waits:
        return state_badge("pending", "Clock not started")
    days = (request.due_on - timezone.localdate()).days
    if days < 0:
        return state_badge("overdue", f"{-days} day{'' if days == -1 else 's'} overdue")
    words = "Due today" if days == 0 else f"{days} day{'' if days == 1 else 's'} left"
    return state_badge("due soon" if days <= SOON else "pending", words)
