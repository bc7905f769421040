import django_filters
from django import forms
from django.db.models import Q, QuerySet

from erasure.protocols.models import Agent, Controller, Received


def _search() -> forms.TextInput:
    return forms.TextInput(attrs={"type": "search"})


class SenderFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        field_name="name", lookup_expr="icontains", label="Search", widget=_search()
    )
    state = django_filters.ChoiceFilter(
        choices=[("active", "Active"), ("retired", "Retired")], method="in_state", label="State"
    )

    def in_state(self, senders: QuerySet, name: str, value: str) -> QuerySet:
        return senders.filter(ended_at__isnull=value == "active")


class AgentFilter(SenderFilter):
    class Meta:
        model = Agent
        fields: list[str] = []


class ControllerFilter(SenderFilter):
    class Meta:
        model = Controller
        fields: list[str] = []


class ReceivedFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", widget=_search())
    protocol = django_filters.ChoiceFilter(
        choices=[("drp", "Data Rights Protocol"), ("opendsr", "OpenDSR")],
        method="by_protocol",
        label="Protocol",
    )
    open = django_filters.BooleanFilter(method="is_open", label="Open")

    class Meta:
        model = Received
        fields: list[str] = []

    def search(self, received: QuerySet, name: str, value: str) -> QuerySet:
        return received.filter(
            Q(request__reference__icontains=value)
            | Q(agent__name__icontains=value)
            | Q(controller__name__icontains=value)
        )

    def by_protocol(self, received: QuerySet, name: str, value: str) -> QuerySet:
        return received.filter(agent__isnull=value != "drp")

    def is_open(self, received: QuerySet, name: str, value: bool) -> QuerySet:
        return received.filter(settled=not value)
