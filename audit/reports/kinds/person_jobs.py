"""Which jobs processed a given person: asked with an identifier of theirs, answered by keyed hashes of it.

Who is who is stored nowhere: the identifier is hashed, compared and forgotten. The report knows the person by the keyed
references of the ledger, which lead to nobody once their key is destroyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Count, Max, Min

from audit.ledger.events import EVENTS
from audit.ledger.models import Entry
from audit.reports.base import Fact, Report, ReportContent, Section, many
from audit.reports.events import LEAVE_ALL_AS_IT_WAS
from catalog.classification.vocabulary import CATEGORIES
from erasure.models import Identifier, Step, SubjectRequest
from erasure.registry.models import Registration
from governance.keyring.lookups import lookup_of
from retention.anonymization.models import Run
from retention.anonymization.touching import runs_of

JOBS = ("Job", "Ended", "Source", "Use", "Rows", "Output", "Operator")
REQUESTS = ("Request", "Right", "State", "Received", "Closed", "Outcome")
STEPS = ("Request", "System", "Data set", "Method", "Rows before", "Rows after", "State", "Finished")
REGISTERED = ("Effect", "Request", "Purpose", "Since", "Lifted")
ENTRIES = ("Action", "What", "Entries", "First entry", "Last entry")
HASHED = (
    "Jobs keep a keyed hash of the identifier by which they told persons apart: what was processed under another "
    "identifier of the same person is found by asking with that one."
)


class Who(forms.Form):
    identifier = forms.CharField(
        max_length=400,
        help_text="As it stands in the data: an e-mail address, a customer number. It is hashed, and stored nowhere; "
        "that somebody asked is recorded.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class PersonJobs(Report):
    kind = "person_jobs"
    title = "Jobs that processed a person"
    purpose = (
        "Every anonymization, erasure and request that an identifier leads to, without storing who is who."
    )
    permission = "requests.handle"
    Parameters = Who
    about_a_person = True

    def prepare(self, **parameters: Any) -> dict[str, Any]:
        """That the question was asked is recorded; from here on there are hashes alone."""
        identifier = parameters["identifier"]
        return {
            "runs": [run.pk for run in runs_of(identifier)],
            "lookups": [lookup_of(category, identifier) for category in CATEGORIES],
        }

    def build(self, **parameters: Any) -> ReportContent:
        lookups: list[bytes] = parameters["lookups"]
        runs = Run.objects.filter(pk__in=parameters["runs"]).order_by("finished_at", "pk")
        found = Identifier.objects.filter(lookup__in=lookups).values("request")
        requests = SubjectRequest.objects.filter(pk__in=found).order_by("received_at", "pk")
        subjects = sorted({request.subject for request in requests if request.subject})
        jobs, steps = [_job(run) for run in runs], _steps(requests)
        return ReportContent(
            title=self.title,
            subtitle=f"Data subject: {', '.join(subjects) or 'no reference of theirs is known'}",
            conclusion=f"{many(len(jobs), 'anonymization job')}, {many(len(requests), 'request')} and "
            f"{many(len(steps), 'step')} of erasure processed them, as far as this identifier leads.",
            conclusive=True,
            sections=[
                Section("Anonymization jobs", HASHED, columns=JOBS, rows=jobs, empty="None."),
                Section(
                    "Requests",
                    facts=[Fact("Keyed references", subjects)],
                    columns=REQUESTS,
                    rows=[_request(request) for request in requests],
                    empty="None, or their keys are destroyed.",
                ),
                Section("Steps of erasure", columns=STEPS, rows=steps, empty="None."),
                Section("In the registry", columns=REGISTERED, rows=_registered(lookups), empty="Nothing."),
                Section(
                    "Entries of the ledger",
                    "About the keyed references above, except that reports were made.",
                    columns=ENTRIES,
                    rows=_entries(subjects),
                    empty="None.",
                ),
            ],
        )

    def named(self, **parameters: Any) -> dict[str, Any]:
        return {}


def _job(run: Run) -> tuple[Any, ...]:
    return (str(run.pk), run.finished_at, run.source, run.use, run.record_count, run.location, run.operator)


def _request(request: SubjectRequest) -> tuple[Any, ...]:
    return (
        request.reference,
        request.get_kind_display(),
        request.get_state_display(),
        request.received_at,
        request.closed_at,
        request.outcome,
    )


def _steps(requests: Sequence[SubjectRequest] | Any) -> list[tuple[Any, ...]]:
    """Of plans that were carried out, or begun."""
    steps = Step.objects.filter(plan__request__in=requests, plan__started_at__isnull=False)
    return [
        (
            step.plan.request.reference if step.plan.request else "",
            step.data_set.system.name if step.data_set else "",
            step.data_set.name if step.data_set else step.target,
            step.method,
            step.rows_before,
            step.rows_after,
            step.get_state_display(),
            step.finished_at,
        )
        for step in steps.select_related("plan__request", "data_set__system").order_by("plan", "position")
    ]


def _registered(lookups: list[bytes]) -> list[tuple[Any, ...]]:
    found = Registration.objects.filter(lookup__in=lookups).order_by("since", "pk")
    return [
        (each.get_effect_display(), each.request, each.purpose, each.since, each.lifted_at) for each in found
    ]


def _entries(subjects: list[str]) -> list[tuple[Any, ...]]:
    counted = (
        Entry.objects.filter(subject__in=subjects)
        .exclude(action__in=LEAVE_ALL_AS_IT_WAS)
        .order_by()
        .values("action")
        .annotate(entries=Count("pk"), first=Min("pk"), last=Max("pk"))
        .order_by("first")
    )
    return [
        (
            each["action"],
            EVENTS[each["action"]].title if each["action"] in EVENTS else "",
            each["entries"],
            each["first"],
            each["last"],
        )
        for each in counted
    ]
