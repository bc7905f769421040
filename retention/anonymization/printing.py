"""A draft and a run for the command line: as text, and as JSON for programs."""

from __future__ import annotations

from typing import Any

import orjson

from catalog.classified_table import plain
from retention.anonymization.models import Run
from retention.anonymization.previewing import Preview
from retention.anonymization.requesting import Draft

WIDEST = 32  # characters of a cell


def as_text(made: Draft, rows: Preview | None) -> str:
    """The rules with their reasons, and the rows before and after."""
    resolution = made.resolution
    lines = [f"{made.source} for {made.use}", ""]
    rules = [
        (rule.column, _named(rule.technique, rule.parameters), rule.reason) for rule in resolution.rules.rules
    ]
    rules += [(each.column, "?", each.why) for each in resolution.undecided]
    lines += _table([("column", "technique", "reason"), *rules], widest=90)
    if resolution.rules.person:
        lines += ["", f"Persons are told apart by {resolution.rules.person}."]
    if rows:
        lines += ["", "Before", *_table([rows.columns, *rows.before], widest=WIDEST)]
        lines += [
            "",
            "After (with keys of this look only)",
            *_table([rows.columns, *rows.after], widest=WIDEST),
        ]
    return plain("\n".join(lines))


def as_json(made: Draft, rows: Preview | None) -> dict[str, Any]:
    resolution = made.resolution
    found: dict[str, Any] = {
        "source": made.source,
        "use": made.use,
        "contract": made.contract,
        "person": resolution.rules.person,
        "fingerprint": resolution.rules.fingerprint,
        "rules": resolution.rules.as_json()["rules"],
        "undecided": [{"column": each.column, "why": each.why} for each in resolution.undecided],
    }
    if rows:
        found["preview"] = {"columns": rows.columns, "before": rows.before, "after": rows.after}
    return found


def result(run: Run) -> dict[str, Any]:
    return {
        "job": str(run.pk),
        "outcome": run.outcome,
        "source": run.source,
        "destination": run.destination,
        "use": run.use,
        "runner": run.runner,
        "rules": run.rules["rules"],
        "fingerprint": run.fingerprint,
        "rows": run.record_count,
        "validation": run.validation,
        "location": run.location,
        "sha256": run.digest,
        "problem": run.problem,
    }


def _named(technique: str, parameters: Any) -> str:
    return f"{technique} {orjson.dumps(dict(parameters)).decode()}" if parameters else technique


def _table(rows: Any, *, widest: int) -> list[str]:
    texts = [["" if cell is None else str(cell)[:widest] for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in texts) for place in range(len(texts[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in texts
    ]
