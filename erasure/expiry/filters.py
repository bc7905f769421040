import django_filters
from django import forms
from django.db.models import Q, QuerySet

from erasure.expiry.models import Run
from erasure.models import Plan


class RunFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(field_name="plan__state", choices=Plan.State.choices, label="State")

    class Meta:
        model = Run
        fields: list[str] = []

    def search(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        return runs.filter(
            Q(data_set__name__icontains=value)
            | Q(data_set__system__name__icontains=value)
            | Q(policy__name__icontains=value)
            | Q(plan__title__icontains=value)
        )
