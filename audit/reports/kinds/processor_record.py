"""The record of a processor, Art. 30(2) GDPR: what is carried out on behalf of which controller."""

from __future__ import annotations

from typing import Any

from audit.reports.base import (
    ALWAYS,
    WHERE_APPLICABLE,
    WHERE_POSSIBLE,
    Fact,
    Gap,
    Report,
    ReportContent,
    Section,
    many,
)
from governance.activities.models import Organisation, ProcessorActivity


class ProcessorRecord(Report):
    kind = "processor_record"
    title = "Record of a processor"
    purpose = "What Art. 30(2) GDPR asks of whoever processes data on behalf of other controllers, and what is missing."

    def build(self, **parameters: Any) -> ReportContent:
        organisation = Organisation.objects.order_by("pk").first() or Organisation(country="")
        done = list(ProcessorActivity.objects.order_by("controller", "pk"))
        gaps = _gaps_of_processor(organisation) + [gap for each in done for gap in _gaps(each)]
        missing = sum(gap.duty == ALWAYS for gap in gaps)
        return ReportContent(
            title=self.title,
            subtitle=f"{organisation.name or 'No processor named'}, Art. 30(2) GDPR",
            conclusion=_conclusion(len(done), missing, len(gaps) - missing),
            conclusive=not missing,
            sections=[_processor(organisation), *(_section(each) for each in done)],
            gaps=gaps,
        )


def _conclusion(controllers: int, missing: int, open_details: int) -> str:
    if not controllers:
        return "Nothing is recorded that is processed on behalf of others."
    said = (
        f"Incomplete: {many(missing, 'thing')} that Art. 30(2) always asks for "
        f"{'are' if missing > 1 else 'is'} missing."
        if missing
        else "Complete: everything that Art. 30(2) always asks for is stated."
    )
    return (
        f"{said} {open_details} more that it asks for where possible or applicable." if open_details else said
    )


def _processor(organisation: Organisation) -> Section:
    return Section(
        "Processor",
        facts=[
            Fact("Name", organisation.name, "Art. 30(2)(a)"),
            Fact("Contact", organisation.contact, "Art. 30(2)(a)"),
            Fact("Representative", organisation.representative, "Art. 30(2)(a)"),
            Fact("Data protection officer", organisation.officer_name, "Art. 30(2)(a)"),
            Fact("Contact of the officer", organisation.officer_contact, "Art. 30(2)(a)"),
            Fact("Country", organisation.country),
        ],
    )


def _section(processing: ProcessorActivity) -> Section:
    return Section(
        str(processing),
        facts=[
            Fact("Controller", processing.controller, "Art. 30(2)(a)"),
            Fact("Contact", processing.contact, "Art. 30(2)(a)"),
            Fact("Representative", processing.representative, "Art. 30(2)(a)"),
            Fact("Data protection officer", processing.officer, "Art. 30(2)(a)"),
            Fact("Categories of processing", processing.categories, "Art. 30(2)(b)"),
            Fact("Processors engaged", processing.sub_processors, "Art. 28(2)"),
            Fact("Transfers to third countries", processing.transfers, "Art. 30(2)(c)"),
            Fact("Safeguards for them", processing.safeguards, "Art. 30(2)(c)"),
            Fact("Security measures", processing.security_measures, "Art. 30(2)(d)"),
        ],
    )


def _gaps_of_processor(organisation: Organisation) -> list[Gap]:
    named = {"Name": organisation.name, "Contact": organisation.contact}
    return [
        Gap(f"{title} of the processor", "Processor", "Art. 30(2)(a)")
        for title, value in named.items()
        if not value.strip()
    ]


def _gaps(processing: ProcessorActivity) -> list[Gap]:
    stated = [
        ("Contact of the controller", processing.contact.strip(), "Art. 30(2)(a)", ALWAYS),
        ("Categories of processing", processing.categories, "Art. 30(2)(b)", ALWAYS),
        ("Security measures", processing.security_measures.strip(), "Art. 30(2)(d)", WHERE_POSSIBLE),
    ]
    gaps = [
        Gap(what, str(processing), reference, duty) for what, value, reference, duty in stated if not value
    ]
    if processing.transfers.strip() and not processing.safeguards.strip():
        gaps.append(Gap("Safeguards for the transfers", str(processing), "Art. 30(2)(c)", WHERE_APPLICABLE))
    return gaps
