"""A pin of key versions that goes with a job: whoever rotates meanwhile, all its parts use the same ones.

It holds wrapped keys and who opens them, never a key itself, so it may stand in a job's arguments. Another process (a
worker, an executor) opens it with its own access to the key management service; without Django's apps, and without the
database as long as no keys of persons are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retention.anonymization.techniques.base import Secret, TechniqueError
from retention.vault.material import Wrapped, opened
from retention.vault.person_keys import secrets_of
from retention.vault.persons import lookups


@dataclass(frozen=True)
class KeyBundle:
    """Implements `Keys`. `active` has one version for each name, `versions` all that can be read, by their id.

    `category` is what the catalog calls the identifiers that tell persons apart (`id.customer`); empty where nobody
    said. The same person has the same keys wherever the category is the same.
    """

    active: Mapping[str, Wrapped]
    versions: Mapping[str, Wrapped]
    category: str = ""

    def current(self, name: str) -> Secret:
        return opened(self._pinned(name))

    def version(self, key_id: str) -> Secret:
        kept = self.versions.get(key_id)
        if kept is None:
            raise TechniqueError(
                f"There is no key {key_id} here.", f"The job has {', '.join(self.versions) or 'none'}."
            )
        return opened(kept)

    def of_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret]:
        known_as = lookups(self.category, persons)
        found = secrets_of(self._pinned(name), known_as)
        return [found[each] for each in known_as]

    def known_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret | None]:
        """As `of_persons`, to read: who has no key, or no more, gets none made."""
        known_as = lookups(self.category, persons)
        found = secrets_of(self._pinned(name), known_as, make=False)
        return [found.get(each) for each in known_as]

    def as_json(self) -> dict[str, Any]:
        return {
            "active": {name: kept.id for name, kept in self.active.items()},
            "versions": [kept.as_json() for kept in self.versions.values()],
            "category": self.category,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> KeyBundle:
        versions = {kept.id: kept for kept in map(Wrapped.from_json, value["versions"])}
        active = {name: versions[key_id] for name, key_id in value["active"].items()}
        return cls(active, versions, value["category"])

    def _pinned(self, name: str) -> Wrapped:
        kept = self.active.get(name)
        if kept is None:
            raise TechniqueError(
                f"There is no key {name} here.", f"The job has {', '.join(self.active) or 'none'}."
            )
        return kept
