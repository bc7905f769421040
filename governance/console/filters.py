"""What lists of the console can be filtered by, on the page and over the API alike."""

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from governance.console.jobs import KINDS
from governance.console.models import Job, User
from governance.console.permissions import Role


class JobFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="title",
        lookup_expr="icontains",
        label="Search",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = django_filters.ChoiceFilter(choices=Job.State.choices)
    kind = django_filters.ChoiceFilter(choices=lambda: [(kind, kind) for kind in sorted(KINDS)])

    class Meta:
        model = Job
        fields: list[str] = []


class PersonFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    role = django_filters.ChoiceFilter(choices=Role.choices)
    active = django_filters.BooleanFilter(
        field_name="is_active",
        label="May sign in",
        widget=forms.Select(choices=[("", "Any"), ("true", "Yes"), ("false", "No")]),
    )

    class Meta:
        model = User
        fields: list[str] = []

    def search(self, people: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return people.filter(
            Q(username__icontains=value) | Q(first_name__icontains=value) | Q(last_name__icontains=value)
        )
