"""Contracts as a list: what it can be filtered by, and what it shows without reading whole documents."""

from __future__ import annotations

import django_filters
from django.db.models import F, Func, IntegerField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from catalog.filters import ANY, Search
from catalog.models import Contract, System


class ContractFilter(django_filters.FilterSet):
    q = Search(method="search")
    system = django_filters.ModelChoiceFilter(
        "data_set__system", queryset=System.objects.all(), label="System", empty_label=ANY
    )
    state = django_filters.ChoiceFilter(choices=Contract.State.choices, label="State", empty_label=ANY)

    class Meta:
        model = Contract
        fields: list[str] = []

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(Q(data_set__name__icontains=value) | Q(owner__icontains=value))


class OwnContractFilter(ContractFilter):
    """Within one data set."""

    system = None


def listed() -> QuerySet[Contract]:
    """Contracts with `owner` and `field_count`, without their documents."""
    return (
        Contract.objects.select_related("data_set__system", "made_by")
        .defer("document")
        .annotate(
            owner=KeyTextTransform("owner", "document"),
            field_count=Func(
                KeyTransform("fields", F("document")),
                function="jsonb_array_length",
                output_field=IntegerField(),
            ),
        )
    )
