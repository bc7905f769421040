"""What lists of requests and plans can be filtered by, on the page, in the CSV and over the API alike."""

from datetime import timedelta

import django_filters
from django import forms
from django.conf import settings
from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.utils import timezone

from catalog.filters import YesNo
from erasure.models import Plan, SubjectRequest
from erasure.requests.assigning import officers
from erasure.requests.grouping import has_open_sibling
from erasure.requests.regimes import choices as regime_choices

State = SubjectRequest.State
Requests = QuerySet[SubjectRequest]
SOON = timedelta(days=7)


def overdue() -> Q:
    return Q(due_on__lt=timezone.localdate()) & running()


def target_missed() -> Q:
    """Not overdue yet perhaps, but later than the controller wants to be."""
    return Q(due_on__lt=timezone.localdate() + timedelta(days=settings.REQUEST_TARGET_DAYS)) & running()


def by_urgency(requests: Requests) -> Requests:
    """What goes first, then what is due next; clocks that stand after those that run, and what has ended last."""
    rank = Case(
        When(state__in=SubjectRequest.ENDED, then=3),
        When(Q(paused_at__isnull=False) | Q(clock_waits=True), then=2),
        When(expedited=True, then=0),
        default=1,
        output_field=IntegerField(),
    )
    return requests.order_by(rank, Case(When(closed_at=None, then="due_on")), "-closed_at", "-pk")


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
    due_soon = YesNo(method="by_due_soon", label="Due within 7 days")
    target_missed = YesNo(method="by_target", label="Past its target")
    paused = YesNo("paused_at", lookup_expr="isnull", exclude=True, label="Clock paused")
    unacknowledged = YesNo(method="by_acknowledgement", label="Acknowledgement missing")
    extended = YesNo("extended", label="Extended")
    appealed = YesNo(method="by_appeal", label="Appeal to be decided")
    repeated = YesNo(method="by_person", label="Same person asks elsewhere")
    regime = django_filters.ChoiceFilter(choices=regime_choices, label="Law")
    assigned_to = django_filters.ModelChoiceFilter(
        queryset=lambda request: officers(), label="Assigned to", null_label="Nobody"
    )
    channel = django_filters.ChoiceFilter(choices=SubjectRequest.Channel.choices, label="Channel")

    class Meta:
        model = SubjectRequest
        fields: list[str] = []

    def by_overdue(self, requests: Requests, name: str, value: bool) -> Requests:
        return requests.filter(overdue()) if value else requests.exclude(overdue())

    def by_due_soon(self, requests: Requests, name: str, value: bool) -> Requests:
        today = timezone.localdate()
        soon = Q(due_on__gte=today, due_on__lte=today + SOON) & running()
        return requests.filter(soon) if value else requests.exclude(soon)

    def by_target(self, requests: Requests, name: str, value: bool) -> Requests:
        missed = target_missed()
        return requests.filter(missed) if value else requests.exclude(missed)

    def by_acknowledgement(self, requests: Requests, name: str, value: bool) -> Requests:
        missing = Q(acknowledge_by__isnull=False, acknowledged_at=None) & ~Q(state__in=SubjectRequest.ENDED)
        return requests.filter(missing) if value else requests.exclude(missing)

    def by_appeal(self, requests: Requests, name: str, value: bool) -> Requests:
        appealed = Q(appeal=SubjectRequest.Appeal.OPEN)
        return requests.filter(appealed) if value else requests.exclude(appealed)

    def by_person(self, requests: Requests, name: str, value: bool) -> Requests:
        return requests.filter(has_open_sibling()) if value else requests.exclude(has_open_sibling())


class PlanFilter(django_filters.FilterSet):
    request = django_filters.NumberFilter("request_id", label="Request")
    state = django_filters.ChoiceFilter(choices=Plan.State.choices, label="State")

    class Meta:
        model = Plan
        fields: list[str] = []
