"""What a report says as JSON, and the digest over it: one content, one digest, whatever form the file has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from django.utils.text import slugify

from audit.reports.base import ReportContent, Section

# The keys of a report in JSON that are its content; the others say when it was made, and prove it.
CONTENT = (
    "report",
    "parameters",
    "title",
    "subtitle",
    "conclusion",
    "conclusive",
    "gaps",
    "sections",
)
LARGEST = 50_000_000  # bytes of a report that is read again
EXACT = 2**53  # larger whole numbers are text: many readers of JSON would round them (RFC 7493)


def content_of(kind: str, parameters: Mapping[str, Any], content: ReportContent) -> dict[str, Any]:
    """The content as JSON has it: text, whole numbers, truth values, lists and objects alone."""
    told: dict[str, Any] = _plain(
        {
            "report": kind,
            "parameters": parameters,
            "title": content.title,
            "subtitle": content.subtitle,
            "conclusion": content.conclusion,
            "conclusive": content.conclusive,
            "gaps": [
                {"what": gap.what, "where": gap.where, "reference": gap.reference, "duty": gap.duty}
                for gap in content.gaps
            ],
            "sections": [_section(section) for section in content.sections],
        }
    )
    return told


def digest_of(told: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the content in canonical JSON (RFC 8785); other keys of `told` do not count.

    Raises KeyError for what is no report.
    """
    content = {name: told[name] for name in CONTENT}
    body = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(body.encode()).hexdigest()


def key_of(title: str) -> str:
    """A title as a key of JSON: "Rows before" → rows_before."""
    return slugify(title).replace("-", "_")


def _section(section: Section) -> dict[str, Any]:
    body: dict[str, Any] = {"heading": section.heading, "note": section.note}
    if section.facts:
        body["facts"] = {key_of(fact.title): fact.value for fact in section.facts}
    if section.columns:
        keys = [key_of(column) for column in section.columns]
        body["rows"] = [dict(zip(keys, row, strict=True)) for row in section.rows]
    return body


def _plain(value: Any) -> Any:
    """Times in UTC to the microsecond."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < EXACT else str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no place in a report.")
