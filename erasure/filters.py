"""What lists of requests and plans can be filtered by, on the page, in the CSV and over the API alike."""

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.filters import YesNo
from erasure.models import Plan, SubjectRequest

State = SubjectRequest.State


def overdue() -> Q:
    return Q(due_on__lt=timezone.localdate()) & running()


def running() -> Q:
    """Not ended, and its clock does not stand."""
    return Q(paused_at=None, clock_waits=False) & ~Q(state__in=SubjectRequest.ENDED)


class RequestFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        "reference",
        lookup_expr="icontains",
        label="Reference",
        widget=forms.TextInput({"type": "search"}),
    )
    kind = django_filters.ChoiceFilter(choices=SubjectRequest.Kind.choices, label="Kind")
    state = django_filters.ChoiceFilter(choices=SubjectRequest.State.choices, label="State")
    overdue = YesNo(method="by_overdue", label="Overdue")
    channel = django_filters.ChoiceFilter(choices=SubjectRequest.Channel.choices, label="Channel")

    class Meta:
        model = SubjectRequest
        fields: list[str] = []

    def by_overdue(
        self, requests: QuerySet[SubjectRequest], name: str, value: bool
    ) -> QuerySet[SubjectRequest]:
        return requests.filter(overdue()) if value else requests.exclude(overdue())


class PlanFilter(django_filters.FilterSet):
    request = django_filters.NumberFilter("request_id", label="Request")
    state = django_filters.ChoiceFilter(choices=Plan.State.choices, label="State")

    class Meta:
        model = Plan
        fields: list[str] = []
