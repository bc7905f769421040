"""The keys and tokens that rules need: pinned once for a run, and opened again in every process that works on it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from governance.keyring.ring import ring
from retention.anonymization.compiling import technique_of
from retention.anonymization.rules import RuleSet
from retention.anonymization.techniques.base import Keys, Tokens
from retention.vault import keyring
from retention.vault.bundle import KeyBundle
from retention.vault.tokens import TokenVault


def key_names(rules: RuleSet) -> list[str]:
    """The names of the keys that the rules use. Raises TechniqueError for a wrong rule."""
    names = {name for rule in rules.rules for name in technique_of(rules, rule.column).key_names()}
    return sorted(names)


def pin(rules: RuleSet, *, category: str = "") -> dict[str, Any]:
    """The versions of the keys that a run uses in all its processes, as plain data. Raises TechniqueError.

    Keys that do not exist yet are made. Empty where the rules need none.
    """
    names = key_names(rules)
    keyring.ensure(names)
    return keyring.bundle(names, category=category).as_json() if names else {}


def opened(pinned: Mapping[str, Any]) -> Keys | None:
    return KeyBundle.from_json(pinned) if pinned else None


def tokens(*, category: str = "") -> Tokens:
    return TokenVault(category=category)


def hash_key() -> str:
    """What values are hashed with to find them again in an output, or a person in a run: 16 characters, 96 bits."""
    keys = ring()
    material = keys.derive(next(iter(keys.keys)), "hash:anonymization.values")
    return base64.b64encode(material[:12]).decode()
