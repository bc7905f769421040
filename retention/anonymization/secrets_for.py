"""The keys and tokens that rules need: pinned once for a run, and opened again in every process that works on it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from governance.console.models import User
from governance.keyring.ring import ring
from retention.anonymization.compiling import technique_of
from retention.anonymization.rules import RuleSet
from retention.anonymization.techniques.base import Keys, Tokens
from retention.vault import keyring
from retention.vault.bundle import KeyBundle
from retention.vault.tokens import TokenVault

DEFAULT = "anonymization"  # the name that techniques use unless told otherwise: made at first use


def key_names(rules: RuleSet) -> list[str]:
    """The names of the keys that the rules use. Raises TechniqueError for a wrong rule."""
    names = {name for rule in rules.rules for name in technique_of(rules, rule.column).key_names()}
    return sorted(names)


def pin(rules: RuleSet, *, category: str = "", by: User | None = None) -> dict[str, Any]:
    """The versions of the keys that a run uses in all its processes, as plain data without a key in it.

    `category` is what the catalog calls the identifiers that tell persons apart. Raises TechniqueError for a name
    that the vault does not have: a name that is misspelled must not become a new key.
    """
    names = key_names(rules)
    if DEFAULT in names:
        keyring.ensure([DEFAULT], by=by)
    return keyring.bundle(names, category=category).as_json() if names else {}


def require_keys(rules: RuleSet) -> None:
    """TechniqueError for a key that the vault does not have; the default one is made with the first run."""
    keyring.bundle([name for name in key_names(rules) if name != DEFAULT])


def opened(pinned: Mapping[str, Any]) -> Keys:
    """The keys of a run in this process. Whoever asks for one that was not pinned gets a TechniqueError."""
    return KeyBundle.from_json(pinned or {"active": {}, "versions": [], "category": ""})


def found_again(pinned: Mapping[str, Any]) -> Keys:
    """The keys of a run of long ago: the versions that it used, as the vault has them wrapped by now.

    Raises TechniqueError where one is gone.
    """
    return keyring.renewed(KeyBundle.from_json(pinned)) if pinned else opened(pinned)


def tokens(*, category: str = "") -> Tokens:
    return TokenVault(category=category)


def hash_key() -> str:
    """What values are hashed with to find them again in an output, or a person in a run: 16 characters, 96 bits."""
    keys = ring()
    material = keys.derive(next(iter(keys.keys)), "hash:anonymization.values")
    return base64.b64encode(material[:12]).decode()
