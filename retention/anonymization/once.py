"""Keys and tokens made for one look and forgotten: to check rules, and to show what they would do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from retention.anonymization.techniques.base import Secret


class OnceKeys:
    """Implements `Keys` with keys that nobody else has."""

    def __init__(self) -> None:
        self._made: dict[str, bytes] = {}

    def current(self, name: str) -> Secret:
        return self.version(f"{name}/1")

    def version(self, key_id: str) -> Secret:
        return Secret(key_id, self._made.setdefault(key_id, secrets.token_bytes(32)))

    def of_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret]:
        return [self.version(f"{name}/{person}") for person in persons]

    def known_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret | None]:
        return self.of_persons(name, persons)


class OnceTokens:
    """Implements `Tokens` in memory."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], str] = {}

    def issue(
        self,
        domain: str,
        values: Sequence[str],
        *,
        fresh: Callable[[int], Sequence[str]],
        capacity: int | None = None,
        persons: Sequence[str | None] | None = None,
    ) -> Sequence[str]:
        return [self._made.setdefault((domain, value), fresh(1)[0]) for value in values]
