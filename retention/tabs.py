"""The pages that stand under Anonymization, each served by an app of its own."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

PAGES = (
    ("anonymization:jobs", "Jobs"),
    ("anonymization:streams", "Streams"),
    ("anonymization:advisor", "Which technique?"),
    ("risk:assessments", "Risk"),
    ("statistics:releases", "Statistics"),
    ("statistics:budgets", "Budgets"),
    ("vault:keys", "Keys"),
    ("vault:tokens", "Tokens"),
)


def anonymization_tabs(current: str) -> list[dict[str, Any]]:
    """For `ui/tabs.html`; `current` is a URL name of `PAGES`."""
    return [
        {"label": label, "url": url, "current": name == current}
        for name, label in PAGES
        if (url := _url(name))
    ]


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
