"""In-memory doubles of the key ring and of the token vault, for the tests of techniques alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from retention.anonymization.techniques.base import Environment, Secret, TechniqueError


class KeysDouble:
    """Keys made from their names, so that every process has the same. `shred` and `rotate` as a ring would.

    As in the vault, all keys of persons under a name have one id, and who was shredded gets another key later.
    """

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.generations: dict[tuple[str, str], int] = {}

    def rotate(self, name: str) -> None:
        self.versions[name] = self.versions.get(name, 1) + 1

    def shred(self, person: str) -> None:
        for name, known in list(self.generations):
            if known == person and self.generations[name, known] > 0:
                self.generations[name, known] *= -1

    def current(self, name: str) -> Secret:
        return self.version(f"{name}/{self.versions.get(name, 1)}")

    def version(self, key_id: str) -> Secret:
        name, _, rest = key_id.partition("/")
        if name == "missing" or (rest.isdigit() and int(rest) > self.versions.get(name, 1)):
            raise TechniqueError(f"The key ring has no key {key_id}.")
        return Secret(key_id, sha256(key_id.encode()).digest())

    def of_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret]:
        self.current(name)
        for person in persons:
            generation = self.generations.get((name, person), 0)
            self.generations[name, person] = generation if generation > 0 else 1 - generation
        return [secret for secret in self.known_persons(name, persons) if secret]

    def known_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret | None]:
        self.current(name)
        generations = [self.generations.get((name, person), 0) for person in persons]
        return [
            Secret(f"{name}/person", sha256(f"{name} {person} {generation}".encode()).digest())
            if generation > 0
            else None
            for person, generation in zip(persons, generations, strict=True)
        ]


class TokensDouble:
    """A vault that forgets everything with the process."""

    def __init__(self) -> None:
        self.domains: dict[str, dict[str, str]] = {}
        self.owners: dict[tuple[str, str], str | None] = {}

    def issue(
        self,
        domain: str,
        values: Sequence[str],
        *,
        fresh: Callable[[int], Sequence[str]],
        capacity: int | None = None,
        persons: Sequence[str | None] | None = None,
    ) -> Sequence[str]:
        assert len(set(values)) == len(values)
        known = self.domains.setdefault(domain, {})
        wanted = [value for value in values if value not in known]
        if capacity is not None and len(known) + len(wanted) > capacity:
            raise TechniqueError(f"The domain has room for {capacity} tokens only.")
        taken = set(known.values())
        while wanted:
            for value, token in zip(wanted, fresh(len(wanted)), strict=True):
                if token not in taken:
                    known[value] = token
                    taken.add(token)
            wanted = [value for value in wanted if value not in known]
        for value, person in zip(values, persons or (), strict=bool(persons)):
            self.owners.setdefault((domain, value), person)
        return [known[value] for value in values]


def environment(
    column: str = "given", *, keys: KeysDouble | None = None, tokens: TokensDouble | None = None
) -> Environment:
    return Environment(column, "shop.customer", keys or KeysDouble(), tokens or TokensDouble())
