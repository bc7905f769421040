import django_filters
from django import forms
from django.db.models import Q, QuerySet

from governance.activities.models import LawfulBasis, ProcessingActivity, ProcessorActivity


class ActivityFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    lawful_basis = django_filters.ChoiceFilter(choices=LawfulBasis.choices, label="Lawful basis")

    class Meta:
        model = ProcessingActivity
        fields: list[str] = []

    def search(self, activities: QuerySet, name: str, value: str) -> QuerySet:
        return activities.filter(Q(name__icontains=value) | Q(purpose__icontains=value))


class ProcessorFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="controller",
        lookup_expr="icontains",
        label="Search",
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    class Meta:
        model = ProcessorActivity
        fields: list[str] = []
