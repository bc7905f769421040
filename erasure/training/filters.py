import django_filters
from django import forms
from django.db.models import QuerySet

from erasure.training.models import TrainedModel, TrainingSet


class TrainingSetFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        field_name="name",
        lookup_expr="icontains",
        label="Search",
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    class Meta:
        model = TrainingSet
        fields: list[str] = []


class TrainedModelFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="name",
        lookup_expr="icontains",
        label="Search",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = django_filters.ChoiceFilter(
        choices=[("retrain", "To be retrained"), ("in use", "In use"), ("replaced", "Replaced")],
        method="in_state",
        label="State",
    )

    class Meta:
        model = TrainedModel
        fields: list[str] = []

    def in_state(self, models: QuerySet, name: str, value: str) -> QuerySet:
        if value == "replaced":
            return models.exclude(replaced_at=None)
        return models.filter(replaced_at=None, retrain_since__isnull=value == "in use")
