import django_filters
from django import forms
from django.db.models import QuerySet

from erasure.registry.models import Replay


class ReplayFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="System", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(choices=Replay.State.choices, label="State")

    class Meta:
        model = Replay
        fields: list[str] = []

    def search(self, replays: QuerySet, name: str, value: str) -> QuerySet:
        return replays.filter(system__name__icontains=value)
