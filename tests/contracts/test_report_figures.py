"""Every figure of every report, read from each of its forms by a program that is not ours, is the same.

pdftotext (poppler) and openpyxl, Python's readers of CSV and HTML, and jsonschema with docs/report.schema.json.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from jsonschema import Draft202012Validator

from audit.reports.base import Section, Value
from audit.reports.digesting import key_of
from audit.reports.renderers import Document, renderers
from audit.reports.renderers.base import shown
from tests.contracts.made_reports import document, kind

__all__ = ["document", "kind"]
pytestmark = pytest.mark.django_db
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/report.schema.json").read_text())
LEDGER = "The ledger at this report"


def told(document: Document, form: str) -> bytes:
    return renderers.get(form)().render(document)


def bare(text: object) -> str:
    """Letters and digits alone: forms group digits, part lists and break lines each in their own way."""
    return re.sub(r"[\W_]+", "", str(text)).lower()


def cells(section: Section) -> list[list[str]]:
    return [[bare(shown(value)) for value in row] for row in section.rows]


def facts(section: Section) -> list[tuple[str, str]]:
    return [(bare(fact.title), bare(shown(fact.value))) for fact in section.facts]


def test_pdf_by_pdftotext(document: Document) -> None:
    """In the order in which it is read aloud: every fact and every cell, one after the other."""
    if shutil.which("pdftotext") is None:
        pytest.skip(
            "pdftotext is not installed, so no PDF was read by another program: apt install poppler-utils"
        )
    read = subprocess.run(
        ["pdftotext", "-raw", "-enc", "UTF-8", "-", "-"],
        input=told(document, "pdf"),
        capture_output=True,
        check=True,
    ).stdout.decode()
    footer = re.compile(rf"{re.escape(document.content.title)}\. Ledger at .*? Page \d+ of \d+\n")
    pages, count = footer.subn("", read)
    assert count == read.count("\f") > 0
    assert document.digest in read  # to be copied as it stands
    text, at = bare(pages), 0
    expected = [bare(document.content.conclusion)]
    for section in document.content.sections:
        expected += [bare(section.heading), bare(section.note)]
        expected += [part for fact in facts(section) for part in fact]
        expected += [cell for row in cells(section) for cell in row]
    expected += [part for name, value in document.made_at for part in (bare(name), bare(shown(value)))]
    for part in expected:
        found = text.find(part, at)
        assert found >= 0, f"{part[:80]!r} is not there after {text[max(0, at - 80) : at]!r}"
        at = found + len(part)


class Tables(HTMLParser):
    """Headings with the lists of facts and the tables below them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str]], list[list[str]]]] = [("", [], [])]
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("h2", "dt", "dd", "td"):
            self.text = ""
        if tag == "tr":
            self.found[-1][2].append([])
        if tag == "span" and self.open and self.open[-1] == "dt":
            self.handle_endtag("dt")  # the provision beside the title
        if tag not in ("br", "wbr", "meta"):
            self.open.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self.found.append((self.text, [], []))
        elif tag == "dt" and self.open[-1] == "dt":
            self.found[-1][1].append((bare(self.text), ""))
        elif tag == "dd":
            self.found[-1][1][-1] = (self.found[-1][1][-1][0], bare(self.text))
        elif tag == "td":
            self.found[-1][2][-1].append(bare(self.text))
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_html_by_its_parser(document: Document) -> None:
    parser = Tables()
    parser.feed(told(document, "html").decode())
    sections = [each for each in parser.found[1:] if each[0] != "What is missing"]
    *sections, last = [(bare(heading), said, list(filter(None, rows))) for heading, said, rows in sections]
    assert sections == [
        (bare(section.heading), facts(section), cells(section)) for section in document.content.sections
    ]
    assert last[:2] == (
        bare(LEDGER),
        [(bare(name), bare(shown(value))) for name, value in document.made_at],
    )


def typed(value: Value) -> Any:
    """As a cell of a workbook holds it: numbers, days, times and truth values as such, all else as text."""
    match value:
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        case date():
            return datetime(value.year, value.month, value.day)
        case bool() | int():
            return value
    return shown(value)


def test_xlsx_by_openpyxl(document: Document) -> None:
    book = openpyxl.load_workbook(io.BytesIO(told(document, "xlsx")))
    about, *sheets = book.worksheets
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {
        "n",
        "s",
        "b",
        "d",
    }
    said = {row[0].value: row[1].value for row in about.iter_rows()}
    assert [said[name] for name, _ in document.made_at] == [typed(value) for _, value in document.made_at]
    sheets = sheets[bool(document.content.gaps) :]
    for section, sheet in zip(document.content.sections, sheets, strict=True):
        lines = [["" if cell.value is None else cell.value for cell in row] for row in sheet.iter_rows()]
        at = 2 if section.note else 0
        for fact in section.facts:
            at += 1
            assert lines[at][:2] == [fact.title, typed(fact.value)]
        at += 2 if section.facts else 0
        if section.columns:
            assert lines[at][: len(section.columns)] == list(section.columns)
        for row in section.rows:
            at += 1
            assert lines[at][: len(row)] == [typed(value) for value in row]


def test_csv_by_its_reader(document: Document) -> None:
    lines = list(csv.DictReader(io.StringIO(told(document, "csv").decode())))
    about, lines = lines[0], lines[1 + len(document.content.gaps) :]
    assert [about[name] for name, _ in document.made_at] == [shown(value) for _, value in document.made_at]
    for section in document.content.sections:
        expected = [[(fact.title, fact.value) for fact in section.facts]] if section.facts else []
        expected += [list(zip(section.columns, row, strict=True)) for row in section.rows]
        for pairs in expected:
            line = lines.pop(0)
            assert line["Section"].removeprefix("'") == section.heading
            for title, value in pairs:
                assert line[title].removeprefix("'") == shown(value).removeprefix("'")
    assert lines == []


def test_json_by_its_schema(document: Document) -> None:
    read = json.loads(told(document, "json"))
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(read)
    for section, said in zip(document.content.sections, read["sections"], strict=True):
        assert said.get("facts", {}) == {key_of(fact.title): plain(fact.value) for fact in section.facts}
        keys = [key_of(column) for column in section.columns]
        assert [[row[key] for key in keys] for row in said.get("rows", [])] == [
            [plain(value) for value in row] for row in section.rows
        ]


def plain(value: Value) -> Any:
    match value:
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        case date():
            return value.isoformat()
        case None | bool() | int() | str():
            return value
    return list(value)
