"""Make a report within one snapshot, and hand it out: whatever leaves the console is in the ledger, with its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from audit.ledger.recording import record
from audit.reports.base import Report, ReportContent
from audit.reports.checkpoint import snapshot
from audit.reports.events import REPORT_MADE
from audit.reports.renderers import Document, Renderer


@dataclass(frozen=True, slots=True)
class Export:
    """A file as it leaves the console."""

    name: str
    content_type: str
    body: bytes


def cleaned(report: Report, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `report` among what was `given`. Raises ValidationError by parameter."""
    form = report.Parameters(given)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    return form.cleaned_data


def make(report: Report, *, parameters: Mapping[str, Any]) -> Document:
    """The report as everything stands at one moment, with the signed checkpoint that covers that moment."""
    given = report.prepare(**parameters)
    with snapshot(witnessed=report.witnessed) as checkpoint:
        content: ReportContent = report.build(**given)
    return Document(report, report.named(**given), content, checkpoint)


@transaction.atomic
def export(document: Document, renderer: Renderer) -> Export:
    """The document as a file; that it was made is recorded, or it is not handed out."""
    body = renderer.render(document)
    report, checkpoint = document.report, document.checkpoint
    about = report.about(**document.parameters)
    record(
        REPORT_MADE,
        about,
        subject=getattr(about, "subject", ""),
        kind=report.kind,
        format=renderer.kind,
        entries=checkpoint.size,
        root=checkpoint.root,
        chain=checkpoint.chain,
        content=document.digest,
        sha256=hashlib.sha256(body).hexdigest(),
    )
    return Export(file_name(document, renderer), renderer.content_type, body)


def file_name(document: Document, renderer: Renderer) -> str:
    """Letters, digits and dashes, whatever the parameters were: kind, parameters, entries in the ledger."""
    given = (str(value) for value in document.parameters.values() if value)
    words = [document.report.kind.replace("_", "-"), *given]
    return f"{slugify(' '.join(words))}-at-{document.checkpoint.size}.{renderer.kind}"
