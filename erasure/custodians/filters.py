import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from erasure.custodians.models import Recipient, Task


def _search() -> forms.TextInput:
    return forms.TextInput(attrs={"type": "search"})


class TaskFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(method="search", label="Search", widget=_search())
    state = django_filters.ChoiceFilter(choices=Task.State.choices, label="State")
    open = django_filters.BooleanFilter(method="is_open", label="Open")
    overdue = django_filters.BooleanFilter(method="is_overdue", label="Overdue")

    class Meta:
        model = Task
        fields: list[str] = []

    def search(self, tasks: QuerySet, name: str, value: str) -> QuerySet:
        return tasks.filter(
            Q(request__reference__icontains=value)
            | Q(system__name__icontains=value)
            | Q(recipient__name__icontains=value)
        )

    def is_open(self, tasks: QuerySet, name: str, value: bool) -> QuerySet:
        wanted = Q(state__in=Task.OPEN)
        return tasks.filter(wanted if value else ~wanted)

    def is_overdue(self, tasks: QuerySet, name: str, value: bool) -> QuerySet:
        late = Q(state__in=Task.OPEN, day__lt=timezone.localdate())
        return tasks.annotate(day=Coalesce("until", "due_on")).filter(late if value else ~late)


class RecipientFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="name", lookup_expr="icontains", label="Search", widget=_search()
    )
    kind = django_filters.ChoiceFilter(choices=Recipient.Kind.choices, label="Kind")
    state = django_filters.ChoiceFilter(
        choices=[("active", "Active"), ("retired", "Retired")], method="in_state", label="State"
    )

    class Meta:
        model = Recipient
        fields: list[str] = []

    def in_state(self, recipients: QuerySet, name: str, value: str) -> QuerySet:
        return recipients.filter(ended_at__isnull=value == "active")
