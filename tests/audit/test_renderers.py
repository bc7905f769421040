"""The files opened by programs that are not ours: pypdf and openpyxl, beside a CSV and a JSON reader."""

import csv
import io
import json
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import openpyxl
import pypdf
import pytest

from audit.reports.base import Fact, Gap, Report, ReportContent, Section
from audit.reports.checkpoint import Checkpoint
from audit.reports.renderers import Document, renderers

MADE = datetime(2026, 3, 5, 9, 30, 15, tzinfo=UTC)
ROOT = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="
CHECKPOINT = Checkpoint(12_345, ROOT, "ab" * 32, "ledger.example", "a note", MADE)
NASTY = '=HYPERLINK("http://x","y")'


class Sample(Report):
    kind: ClassVar[str] = "sample"
    title: ClassVar[str] = "Sample"
    purpose: ClassVar[str] = ""

    def build(self, **parameters: Any) -> ReportContent:
        raise NotImplementedError


def sample(*, conclusive: bool = True, gaps: bool = True, rows: int = 3) -> Document:
    table = [(number, f"public.table_{number}", True, date(2026, 2, 28), MADE) for number in range(rows)]
    content = ReportContent(
        title="Record of *processing* #1",
        subtitle="Zürich – São Paulo, $100",
        conclusion="Everything that has to be there is there.",
        conclusive=conclusive,
        sections=[
            Section(
                "Systems: [all] / some?",
                "Each with what it holds.",
                facts=[Fact("Formula", NASTY, "Art. 30(1)"), Fact("Big", 2**60), Fact("List", ["a", "b"])],
                columns=("Number", "Data set", "Personal", "Since", "Seen"),
                rows=table,
            ),
            Section("Systems: [all] / some?", columns=("Nothing",), empty="No systems."),
        ],
        gaps=[Gap("The contact", "Controller", "Art. 30(1)(a)")] if gaps else [],
    )
    return Document(Sample(), {}, content, CHECKPOINT)


def rendered(kind: str, document: Document) -> bytes:
    return renderers.get(kind)().render(document)


@pytest.mark.parametrize("kind", ["csv", "html", "json", "pdf", "xlsx"])
def test_the_same_document_gives_the_same_bytes(kind: str) -> None:
    assert rendered(kind, sample()) == rendered(kind, sample())


def test_the_kinds_of_files() -> None:
    assert list(renderers.classes) == ["csv", "html", "json", "pdf", "xlsx"]


def test_the_pdf_is_tagged_numbered_and_has_its_fonts_inside() -> None:
    read = pypdf.PdfReader(io.BytesIO(rendered("pdf", sample(rows=120))))
    catalog = read.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert b"pdfuaid" in catalog["/Metadata"].get_data()
    assert read.metadata.title == "Record of *processing* #1"
    fonts = [
        font.get_object() for page in read.pages for font in page["/Resources"]["/Font"].get_object().values()
    ]
    inside = [
        font["/DescendantFonts"][0]["/FontDescriptor"].keys() & {"/FontFile2", "/FontFile3"} for font in fonts
    ]
    assert all(inside)
    assert len(read.pages) > 2
    for number, page in enumerate(read.pages, 1):
        assert f"Page {number} of {len(read.pages)}" in page.extract_text()


def test_the_figures_are_the_same_in_all_five() -> None:
    document = sample(rows=40)
    numbers = [str(number) for number in range(40)]
    text = " ".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(rendered("pdf", document))).pages
    )
    for number in numbers:
        assert f"public.table_{number}" in text.replace("\u200b", "").replace("\n", "")
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx", document)))
    sheet = book.worksheets[2]
    table = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=9)]
    assert [row[0] for row in table] == list(range(40))
    assert table[0][1:] == ["public.table_0", True, datetime(2026, 2, 28), datetime(2026, 3, 5, 9, 30, 15)]
    lines = list(csv.DictReader(io.StringIO(rendered("csv", document).decode())))
    assert [line["Number"] for line in lines if line["Data set"]] == numbers
    read = json.loads(rendered("json", document))
    assert [row["number"] for row in read["sections"][0]["rows"]] == list(range(40))
    assert rendered("html", document).decode().count("public.table_") == 40


def test_no_cell_is_a_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx", sample())))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"n", "s", "b", "d"}
    assert NASTY in [cell.value for cell in cells]
    assert str(2**60) in [cell.value for cell in cells]


def test_sheets_have_names_that_excel_takes() -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx", sample())))
    assert book.sheetnames == [
        "About this report",
        "Missing",
        "Systems   all    some",
        "Systems   all    some 2",
    ]
    assert book.worksheets[3]["A2"].value == "No systems."


def test_markup_in_the_data_is_shown_and_not_obeyed() -> None:
    document = sample(gaps=False)
    text = pypdf.PdfReader(io.BytesIO(rendered("pdf", document))).pages[0].extract_text()
    assert "Record of *processing* #1" in text
    assert "Zürich – São Paulo, $100" in text


@pytest.mark.parametrize("words", ["日本語の表", "Ελληνικά", "кириллица", "🙂", "عربي"])
def test_words_in_any_script_do_not_stop_a_pdf(words: str) -> None:
    document = sample()
    section = Section(words, columns=("Data set",), rows=[(words,)])
    content = ReportContent(words, "", words, False, [section])
    made = rendered("pdf", Document(document.report, {}, content, document.checkpoint))
    assert pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()
