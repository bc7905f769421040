"""The filters of the lists of jobs, runs and events."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet

from catalog.filters import ANY, Search, YesNo, with_problem
from catalog.lineage.runs import STATES
from catalog.models import LineageEvent, LineageJob, LineageRun

TYPES = [(state, state.capitalize()) for state in STATES if state]


class LineageJobFilter(django_filters.FilterSet):
    q = Search(method="search")
    namespace = django_filters.CharFilter(label="Namespace")
    problem = YesNo(label="With a problem", method=with_problem)

    class Meta:
        model = LineageJob
        fields: list[str] = []

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(name__icontains=value) | Q(namespace__icontains=value))


class LineageRunFilter(django_filters.FilterSet):
    job = django_filters.NumberFilter("job_id", label="Job")
    run_id = django_filters.UUIDFilter(label="Run id")
    state = django_filters.ChoiceFilter(choices=TYPES, label="State", empty_label=ANY)

    class Meta:
        model = LineageRun
        fields: list[str] = []


class LineageEventFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=LineageEvent.Kind.choices, label="Kind", empty_label=ANY)
    event_type = django_filters.ChoiceFilter(choices=TYPES, label="Type", empty_label=ANY)
    job = django_filters.NumberFilter("job_id", label="Job")
    run_id = django_filters.UUIDFilter("run__run_id", label="Run id")
    since = django_filters.IsoDateTimeFilter("event_time", lookup_expr="gte", label="From")
    until = django_filters.IsoDateTimeFilter("event_time", lookup_expr="lt", label="Before")

    class Meta:
        model = LineageEvent
        fields: list[str] = []
