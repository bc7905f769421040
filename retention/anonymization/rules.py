"""What becomes of each column: a rule set, plain data that goes to every runner and stands in the record of the job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

import orjson

KEEP = "keep"


@dataclass(frozen=True)
class Rule:
    """One column, the technique it gets, and why: the contract, the tag or the person who said so."""

    column: str
    technique: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class RuleSet:
    """One rule for each column of a source. `person` names the column that tells persons apart, if any does."""

    rules: tuple[Rule, ...]
    use: str = ""
    person: str = ""

    def of(self, column: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.column == column), None)

    def without_rule(self, columns: Sequence[str]) -> list[str]:
        """The columns that nobody decided about: a job refuses them."""
        known = {rule.column for rule in self.rules}
        return [name for name in columns if name not in known]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RuleSet:
        return cls(
            tuple(Rule(**rule) for rule in value["rules"]), value.get("use", ""), value.get("person", "")
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what the rules do; reasons are words and do not count."""
        plain = self.as_json()
        for rule in plain["rules"]:
            del rule["reason"]
        return sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
