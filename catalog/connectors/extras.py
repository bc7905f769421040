"""Libraries that only some stores need: they come with an extra of this package and are loaded at first use."""

from __future__ import annotations

import importlib
from types import ModuleType

from catalog.connectors.base import ConnectorError


def load(module: str, *, extra: str) -> ModuleType:
    """The module; ConnectorError names the extra to install where it is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name and not module.startswith(missing.name.split(".")[0]):
            raise
        raise ConnectorError(
            f"The library {module.split('.')[0]} is not installed here.", f"Install the extra [{extra}]."
        ) from None
