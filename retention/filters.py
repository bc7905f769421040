import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from retention.models import Exemption, Hold

STATES = [("active", "Active"), ("expired", "Expired"), ("released", "Released")]


class HoldFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state", label="State")
    exemption = django_filters.ChoiceFilter(choices=Exemption.choices, label="Exemption")

    class Meta:
        model = Hold
        fields: list[str] = []

    def search(self, holds: QuerySet, name: str, value: str) -> QuerySet:
        return holds.filter(
            Q(data_set__name__icontains=value)
            | Q(data_set__system__name__icontains=value)
            | Q(reason__icontains=value)
        )

    def in_state(self, holds: QuerySet, name: str, value: str) -> QuerySet:
        if value == "released":
            return holds.exclude(released_at=None)
        past = Q(until__lt=timezone.localdate())
        return holds.filter(past if value == "expired" else ~past | Q(until=None), released_at=None)
