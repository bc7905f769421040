from __future__ import annotations

from functools import cache
from pathlib import Path

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from audit.reports.renderers.base import Document, Renderer

STYLE = Path(__file__).parent.parent / "static/reports/report.css"


class Html(Renderer):
    """One file that needs nothing beside it, to read, to print and to keep."""

    kind = "html"
    label = "HTML"
    content_type = "text/html; charset=utf-8"

    def render(self, document: Document) -> bytes:
        return render_to_string(
            "reports/document.html", {"document": document, "limit": None, "style": _style()}
        ).encode()


@cache
def _style() -> SafeString:
    """The style sheet of the console's own page, inside the file."""
    return format_html("<style>\n{}</style>", mark_safe(STYLE.read_text()))  # noqa: S308  our own file
