import django_filters
from django import forms

from retention.vault.models import Key, ShredRequest, TokenDomain


class Search(django_filters.CharFilter):
    def __init__(self) -> None:
        super().__init__(
            field_name="name",
            lookup_expr="icontains",
            label="Search",
            widget=forms.TextInput({"type": "search"}),
        )


class KeyFilter(django_filters.FilterSet):
    """The same on the page, in its CSV and over the API, as the ones below."""

    q = Search()

    class Meta:
        model = Key
        fields: list[str] = []


class DomainFilter(django_filters.FilterSet):
    q = Search()

    class Meta:
        model = TokenDomain
        fields: list[str] = []


class ShredFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=ShredRequest.State.choices, label="State")

    class Meta:
        model = ShredRequest
        fields: list[str] = []
