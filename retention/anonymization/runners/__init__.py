"""Runners: one class in one file each, found at start.

A plug-in of another distribution declares an entry point in the group `privacy_console.runners`.
"""

from __future__ import annotations

from governance.console.registry import Registry
from retention.anonymization.runners.base import Runner

registry: Registry[Runner] = Registry(
    Runner,  # type: ignore[type-abstract]
    package="retention.anonymization.runners",
    group="privacy_console.runners",
)
