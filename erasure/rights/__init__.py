"""The rights of data subjects: one file per right, found at start."""

from erasure.rights.base import Right
from governance.console.registry import Registry

registry: Registry[Right] = Registry(
    Right,
    package="erasure.rights",
    group="privacy_console.rights",
)


def right_of(kind: str) -> Right:
    """The right that a request of this kind exercises."""
    return registry.get(kind)()
