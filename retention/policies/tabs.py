"""The pages that stand under Retention, each served by an app of its own."""

from __future__ import annotations

from typing import Any

from governance.console.models import User
from governance.console.overview import reachable

PAGES = (
    ("policies:policies", "Policies"),
    ("policies:due", "Due"),
    ("expiry:runs", "Runs"),
    ("retention:holds", "Holds"),
    ("registry:registry", "Registry"),
    ("registry:backups", "Backups"),
    ("registry:replays", "Replays"),
    ("answers:marks", "Restriction marks"),
    ("training:sets", "Training sets"),
)


def retention_tabs(user: User, current: str) -> list[dict[str, Any]]:
    """For `ui/tabs.html`: those this person may open; `current` is a URL name of `PAGES`."""
    return [
        {"label": label, "url": url, "current": name == current}
        for name, label in PAGES
        if (url := reachable(user, name))
    ]
