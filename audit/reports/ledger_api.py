"""The ledger over REST: entries with what proves them, and the check of the whole chain."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from audit.ledger import guarding, proofs
from audit.ledger.models import Checkpoint, Entry
from audit.reports.ledger_filters import EntryFilter
from audit.reports.ledger_pages import check
from governance.console.api_errors import Conflict


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
    checkpoints = serializers.IntegerField(help_text="How many checkpoints were compared with the entries.")
    problem = serializers.CharField(allow_blank=True)


class CheckpointSerializer(serializers.ModelSerializer):
    note = serializers.CharField(source="cosigned", help_text="A signed note (C2SP tlog-checkpoint).")

    class Meta:
        model = Checkpoint
        fields = ["size", "at", "note"]


class ProofSerializer(serializers.Serializer):
    proof = serializers.CharField(help_text="C2SP tlog-proof: the path, and the checkpoint that it leads to.")


class IntegritySerializer(serializers.Serializer):
    proven = serializers.BooleanField()
    problems = serializers.ListField(child=serializers.CharField())
    entries = serializers.IntegerField()
    verified_at = serializers.DateTimeField(source="verification.at", default=None)
    checkpoint = serializers.IntegerField(source="checkpoint.size", default=None)
    exported_to = serializers.IntegerField(source="segment.end", default=None)
    witnessed_by = serializers.ListField(child=serializers.CharField())


class EntryViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = dict.fromkeys(
        ("list", "retrieve", "verify", "proof", "checkpoint", "integrity"), "ledger.view"
    )
    queryset = Entry.objects.all()
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(request=None, responses=VerdictSerializer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def verify(self, request: Request) -> Response:
        """Recompute the whole chain."""
        return Response(VerdictSerializer(check()).data)

    @extend_schema(responses=ProofSerializer)
    @action(detail=True, methods=["get"])
    def proof(self, request: Request, pk: str) -> Response:
        """That the entry is in the ledger, for whoever has the log's public key."""
        entry = self.get_object()
        checkpoint = proofs.covering(entry.number) or guarding.sign()
        if checkpoint is None:
            raise Conflict("The ledger and its last checkpoint part ways: nothing is proven.")
        return Response({"proof": proofs.proof_of(entry.number, checkpoint)})

    @extend_schema(responses=CheckpointSerializer, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def checkpoint(self, request: Request) -> Response:
        """The latest checkpoint, with the cosignatures it has."""
        latest = Checkpoint.objects.first()
        if latest is None:
            raise NotFound("No checkpoint has been signed yet.")
        return Response(CheckpointSerializer(latest).data)

    @extend_schema(responses=IntegritySerializer, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def integrity(self, request: Request) -> Response:
        """Whether the ledger can be believed, and what stands against it."""
        return Response(IntegritySerializer(guarding.integrity()).data)
