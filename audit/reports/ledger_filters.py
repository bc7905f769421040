"""What the ledger can be filtered by, on its page, in its CSV and over the API."""

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from audit.ledger.events import EVENTS
from audit.ledger.models import Entry
from governance.console.people import names


class Exactly(django_filters.CharFilter):
    """Not asked for on the page but linked to: shown as a chip."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, widget=forms.HiddenInput())


class Day(django_filters.DateFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}), **kwargs)


class EntryFilter(django_filters.FilterSet):
    action = django_filters.ChoiceFilter(
        choices=lambda: sorted((key, f"{key}: {event.title}") for key, event in EVENTS.items()),
        label="Action",
    )
    actor = django_filters.ChoiceFilter(
        choices=lambda: [*sorted(names().items(), key=lambda item: item[1]), ("anonymous", "Visitor")],
        label="Who",
    )
    subject = django_filters.CharFilter(label="Person")
    since = Day(method="from_day", label="From")
    until = Day(method="to_day", label="To")
    object_type = Exactly("Object")
    object_id = Exactly("Object id")
    correlation = Exactly("Correlation")

    class Meta:
        model = Entry
        fields: list[str] = []

    def from_day(self, entries: QuerySet[Entry], name: str, value: date) -> QuerySet[Entry]:
        return entries.filter(at__gte=_midnight(value))

    def to_day(self, entries: QuerySet[Entry], name: str, value: date) -> QuerySet[Entry]:
        # The calendar's last day has no next.
        return entries if value == date.max else entries.filter(at__lt=_midnight(value + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
