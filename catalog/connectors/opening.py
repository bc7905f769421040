"""The door for reading: what it opens can look at a store and never change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.connectors import registry
from catalog.connectors.base import Connector


def open_connector(kind: str, settings: Mapping[str, Any]) -> Connector:
    """A read-only connector of `kind` with its cleaned settings; use it as a context manager.

    KeyError names the kinds that exist. Nothing is connected before the first question.
    """
    return registry.get(kind)(settings)
