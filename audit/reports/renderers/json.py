from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from audit.reports.base import Section
from audit.reports.renderers.base import Document, Renderer, key_of


class Json(Renderer):
    """For machines, and to compare: keys in a fixed order, one value a line, times in UTC."""

    kind = "json"
    label = "JSON"
    content_type = "application/json"

    def render(self, document: Document) -> bytes:
        content, checkpoint = document.content, document.checkpoint
        body = {
            "report": document.report.kind,
            "parameters": document.parameters,
            "title": content.title,
            "subtitle": content.subtitle,
            "made_at": document.made_at,
            "checkpoint": {
                "entries": checkpoint.size,
                "chain": checkpoint.chain,
                "waiting": checkpoint.waiting,
            },
            "conclusion": content.conclusion,
            "conclusive": content.conclusive,
            "gaps": [
                {"what": gap.what, "where": gap.where, "reference": gap.reference, "duty": gap.duty}
                for gap in content.gaps
            ],
            "sections": [_section(section) for section in content.sections],
        }
        if content.ledger_proof:
            body["ledger_proof"] = content.ledger_proof
        return (json.dumps(body, indent=2, ensure_ascii=False, default=_plain) + "\n").encode()


def _section(section: Section) -> dict[str, Any]:
    body: dict[str, Any] = {"heading": section.heading, "note": section.note}
    if section.facts:
        body["facts"] = {key_of(fact.title): fact.value for fact in section.facts}
    if section.columns:
        keys = [key_of(column) for column in section.columns]
        body["rows"] = [dict(zip(keys, row, strict=True)) for row in section.rows]
    return body


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a report.")
