from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import typst

from audit.reports.base import Section
from audit.reports.renderers.base import Document, Renderer, shown

TEMPLATE = Path(__file__).with_name("report.typ")
# Signs beyond the alphabets of Europe and the Near East, and beyond common punctuation.
UNCOMMON = re.compile("[^\u0000-\u07ff\u1e00-\u22ff\u27e8\u27e9]")
WIDE = 7  # columns from which a page lies on its side
STANDARD = "ua-1"  # tagged, so that it can be read aloud: PDF/UA-1


class Pdf(Renderer):
    """A tagged PDF (PDF/UA-1) with its fonts inside and a number on every page, to hand over and to keep."""

    kind = "pdf"
    label = "PDF"
    content_type = "application/pdf"

    def render(self, document: Document) -> bytes:
        told = json.dumps(_told(document), ensure_ascii=False)
        try:
            return _compiled(told)
        except typst.TypstError as problem:
            if "could not be displayed" not in str(problem):
                raise
            # A sign that no font at hand has: better its number than a box, or no report.
            return _compiled(UNCOMMON.sub(lambda sign: f"\u27e8U+{ord(sign[0]):04X}\u27e9", told))


def _compiled(told: str) -> bytes:
    made = typst.compile(  # type: ignore[call-overload]
        TEMPLATE,
        root=TEMPLATE.parent,
        format="pdf",
        sys_inputs={"report": told},
        pdf_standards=[STANDARD],
    )
    assert isinstance(made, bytes)
    return made


def _told(document: Document) -> dict[str, Any]:
    content, made, checkpoint = document.content, document.as_of, document.checkpoint
    return {
        "title": content.title,
        "subtitle": content.subtitle,
        "author": "Privacy governance console",
        "conclusion": content.conclusion,
        "conclusive": content.conclusive,
        "entries": str(checkpoint.size),
        "root": checkpoint.root,
        "made_at": [[name, shown(value)] for name, value in document.made_at],
        "as_of": shown(made),
        "made": {name: getattr(made, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "wide": any(len(section.columns) >= WIDE for section in content.sections),
        "gaps": [[gap.what, gap.where, gap.reference, gap.duty] for gap in content.gaps],
        "sections": [_section(section) for section in content.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    rows = [[shown(value) for value in row] for row in section.rows]
    return {
        "heading": section.heading,
        "note": section.note,
        "facts": [[fact.title, shown(fact.value), fact.reference] for fact in section.facts],
        "columns": list(section.columns),
        "numeric": [_numeric(section, place) for place in range(len(section.columns))],
        "rows": rows,
        "empty": section.empty or "None.",
    }


def _numeric(section: Section, place: int) -> bool:
    values = [row[place] for row in section.rows if row[place] is not None]
    return bool(values) and all(isinstance(each, int) and not isinstance(each, bool) for each in values)
