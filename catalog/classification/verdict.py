"""What a judgement consists of: evidence, findings made of it, and the verdict over a column."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.classification.vocabulary import CATEGORIES, Sensitivity


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation by one witness. It never holds a raw value: `examples` are masked.

    `weight` says how strongly it speaks, alone, for the category (0 to 1), or against it (below 0).
    `sampled` counts the distinct values looked at, `matched` those of the right form, `valid` those of them
    whose check digits (or numbering plan) are right. `contained` means: seen inside longer text.
    """

    origin: str  # "name", "pattern", "entity", "values" or "neighbours"
    category: str
    detail: str
    weight: float
    sampled: int = 0
    matched: int = 0
    valid: int = 0
    examples: tuple[str, ...] = ()
    contained: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A category the column may be of, with the confidence (0 to 1) that all evidence together gives."""

    category: str
    confidence: float
    evidence: tuple[Evidence, ...]

    @property
    def sensitivity(self) -> Sensitivity:
        return CATEGORIES[self.category].sensitivity


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings, most confident first, and the categories that occur inside longer text.

    `contains` may be filled where `best` is None: a comment column with one e-mail address in it.
    """

    findings: tuple[Finding, ...] = ()
    contains: tuple[str, ...] = ()
    contained: tuple[Evidence, ...] = ()

    @property
    def best(self) -> Finding | None:
        return self.findings[0] if self.findings else None
