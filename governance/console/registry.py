"""Plug-ins: classes found at start in one package and in the entry points of other distributions."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cached_property
from importlib.metadata import entry_points
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """All concrete subclasses of `base` in `package` and in entry-point `group`, by their `kind`.

    Adding a plug-in is adding a file: no list, no migration, no template names it.
    """

    def __init__(self, base: type[T], *, package: str, group: str) -> None:
        self.base = base
        self.package = package
        self.group = group

    @cached_property
    def classes(self) -> dict[str, type[T]]:
        found: dict[str, type[T]] = {}
        package = importlib.import_module(self.package)
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{self.package}.{info.name}")
            for value in vars(module).values():
                if isinstance(value, type) and value.__module__ == module.__name__:
                    self._add(found, value)
        for entry in entry_points(group=self.group):
            self._add(found, entry.load())
        return dict(sorted(found.items()))

    def _add(self, found: dict[str, type[T]], value: type) -> None:
        kind = getattr(value, "kind", "")
        if not kind or not issubclass(value, self.base):
            return
        if found.setdefault(kind, value) is not value:
            raise RuntimeError(f"Two plug-ins call themselves {kind!r}: {found[kind]} and {value}.")

    def get(self, kind: str) -> type[T]:
        """The class of that kind; KeyError names the kinds that exist."""
        try:
            return self.classes[kind]
        except KeyError:
            raise KeyError(f"There is no kind {kind!r}; known are {', '.join(self.classes)}.") from None

    def choices(self) -> list[tuple[str, str]]:
        return [(kind, cls.label) for kind, cls in self.classes.items()]  # type: ignore[attr-defined]
