from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from audit.reports.base import Section, Value
from audit.reports.renderers.base import Document, Renderer, shown
from governance.console.exporting import csv_cell

Row = dict[str, Value]


class Csv(Renderer):
    """One table: a line per row and per set of facts, a column per title, the section first, to filter by.

    Nothing is left out and nothing is repeated; a cell that a spreadsheet would run as a formula is quoted.
    """

    kind = "csv"
    label = "CSV"
    content_type = "text/csv; charset=utf-8"

    def render(self, document: Document) -> bytes:
        rows = list(_rows(document))
        titles = list(dict.fromkeys(title for row in rows for title in row))
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([csv_cell(title) for title in titles])
        for row in rows:
            writer.writerow([_cell(row.get(title)) for title in titles])
        return text.getvalue().encode()


def _cell(value: Value) -> object:
    number = isinstance(value, int) and not isinstance(value, bool)
    return csv_cell(value if number else shown(value))


def _rows(document: Document) -> Iterator[Row]:
    content = document.content
    yield {
        "Section": "About this report",
        "Report": content.title,
        "About": content.subtitle,
        "Conclusion": content.conclusion,
        **dict(document.made_at),
    }
    for gap in content.gaps:
        yield {
            "Section": "Missing",
            "What is missing": gap.what,
            "Where": gap.where,
            "Reference": gap.reference,
            "Asked for": gap.duty,
        }
    for section in content.sections:
        yield from _of_section(section)


def _of_section(section: Section) -> Iterator[Row]:
    if section.facts:
        yield {"Section": section.heading} | {fact.title: fact.value for fact in section.facts}
    for row in section.rows:
        yield {"Section": section.heading} | dict(zip(section.columns, row, strict=True))
