"""What was found in one data set: as JSON, and which of its columns a pipeline may not let pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.classification.verdict import Evidence, Verdict
from catalog.classification.vocabulary import CATEGORIES

UNKNOWN = "unknown"  # the sensitivity of a column without a finding: it counts as personal until reviewed


@dataclass(frozen=True, slots=True)
class Classified:
    """One data set: its verdicts by column, or the `problem` why there are none; `values` were looked at."""

    name: str
    columns: Mapping[str, Verdict] = field(default_factory=dict)
    rows: int = 0
    values: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Exposed:
    """A column that is of a sensitivity, or (`contained`) has it inside its values."""

    column: str
    category: str
    sensitivity: str
    confidence: float
    contained: bool = False


def exposed(
    verdicts: Mapping[str, Verdict], sensitivities: Iterable[str], *, at_least: float
) -> Iterator[Exposed]:
    """The columns that are of one of `sensitivities`, or contain it, with that confidence; `unknown` needs none."""
    wanted = set(sensitivities)
    for name, verdict in verdicts.items():
        best = verdict.best
        if best is None and UNKNOWN in wanted:
            yield Exposed(name, "", UNKNOWN, 0.0)
        if best and best.sensitivity in wanted and best.confidence >= at_least:
            yield Exposed(name, best.category, best.sensitivity, best.confidence)
        for category, confidence in _contained(verdict).items():
            sensitivity = CATEGORIES[category].sensitivity
            if sensitivity in wanted and confidence >= at_least:
                yield Exposed(name, category, sensitivity, confidence, contained=True)


def as_json(classified: Classified) -> dict[str, Any]:
    """The columns of one data set as documented in docs/classifying.md; its problem where there is one."""
    if classified.problem:
        return {"problem": classified.problem}
    return {name: _column(verdict) for name, verdict in classified.columns.items()}


def _column(verdict: Verdict) -> dict[str, Any]:
    best = verdict.best
    heard = [item for finding in verdict.findings for item in finding.evidence]
    return {
        "category": best.category if best else None,
        "sensitivity": str(best.sensitivity) if best else UNKNOWN,
        "confidence": best.confidence if best else 0.0,
        "contains": list(verdict.contains),
        "evidence": [_evidence(item) for item in dict.fromkeys((*heard, *verdict.contained))],
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Evidence.__dataclass_fields__}


def _contained(verdict: Verdict) -> dict[str, float]:
    """What the values contain, each with the confidence of its strongest sign."""
    found = dict.fromkeys(verdict.contains, 0.0)
    for item in verdict.contained:
        if item.category in found:
            found[item.category] = max(found[item.category], item.weight)
    return found
