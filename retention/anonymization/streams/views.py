"""Streams: the processes that anonymize topics, how far each is, and how much it set aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache

from governance.console.filters import JobFilter
from governance.console.http import StaffRequest
from governance.console.listing import Empty, ListColumn, listing
from governance.console.models import Job
from governance.console.pages import page
from governance.console.permissions import allow
from retention.anonymization.streams.jobs import KIND
from retention.tabs import anonymization_tabs


def _counted(name: str) -> Callable[[Job], Any]:
    return lambda job: (job.cursor or {}).get(name)


COLUMNS = [
    ListColumn(
        "title",
        "Stream",
        sort=True,
        wraps=True,
        link=lambda job: reverse("anonymization:stream", args=[job.pk]),
    ),
    ListColumn("state", "State", template="ui/state.html"),
    ListColumn("written", "Written", value=_counted("written"), numeric=True),
    ListColumn("set_aside", "Set aside", value=_counted("set_aside"), numeric=True),
    ListColumn("lag", "Behind", value=_counted("lag"), numeric=True),
    ListColumn("heartbeat_at", "Last heard of", sort=True),
]


class StreamFilter(JobFilter):
    kind = None


@allow("anonymization.view")
def list_streams(request: StaffRequest) -> HttpResponseBase:
    return listing(
        request,
        Job.objects.filter(kind=KIND),
        filterset=StreamFilter,
        columns=COLUMNS,
        title="Streams",
        template="anonymization/streams.html",
        context={"tabs": anonymization_tabs("anonymization:streams")},
        empty=Empty(
            "No streams yet",
            "Processes that anonymize a Kafka topic into another are listed here: start one with manage.py stream.",
            icon="arrows-right",
        ),
    )


@allow("anonymization.view")
@never_cache
def stream(request: StaffRequest, pk: str) -> HttpResponse:
    job = get_object_or_404(Job, pk=pk, kind=KIND)
    told = job.cursor or {}
    context = {
        "job": job,
        "may_stop": request.user.may("jobs.cancel") and not job.finished,
        "facts": [
            ("Source", job.arguments.get("source")),
            ("Output", job.arguments.get("output")),
            ("Dead letters", job.arguments.get("dead")),
            ("Read", told.get("read")),
            ("Written", told.get("written")),
            ("Set aside", told.get("set_aside")),
            ("Missed", told.get("missed")),
            ("Last heard of", job.heartbeat_at),
        ],
        "partitions": sorted((int(number), at) for number, at in told.get("partitions", {}).items()),
    }
    return page(request, "anonymization/stream.html", context)
