import django_filters
from django import forms
from django.db.models import Q, QuerySet

from retention.statistics.models import Allotment, Budget, Charge, Period, Release

SEARCH = {"label": "Search", "widget": forms.TextInput(attrs={"type": "search"})}


class ReleaseFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", **SEARCH)
    state = django_filters.ChoiceFilter(choices=Release.State.choices, label="State")
    budget = django_filters.ModelChoiceFilter(queryset=Budget.objects.all(), label="Data set")

    class Meta:
        model = Release
        fields: list[str] = []

    def search(self, releases: QuerySet, name: str, value: str) -> QuerySet:
        return releases.filter(Q(title__icontains=value) | Q(budget__name__icontains=value))


class BudgetFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", **SEARCH)
    period = django_filters.ChoiceFilter(choices=Period.choices, label="Period")

    class Meta:
        model = Budget
        fields: list[str] = []


class ChargeFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="what", lookup_expr="icontains", **SEARCH)
    kind = django_filters.ChoiceFilter(choices=Charge.Kind.choices, label="Line")

    class Meta:
        model = Charge
        fields: list[str] = []


class AllotmentFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", **SEARCH)
    budget = django_filters.ModelChoiceFilter(queryset=Budget.objects.all(), label="Budget")

    class Meta:
        model = Allotment
        fields: list[str] = []
