"""What an erasure needs beside the rows: one file per measure, found at start."""

from erasure.measures.base import Measure
from governance.console.registry import Registry

registry: Registry[Measure] = Registry(
    Measure,  # type: ignore[type-abstract]
    package="erasure.measures",
    group="privacy_console.measures",
)
