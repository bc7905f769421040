"""The ledger over REST: entries with what proves them, and the check of the whole chain."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.ledger.models import Entry
from audit.reports.ledger_filters import EntryFilter
from audit.reports.ledger_pages import check


class EntrySerializer(serializers.ModelSerializer):
    body = serializers.SerializerMethodField(help_text="The canonical bytes as text: what is hashed.")
    leaf = serializers.SerializerMethodField(help_text="SHA-256(0x00 ‖ body), hexadecimal.")
    chain = serializers.SerializerMethodField(help_text="SHA-256(0x01 ‖ chain before ‖ leaf), hexadecimal.")
    facts = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields = [
            "number",
            "at",
            "action",
            "actor",
            "object_type",
            "object_id",
            "subject",
            "correlation",
            "facts",
            "body",
            "leaf",
            "chain",
        ]

    def get_body(self, entry: Entry) -> str:
        return bytes(entry.body).decode()

    def get_leaf(self, entry: Entry) -> str:
        return bytes(entry.leaf).hex()

    def get_chain(self, entry: Entry) -> str:
        return bytes(entry.chain).hex()

    def get_facts(self, entry: Entry) -> dict[str, Any]:
        return entry.content["facts"]


class VerdictSerializer(serializers.Serializer):
    intact = serializers.BooleanField()
    entries = serializers.IntegerField(
        source="checked", help_text="How many entries hold, from the first on."
    )
    chain = serializers.CharField(help_text="The chain value of the last entry that holds.")
    first_bad_entry = serializers.IntegerField(source="number", allow_null=True)
    problem = serializers.CharField(allow_blank=True)


class EntryViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = dict.fromkeys(("list", "retrieve", "verify"), "ledger.view")
    queryset = Entry.objects.all()
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(request=None, responses=VerdictSerializer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def verify(self, request: Request) -> Response:
        """Recompute the whole chain."""
        return Response(VerdictSerializer(check()).data)
