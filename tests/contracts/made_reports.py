"""One report after the other, as `twice` made them; some of the names in them do harm where a form lets them."""

from __future__ import annotations

import pytest

from audit.reports.base import reports
from audit.reports.renderers import Document

FORMULA = "=HYPERLINK(1)"
MARKUP = "<b>bold</b>"


@pytest.fixture(params=sorted(reports.classes))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def document(twice: dict[str, tuple[Document, Document]], kind: str) -> Document:
    return twice[kind][0]
