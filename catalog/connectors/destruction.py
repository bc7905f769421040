"""The one door to destruction. Only `erasure.executing` may import it; the import contracts hold that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.connectors import registry
from catalog.connectors.base import Connector


def open_writable(kind: str, settings: Mapping[str, Any]) -> Connector:
    """A connector of `kind` that may rehearse, delete and overwrite; else as `opening.open_connector`."""
    return registry.get(kind)(settings, writable=True)
