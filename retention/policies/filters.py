import django_filters
from django import forms
from django.db.models import Q, QuerySet

from retention.policies.models import Due, Policy

STATES = [("active", "Active"), ("retired", "Retired")]


class PolicyFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state", label="State")
    scope = django_filters.ChoiceFilter(choices=Policy.Scope.choices, label="Scope")

    class Meta:
        model = Policy
        fields: list[str] = []

    def search(self, policies: QuerySet, name: str, value: str) -> QuerySet:
        return policies.filter(Q(name__icontains=value) | Q(reason__icontains=value))

    def in_state(self, policies: QuerySet, name: str, value: str) -> QuerySet:
        return policies.filter(retired_at__isnull=value == "active")


class DueFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(choices=Due.State.choices, label="State")

    class Meta:
        model = Due
        fields: list[str] = []

    def search(self, entries: QuerySet, name: str, value: str) -> QuerySet:
        return entries.filter(
            Q(data_set__name__icontains=value)
            | Q(data_set__system__name__icontains=value)
            | Q(policy__name__icontains=value)
        )
