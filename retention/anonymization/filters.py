import django_filters
from django import forms
from django.db.models import Q, QuerySet

from governance.console.models import Job
from retention.anonymization.models import Run

STATES = [
    ("queued", "Queued"),
    ("running", "Running"),
    ("delivered", "Delivered"),
    ("refused", "Refused by validation"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]


class RunFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state", label="State")
    use = django_filters.CharFilter(label="Use")

    class Meta:
        model = Run
        fields: list[str] = []

    def search(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        return runs.filter(
            Q(source__icontains=value) | Q(destination__icontains=value) | Q(contract__icontains=value)
        )

    def in_state(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        if value in Run.Outcome.values:
            failed = Q(outcome=value)
            return runs.filter(
                failed | Q(outcome="", job__state=Job.State.FAILED) if value == "failed" else failed
            )
        return runs.filter(outcome="", job__state=value)
