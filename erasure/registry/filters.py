import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from erasure.registry.models import Backup, Registration


class RegistrationFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API."""

    q = django_filters.CharFilter(
        field_name="request",
        lookup_expr="icontains",
        label="Request",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    effect = django_filters.ChoiceFilter(choices=Registration.Effect.choices, label="Effect")
    lifted = django_filters.ChoiceFilter(
        choices=[("no", "In force"), ("yes", "Lifted")], method="by_lifted", label="State"
    )

    class Meta:
        model = Registration
        fields: list[str] = []

    def by_lifted(self, registrations: QuerySet, name: str, value: str) -> QuerySet:
        return registrations.filter(lifted_at__isnull=value == "no")


class BackupFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = django_filters.ChoiceFilter(
        choices=[("kept", "Kept"), ("overdue", "Overdue"), ("destroyed", "Destroyed")],
        method="in_state",
        label="State",
    )

    class Meta:
        model = Backup
        fields: list[str] = []

    def search(self, backups: QuerySet, name: str, value: str) -> QuerySet:
        return backups.filter(Q(name__icontains=value) | Q(system__name__icontains=value))

    def in_state(self, backups: QuerySet, name: str, value: str) -> QuerySet:
        if value == "destroyed":
            return backups.exclude(destroyed_at=None)
        past = Q(kept_until__lt=timezone.localdate())
        return backups.filter(past if value == "overdue" else ~past, destroyed_at=None)
