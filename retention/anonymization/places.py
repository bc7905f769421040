"""The console's own folder for runs: only its user can look into it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

PRIVATE = 0o700


def folder_of(run: str) -> Path:
    """What a run keeps away from its destination, whether it is there or not; workers elsewhere must share it."""
    top = Path(settings.VAR_DIR) / "anonymization"
    top.mkdir(PRIVATE, parents=True, exist_ok=True)
    return top / run
