"""Connectors: one class in one file for each kind of store, found at start.

A plug-in of another distribution declares an entry point in the group `privacy_console.connectors`.
"""

from __future__ import annotations

from catalog.connectors.base import Connector
from governance.console.registry import Registry

registry: Registry[Connector] = Registry(
    Connector,  # type: ignore[type-abstract]
    package="catalog.connectors",
    group="privacy_console.connectors",
)
