"""How shares look on a page."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """0.0213 as 2.13%; what is more than nothing is never shown as nothing."""
    if 0 < share < 0.0001:
        return "<0.01%"
    return f"{share:.2%}" if share < 1 else f"{share:.0%}"
