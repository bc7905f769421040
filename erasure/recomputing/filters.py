import django_filters
from django import forms
from django.db.models import Q, QuerySet

from erasure.recomputing.models import Recomputation

State = Recomputation.State


class RecomputationFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(method="in_state", choices=State.choices, label="State")

    class Meta:
        model = Recomputation
        fields: list[str] = []

    def search(self, declared: QuerySet, name: str, value: str) -> QuerySet:
        return declared.filter(
            Q(data_set__name__icontains=value) | Q(data_set__system__name__icontains=value)
        )

    def in_state(self, declared: QuerySet, name: str, value: str) -> QuerySet:
        return declared.filter(approved_at__isnull=value == State.WAITING)
