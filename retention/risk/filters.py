import django_filters
from django import forms
from django.db.models import Q, QuerySet

from retention.risk.models import Assessment, Hierarchy

VERDICTS = [
    ("met", "Target met"),
    ("missed", "Target missed"),
    ("failed", "Failed"),
    ("open", "Not finished"),
]


class AssessmentFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    verdict = django_filters.ChoiceFilter(choices=VERDICTS, method="with_verdict", label="Verdict")

    class Meta:
        model = Assessment
        fields: list[str] = []

    def search(self, assessments: QuerySet, name: str, value: str) -> QuerySet:
        return assessments.filter(
            Q(data_set__name__icontains=value) | Q(data_set__system__name__icontains=value)
        )

    def with_verdict(self, assessments: QuerySet, name: str, value: str) -> QuerySet:
        state = Assessment.State
        return {
            "met": assessments.filter(state=state.DONE, met=True),
            "missed": assessments.filter(state=state.DONE, met=False),
            "failed": assessments.filter(state=state.FAILED),
            "open": assessments.filter(state__in=[state.QUEUED, state.RUNNING]),
        }[value]


class HierarchyFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="name",
        lookup_expr="icontains",
        label="Search",
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    class Meta:
        model = Hierarchy
        fields: list[str] = []
