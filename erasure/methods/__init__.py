"""How data are destroyed: one file per method, found at start."""

from erasure.methods.base import Method
from governance.console.registry import Registry

registry: Registry[Method] = Registry(
    Method,  # type: ignore[type-abstract]
    package="erasure.methods",
    group="privacy_console.methods",
)
