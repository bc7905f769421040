"""How requests were answered: by right, law and month, with what is left of those that were deleted since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from statistics import median
from typing import Any

from django.utils import timezone

from audit.reports.base import Fact, Report, ReportContent, Section, many
from audit.reports.parameters import Period, choice, limits, regime_field, within
from erasure.models import SubjectRequest
from erasure.requests.forgetting import figures
from erasure.requests.models import PastRequest
from erasure.requests.regimes import regimes

COLUMNS = ("Requests", "Ended", "Open", "Median days", "On time %", "Extended %", "Rejected %")
COUNTED = "Of requests that were deleted since, only the month of receipt is known: they count with their whole month."
FETCH = 2_000
Row = dict[str, Any]


class Which(Period):
    """By the day of receipt; of requests that were deleted since, only the month is left."""

    regime = regime_field()
    right = choice("Right", SubjectRequest.Kind.choices)


class RequestStatistics(Report):
    kind = "request_statistics"
    title = "Request statistics"
    purpose = (
        "How many requests came, how long their answers took, and how many were late, extended or rejected."
    )

    Parameters = Which

    def build(self, **parameters: Any) -> ReportContent:
        rows = list(_rows(**parameters))
        ended = [row for row in rows if row["ended"]]
        late = sum(not row["on_time"] for row in ended)
        return ReportContent(
            title=self.title,
            subtitle=f"{many(len(rows), 'request')}, {len(ended)} ended{limits(**parameters)}",
            conclusion=f"{late} of {many(len(ended), 'answer')} came after the deadline of the law.",
            conclusive=True,
            sections=[
                Section("All", COUNTED, facts=_facts(rows)),
                _table("By right", "Right", rows, _right),
                _table("By law", "Law", rows, _law),
                _table("By month of receipt", "Month", rows, lambda row: f"{row['month']:%Y-%m}"),
            ],
        )


def _rows(
    *, since: date | None = None, until: date | None = None, regime: str = "", right: str = ""
) -> Iterator[Row]:
    """Every request there was. Duplicates are left out: their answer is counted with the other request."""
    asked = {name: value for name, value in (("regime", regime), ("kind", right)) if value}
    kept = SubjectRequest.objects.filter(duplicate_of=None).exclude(outcome__startswith="duplicate of")
    kept = within(kept.filter(**asked), "received_at", since=since, until=until)
    for request in kept.order_by("pk").iterator(chunk_size=FETCH):
        if request.ended and request.closed_at:
            yield {**figures(request), "ended": True}
        else:
            month = timezone.localdate(request.received_at).replace(day=1)
            facts = {"kind": request.kind, "regime": request.regime, "extended": request.extended}
            yield {**facts, "month": month, "ended": False}
    pasts = PastRequest.objects.filter(**asked)
    if since:
        pasts = pasts.filter(month__gte=since.replace(day=1))
    if until:
        pasts = pasts.filter(month__lte=until)
    for past in pasts.order_by("pk").values().iterator(chunk_size=FETCH):
        yield {**past, "ended": True}


def _facts(rows: list[Row]) -> list[Fact]:
    return [Fact(title, value) for title, value in zip(COLUMNS, _told(rows), strict=True)]


def _table(heading: str, title: str, rows: Iterable[Row], by: Any) -> Section:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return Section(
        heading,
        columns=(title, *COLUMNS),
        rows=[(name, *_told(group)) for name, group in sorted(groups.items())],
        empty="Nobody has asked for anything yet.",
    )


def _told(rows: list[Row]) -> tuple[int | str, ...]:
    ended = [row for row in rows if row["ended"]]
    return (
        len(rows),
        len(ended),
        len(rows) - len(ended),
        f"{median(row['days'] for row in ended):g}" if ended else "",
        _percent(sum(row["on_time"] for row in ended), len(ended)),
        _percent(sum(row["extended"] for row in rows), len(rows)),
        _percent(sum(row["rejected"] for row in ended), len(ended)),
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else ""


def _right(row: Row) -> str:
    return str(dict(SubjectRequest.Kind.choices).get(row["kind"], row["kind"]))


def _law(row: Row) -> str:
    known = regimes().get(row["regime"])
    return known.title if known else row["regime"]
