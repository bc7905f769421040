"""The anonymization jobs: what became of each field, by which technique, and what was validated before delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django import forms

from audit.reports.base import Fact, Report, ReportContent, Section, Value, many
from audit.reports.parameters import Period, choice, limits, within
from retention.anonymization.models import Run

JOBS = (
    "Job",
    "Asked",
    "Ended",
    "State",
    "Source",
    "Use",
    "Contract",
    "Rows",
    "Validation",
    "Output",
    "SHA-256 of the output",
    "Operator",
)
FIELDS = ("Job", "Source", "Field", "Category", "Sensitivity", "Technique", "Reason")
FETCH = 500


class Which(Period):
    """By the day on which the job was asked for."""

    outcome = choice("Outcome", Run.Outcome.choices)
    source = forms.CharField(required=False, max_length=300, help_text="Part of its name.")


class Anonymization(Report):
    kind = "anonymization"
    title = "Anonymization jobs"
    purpose = "Every job: source, technique of each field and why, rows, what validation found, output and operator."

    Parameters = Which

    def build(self, **parameters: Any) -> ReportContent:
        jobs: list[tuple[Value, ...]] = []
        fields: list[tuple[Value, ...]] = []
        states: Counter[str] = Counter()
        runs = Run.objects.filter(source__icontains=parameters.get("source") or "")
        if parameters.get("outcome"):
            runs = runs.filter(outcome=parameters["outcome"])
        days = {"since": parameters.get("since"), "until": parameters.get("until")}
        runs = within(runs, "asked_at", **days).select_related("job").order_by("asked_at", "pk")
        for run in runs.iterator(chunk_size=FETCH):
            states[run.state] += 1
            jobs.append(_job(run))
            fields.extend(_fields(run))
        delivered = states[Run.Outcome.DELIVERED]
        return ReportContent(
            title=self.title,
            subtitle=f"{many(len(jobs), 'job')}, {many(len(fields), 'field')}{limits(**parameters)}",
            conclusion=f"Delivered: {delivered}. Refused by validation: {states[Run.Outcome.REFUSED]}. "
            f"Failed: {states[Run.Outcome.FAILED]}. Nothing is delivered that validation refused.",
            conclusive=True,
            sections=[
                Section(
                    "Jobs",
                    facts=[Fact(state.capitalize(), count) for state, count in sorted(states.items())],
                    columns=JOBS,
                    rows=jobs,
                    empty="No job has been asked for.",
                ),
                Section(
                    "Technique of each field",
                    "What was known of the field when the rules were decided, and who or what said so.",
                    columns=FIELDS,
                    rows=fields,
                    empty="None.",
                ),
            ],
        )


def _job(run: Run) -> tuple[Value, ...]:
    return (
        str(run.pk),
        run.asked_at,
        run.finished_at,
        run.state,
        run.source,
        run.use,
        run.contract,
        run.record_count,
        _validation(run),
        run.location,
        run.digest,
        run.operator,
    )


def _validation(run: Run) -> str:
    checks = run.validation.get("checks", [])
    if not checks:
        return "not reached"
    leaks = [
        f"{check['column'] or 'output'}: {check['found']}" for check in checks if check["result"] == "leak"
    ]
    return "; ".join(leaks) or f"passed, {many(len(checks), 'check')}"


def _fields(run: Run) -> Iterator[tuple[Value, ...]]:
    for rule in run.rule_set.rules:
        known = run.columns.get(rule.column, {})
        yield (
            str(run.pk),
            run.source,
            rule.column,
            known.get("category", ""),
            known.get("sensitivity", ""),
            rule.technique,
            rule.reason,
        )
