"""Key management services: one class in one file each, found at start.

A plug-in of another distribution declares an entry point in the group `privacy_console.kms`.
"""

from __future__ import annotations

from governance.console.registry import Registry
from retention.vault.kms.base import Kms

registry: Registry[Kms] = Registry(
    Kms,  # type: ignore[type-abstract]
    package="retention.vault.kms",
    group="privacy_console.kms",
)
