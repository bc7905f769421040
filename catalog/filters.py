"""The filters of the catalog's lists: the same on the pages, in their CSV and on the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django_filters.fields import ModelChoiceField

from catalog.classification.vocabulary import Sensitivity
from catalog.connectors import registry
from catalog.finding_columns import named, with_words
from catalog.models import Change, Column, DataSet, Label, Link, System, categories, sensitivities

UNCLASSIFIED = "unclassified"
ANY = "Any"


class YesNo(django_filters.BooleanFilter):
    """`true` or `false`; empty for either."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        choices = [("", ANY), ("true", "Yes"), ("false", "No")]
        super().__init__(*args, widget=forms.Select(choices=choices), **kwargs)


class Search(django_filters.CharFilter):
    """The search of a list; the page shows it first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label="Search", widget=forms.TextInput({"type": "search"}), **kwargs)


class OneOfManyField(ModelChoiceField):
    """A choice out of far too many to list: the chosen one is its only choice."""

    chosen = None

    def clean(self, value: Any) -> Any:
        self.chosen = super().clean(value)
        self.widget.choices = self.choices
        return self.chosen

    @property
    def choices(self) -> list[tuple[Any, str]]:
        return [(self.chosen.pk, str(self.chosen))] if self.chosen else []


class OneOfMany(django_filters.ModelChoiceFilter):
    field_class = OneOfManyField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, empty_label=None, widget=forms.HiddenInput(), **kwargs)


class PresentFilterSet(django_filters.FilterSet):
    """What is gone from its store is left out unless `gone` asks for it."""

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data.get("gone") is not None else queryset.filter(gone_at=None)


def with_problem(queryset: QuerySet, name: str, value: bool) -> QuerySet:
    return queryset.exclude(problem="") if value else queryset.filter(problem="")


class SystemFilter(django_filters.FilterSet):
    q = Search("name", lookup_expr="icontains")
    kind = django_filters.ChoiceFilter(choices=registry.choices(), label="Kind", empty_label=ANY)
    problem = YesNo(label="With a problem", method=with_problem)

    class Meta:
        model = System
        fields: list[str] = []


class DataSetFilter(PresentFilterSet):
    q = Search(method="search")
    system = django_filters.ModelChoiceFilter(queryset=System.objects.all(), label="System", empty_label=ANY)
    problem = YesNo(label="With a problem", method=with_problem)
    gone = YesNo("gone_at", lookup_expr="isnull", exclude=True, label="Gone")

    class Meta:
        model = DataSet
        fields: list[str] = []

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        for word in value.split():
            queryset = queryset.filter(named(word))
        return queryset


class OwnDataSetFilter(DataSetFilter):
    """Within one system."""

    system = None


class ColumnFilter(PresentFilterSet):
    q = Search(method="search")
    system = django_filters.ModelChoiceFilter(
        "data_set__system", queryset=System.objects.all(), label="System", empty_label=ANY
    )
    data_set = OneOfMany(queryset=DataSet.objects.select_related("system"), label="Data set")
    category = django_filters.ChoiceFilter(
        choices=[(UNCLASSIFIED, "No suggestion"), *categories()],
        label="Category",
        method="within_category",
        empty_label=ANY,
    )
    sensitivity = django_filters.ChoiceFilter(choices=sensitivities(), label="Sensitivity", empty_label=ANY)
    state = django_filters.ChoiceFilter(choices=Column.State.choices, label="State", empty_label=ANY)
    personal = YesNo(label="Personal", method="counting_as_personal")
    questioned = YesNo(label="Questioned")
    suggested_by = django_filters.ChoiceFilter(
        choices=Label.Origin.choices, label="Suggested by", method="with_suggestion_of", empty_label=ANY
    )
    gone = YesNo("gone_at", lookup_expr="isnull", exclude=True, label="Gone")

    class Meta:
        model = Column
        fields: list[str] = []

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return with_words(queryset, value)

    def within_category(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == UNCLASSIFIED:
            return queryset.filter(category="")
        return queryset.filter(Q(category=value) | Q(category__startswith=f"{value}."))

    def with_suggestion_of(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        live = Label.objects.filter(column=OuterRef("pk"), origin=value, state=Label.State.SUGGESTED)
        return queryset.filter(Exists(live))

    def counting_as_personal(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        cleared = Q(state=Column.State.CONFIRMED, sensitivity=Sensitivity.NONE.value)
        return queryset.exclude(cleared) if value else queryset.filter(cleared)


def in_catalog_order(columns: QuerySet[Column]) -> QuerySet[Column]:
    """As their stores have them: an index gives this order, however many columns there are."""
    return columns.order_by("data_set_id", "position", "pk")


class LinkFilter(PresentFilterSet):
    q = Search(method="search")
    system = django_filters.ModelChoiceFilter(
        queryset=System.objects.all(), label="System", method="touching", empty_label=ANY
    )
    data_set = OneOfMany(
        queryset=DataSet.objects.select_related("system"), label="Data set", method="at_data_set"
    )
    origin = django_filters.ChoiceFilter(choices=Link.Origin.choices, label="Origin", empty_label=ANY)
    follow = django_filters.ChoiceFilter(choices=Link.Follow.choices, label="Meaning", empty_label=ANY)
    decided = YesNo("decided_at", lookup_expr="isnull", exclude=True, label="Decided by a person")
    gone = YesNo("gone_at", lookup_expr="isnull", exclude=True, label="Gone")

    class Meta:
        model = Link
        fields: list[str] = []

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(source__name__icontains=value) | Q(target__name__icontains=value))

    def touching(self, queryset: QuerySet, name: str, value: System) -> QuerySet:
        return queryset.filter(Q(source__system=value) | Q(target__system=value))

    def at_data_set(self, queryset: QuerySet, name: str, value: DataSet) -> QuerySet:
        return queryset.filter(Q(source=value) | Q(target=value))


class ChangeFilter(django_filters.FilterSet):
    q = Search(method="search")
    system = django_filters.ModelChoiceFilter(
        "data_set__system", queryset=System.objects.all(), label="System", empty_label=ANY
    )
    data_set = OneOfMany(queryset=DataSet.objects.select_related("system"), label="Data set")
    sort_of_change = django_filters.ChoiceFilter(
        "sort", choices=Change.Sort.choices, label="Change", empty_label=ANY
    )

    class Meta:
        model = Change
        fields: list[str] = []

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(column_name__icontains=value) | Q(data_set__name__icontains=value))
