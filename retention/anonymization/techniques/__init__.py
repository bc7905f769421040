"""Techniques: one class in one file each, found at start.

A plug-in of another distribution declares an entry point in the group `privacy_console.techniques`.
"""

from __future__ import annotations

from governance.console.registry import Registry
from retention.anonymization.techniques.base import Technique

registry: Registry[Technique] = Registry(
    Technique,  # type: ignore[type-abstract]
    package="retention.anonymization.techniques",
    group="privacy_console.techniques",
)
