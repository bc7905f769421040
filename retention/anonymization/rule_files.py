"""Rules that somebody wrote for one job, in YAML or JSON: for each column a technique, or one with parameters.

email: pseudonym
birth_date: {technique: generalize_date, parameters: {unit: month}}
note: {technique: keep, reason: reviewed by the works council}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.contracts.reading import read_file, read_texts
from retention.anonymization.compiling import technique_of
from retention.anonymization.rules import Rule, RuleSet
from retention.anonymization.techniques.base import TechniqueError

_KEYS = {"technique", "parameters", "reason"}


def read_rules(path: Path) -> dict[str, Rule]:
    """The rules in a file, by column. Raises TechniqueError, and ContractError where the text is no YAML."""
    texts = read_texts(read_file(path), name=str(path))
    return rules_from(texts[0].value if texts else None, reason=f"By {path.name}.")


def rules_from(value: Any, *, reason: str) -> dict[str, Rule]:
    """The rules of a mapping of columns, each checked. Raises TechniqueError naming the column."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise TechniqueError("Rules are a mapping: for each column a technique.", "Write: email: pseudonym")
    rules = {name: _rule(name, said, reason) for name, said in value.items()}
    for name, rule in rules.items():
        technique_of(RuleSet((rule,)), name)
    return rules


def _rule(column: str, said: Any, reason: str) -> Rule:
    if isinstance(said, str):
        return Rule(column, said, {}, reason)
    if not isinstance(said, Mapping) or "technique" not in said or not set(said) <= _KEYS:
        raise TechniqueError(
            f"Column {column}: a rule is a technique, or a mapping of {', '.join(sorted(_KEYS))}.",
            "Write: {technique: generalize_date, parameters: {unit: month}}",
        )
    parameters = said.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise TechniqueError(f"Column {column}: parameters are a mapping.")
    # Whose words these are stands before them: nobody shall write that a contract said so.
    words = f"{reason} {said['reason']}" if said.get("reason") else reason
    return Rule(column, str(said["technique"]), dict(parameters), words[:300])
