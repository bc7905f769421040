from __future__ import annotations

import json

from audit.reports.renderers.base import Document, Renderer

FORMAT = "privacy-report/1"  # see docs/report.schema.json


class Json(Renderer):
    """For machines, and to compare: keys in a fixed order, one value a line, times in UTC."""

    kind = "json"
    label = "JSON"
    content_type = "application/json"

    def render(self, document: Document) -> bytes:
        checkpoint = document.checkpoint
        told = dict(document.told)
        sections = told.pop("sections")
        body = {
            "format": FORMAT,
            **told,
            "checkpoint": {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root,
                "signed_at": document.as_of.isoformat().replace("+00:00", "Z"),
                "chain": checkpoint.chain,
                "beyond": checkpoint.beyond,
                "note": checkpoint.note,
            },
            "content_sha256": document.digest,
            "sections": sections,
        }
        if document.content.ledger_proof:
            body["ledger_proof"] = document.content.ledger_proof
        return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()
