"""Every kind of store with the same tables in it: one class in one file each."""

from __future__ import annotations

import importlib
import pkgutil

from tests.contracts.stores.base import Store


def _found() -> dict[str, type[Store]]:
    found: dict[str, type[Store]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Store) and getattr(value, "name", ""):
                found[value.name] = value
    return dict(sorted(found.items()))


STORES = _found()
