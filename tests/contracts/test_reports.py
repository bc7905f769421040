"""What holds for every report in every form: complete, the same twice, safe to open, and nothing of a person in it."""

import csv
import html
import io
import json

import openpyxl
import pypdf
import pytest
from django import forms

from audit.reports.base import Report, reports
from audit.reports.digesting import CONTENT, digest_of, key_of
from audit.reports.renderers import Document, renderers
from audit.reports.renderers.base import shown
from tests.contracts.made_reports import FORMULA, MARKUP, document, kind

__all__ = ["document", "kind"]
# So that the console's database is set up; the tests themselves need none.
pytestmark = pytest.mark.django_db
NO_NAMES = (
    "control_evidence",
    "erasure_proof",
    "person_jobs",
    "request_statistics",
)  # of things that people name
ANA = ("ana lima", "ana@example.org", "+55 11 91234", "rua a 1", "10.0.0.1")


def render(document: Document, form: str) -> str:
    """What can be read in the file: as it stands, or as a program of its kind shows it."""
    body = renderers.get(form)().render(document)
    if form == "pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
    if form == "xlsx":
        sheets = openpyxl.load_workbook(io.BytesIO(body)).worksheets
        cells = (cell.value for sheet in sheets for row in sheet.iter_rows() for cell in row)
        return "\n".join("yes" if cell is True else "no" if cell is False else str(cell) for cell in cells)
    return body.decode()


def closed_up(text: str) -> str:
    """Without what breaks lines: a PDF breaks where it likes."""
    return "".join(text.replace("\u200b", "").split())


def test_there_are_these_reports_and_forms() -> None:
    assert {"article_30", "classification", "erasure_proof"} <= set(reports.classes)
    assert {"csv", "html", "json"} <= set(renderers.classes)


def test_a_report_says_what_it_is(document: Document) -> None:
    report, content = document.report, document.content
    assert report.title
    assert report.purpose.endswith(".")
    assert issubclass(report.Parameters, forms.Form)
    assert content.title.startswith(report.title)
    assert content.conclusion.endswith(".")
    assert isinstance(report, Report)


def test_rows_fit_their_columns_and_titles_differ(document: Document) -> None:
    for section in document.content.sections:
        assert section.heading
        assert {len(row) for row in section.rows} <= {len(section.columns)}
        for titles in (section.columns, [fact.title for fact in section.facts]):
            assert len({key_of(title) for title in titles}) == len(titles)
            assert all(key_of(title) for title in titles)
        assert section.rows or section.facts or section.note or section.empty


@pytest.mark.parametrize("form", sorted(renderers.classes))
def test_the_same_state_gives_the_same_bytes(
    twice: dict[str, tuple[Document, Document]], kind: str, form: str
) -> None:
    first, second = twice[kind]
    assert second.checkpoint == first.checkpoint
    assert renderers.get(form)().render(second) == renderers.get(form)().render(first)


@pytest.mark.parametrize("form", sorted(renderers.classes))
def test_each_form_says_everything(document: Document, form: str) -> None:
    text = closed_up(html.unescape(render(document, form)).replace("<br>", "\n"))
    content = document.content
    assert closed_up(content.conclusion) in text
    assert closed_up(document.checkpoint.root) in text
    assert document.digest in text
    for section in content.sections:
        for fact in section.facts:
            said = shown(fact.value).split("; ")[0].split("\n")[0].removesuffix(" UTC")[:10]
            assert closed_up(said) in text
    for gap in content.gaps:
        assert closed_up(gap.what) in text
        assert closed_up(gap.where) in text


@pytest.mark.parametrize("form", sorted(renderers.classes))
def test_nothing_of_the_person_is_in_it(document: Document, form: str) -> None:
    text = render(document, form).lower()
    assert [value for value in ANA if value in html.unescape(text)] == []


def test_json_has_each_row_by_key(document: Document) -> None:
    body = json.loads(render(document, "json"))
    assert set(body) - {"ledger_proof"} == {"format", "checkpoint", "content_sha256", *CONTENT}
    assert ("ledger_proof" in body) is (document.report.kind == "erasure_proof")
    assert digest_of(body) == body["content_sha256"] == document.digest
    assert (body["checkpoint"]["size"], body["checkpoint"]["root"], body["checkpoint"]["beyond"]) == (
        document.checkpoint.size,
        document.checkpoint.root,
        0,
    )
    assert body["checkpoint"]["note"].startswith("{origin}\n{size}\n{root}\n".format(**body["checkpoint"]))
    for section, written in zip(document.content.sections, body["sections"], strict=True):
        assert written["heading"] == section.heading
        assert len(written.get("rows", [])) == len(section.rows)
        assert len(written.get("facts", {})) == len(section.facts)


def test_csv_is_one_table_with_every_row(document: Document) -> None:
    header, *rows = csv.reader(io.StringIO(render(document, "csv")))
    content = document.content
    assert header[0] == "Section"
    assert len(set(header)) == len(header)
    assert {len(row) for row in rows} == {len(header)}
    expected = sum(bool(section.facts) + len(section.rows) for section in content.sections)
    assert len(rows) == 1 + len(content.gaps) + expected


def test_no_cell_of_csv_runs_as_a_formula(document: Document) -> None:
    cells = [cell for row in csv.reader(io.StringIO(render(document, "csv"))) for cell in row]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n")] == []
    if document.report.kind not in NO_NAMES:
        assert f"'{FORMULA}" in cells


def test_html_needs_nothing_beside_it_and_runs_nothing(document: Document) -> None:
    text = render(document, "html")
    assert text.startswith("<!doctype html>")
    assert [part for part in ("<script", "<link", "src=", "href=", "url(", MARKUP) if part in text] == []
    assert text.count("<style>") == 1
    if document.report.kind == "article_30":
        assert html.escape(MARKUP) in text
