from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter

from audit.reports.base import Section, Value
from audit.reports.renderers.base import Document, Renderer, shown

NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
NAME_LENGTH = 31
CELL_LENGTH = 32_767
EXACT = 2**53  # larger whole numbers are text: a spreadsheet would round them


class Xlsx(Renderer):
    """A workbook: a sheet a section, with numbers, days and times as such. No cell is ever a formula."""

    kind = "xlsx"
    label = "Excel"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def render(self, document: Document) -> bytes:
        buffer = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(buffer, options) as book:
            book.set_properties({"title": document.content.title, "created": document.as_of})
            formats = _Formats(book)
            names = _names(section.heading for section in document.content.sections)
            _about(book.add_worksheet("About this report"), document, formats)
            if document.content.gaps:
                _gaps(book.add_worksheet("Missing"), document, formats)
            for section, name in zip(document.content.sections, names, strict=True):
                _fill(book.add_worksheet(name), section, formats)
        return buffer.getvalue()


class _Formats:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.head = book.add_format({"bold": True, "bottom": 1})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})


def _about(sheet: Any, document: Document, formats: _Formats) -> None:
    content = document.content
    rows: list[tuple[str, Value]] = [
        ("Report", content.title),
        ("About", content.subtitle),
        ("Conclusion", content.conclusion),
        ("Conclusive", content.conclusive),
        *document.made_at,
    ]
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 100)
    for number, row in enumerate(rows):
        _write(sheet, number, row, formats)


def _gaps(sheet: Any, document: Document, formats: _Formats) -> None:
    _head(sheet, 0, ("What is missing", "Where", "Reference", "Asked for"), formats)
    for number, gap in enumerate(document.content.gaps, 1):
        _write(sheet, number, (gap.what, gap.where, gap.reference, gap.duty), formats)


def _fill(sheet: Any, section: Section, formats: _Formats) -> None:
    line = 0
    if section.note:
        sheet.write_string(line, 0, section.note[:CELL_LENGTH])
        line += 2
    if section.facts:
        _head(sheet, line, ("Fact", "Value", "Reference"), formats)
        for fact in section.facts:
            line += 1
            _write(sheet, line, (fact.title, fact.value, fact.reference), formats)
        line += 2
    if section.columns:
        _head(sheet, line, section.columns, formats)
        first = line
        for row in section.rows:
            line += 1
            _write(sheet, line, row, formats)
        if section.rows:
            sheet.autofilter(first, 0, line, len(section.columns) - 1)
        else:
            sheet.write_string(line + 1, 0, section.empty or "None.")
    sheet.set_column(0, max(2, len(section.columns) - 1), 24)


def _head(sheet: Any, line: int, titles: Sequence[str], formats: _Formats) -> None:
    for place, title in enumerate(titles):
        sheet.write_string(line, place, title, formats.head)


def _write(sheet: Any, line: int, row: Sequence[Value], formats: _Formats) -> None:
    for place, value in enumerate(row):
        match value:
            case None:
                continue
            case bool():
                sheet.write_boolean(line, place, value)
            case int() if abs(value) < EXACT:
                sheet.write_number(line, place, value)
            case datetime():
                moment = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
                sheet.write_datetime(line, place, moment, formats.time)
            case date():
                sheet.write_datetime(line, place, datetime(value.year, value.month, value.day), formats.date)
            case _:
                sheet.write_string(line, place, shown(value)[:CELL_LENGTH])


def _names(headings: Iterator[str]) -> list[str]:
    """A name for each sheet: short, without what Excel forbids, each once."""
    names: list[str] = []
    taken = {"about this report", "missing", "history"}
    for heading in headings:
        base = NOT_IN_NAMES.sub(" ", heading).strip()[:NAME_LENGTH] or "Section"
        name, number = base, 2
        while name.lower() in taken:
            ending = f" {number}"
            name, number = base[: NAME_LENGTH - len(ending)] + ending, number + 1
        taken.add(name.lower())
        names.append(name)
    return names
