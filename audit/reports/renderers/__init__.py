"""The forms a report can take: one file each, found at start."""

from audit.reports.renderers.base import Document, Renderer
from governance.console.registry import Registry

__all__ = ["Document", "Renderer", "renderers"]

renderers: Registry[Renderer] = Registry(
    Renderer,  # type: ignore[type-abstract]
    package="audit.reports.renderers",
    group="privacy_console.renderers",
)
