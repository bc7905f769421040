"""Another key for the ledger over REST: proposed by one person, approved by another."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.ledger import rotating_together
from audit.ledger.checkpoints import Diverged
from audit.ledger.models import KeyProposal
from audit.ledger.rotating_together import NotNow
from governance.console.api_errors import Conflict

FOR_EVER = "Kept in the ledger for ever: nothing personal."


class KeyProposalSerializer(serializers.ModelSerializer):
    new = serializers.CharField(source="change.new", default="", help_text="The verifier key from then on.")
    fingerprint = serializers.SerializerMethodField(help_text="Of what is proposed: send it to approve this.")

    class Meta:
        model = KeyProposal
        fields = [
            "id",
            "reference",
            "state",
            "old",
            "new",
            "revoke",
            "reason",
            "asked_by",
            "asked_at",
            "decided_by",
            "decided_at",
            "decision_reason",
            "fingerprint",
        ]

    def get_fingerprint(self, proposal: KeyProposal) -> str:
        return rotating_together.fingerprint(proposal)


class KeyProposeSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300, help_text=FOR_EVER)
    revoke = serializers.BooleanField(default=False, help_text="The old key is in other hands.")


class KeyApproveSerializer(serializers.Serializer):
    fingerprint = serializers.CharField(max_length=64)


class KeyRejectSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300, help_text=FOR_EVER)


class KeyProposalViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = dict.fromkeys(("list", "retrieve"), "ledger.view") | dict.fromkeys(
        ("create", "approve", "reject"), "ledger.keys"
    )
    queryset = KeyProposal.objects.select_related("change")
    serializer_class = KeyProposalSerializer
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(request=KeyProposeSerializer, responses={201: KeyProposalSerializer})
    def create(self, request: Request) -> Response:
        """Propose another key; somebody else approves."""
        made = rotating_together.propose(**self._given(KeyProposeSerializer))
        return Response(KeyProposalSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=KeyApproveSerializer, responses=KeyProposalSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve exactly what has this fingerprint, and change the key."""
        found = self.get_object()
        rotating_together.approve(found, seen=self._given(KeyApproveSerializer)["fingerprint"])
        return Response(KeyProposalSerializer(self.get_object()).data)

    @extend_schema(request=KeyRejectSerializer, responses=KeyProposalSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Reject it; who proposed it withdraws it."""
        found = self.get_object()
        rotating_together.reject(found, reason=self._given(KeyRejectSerializer)["reason"])
        return Response(KeyProposalSerializer(self.get_object()).data)

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(Conflict(str(exc)) if isinstance(exc, (NotNow, Diverged)) else exc)

    def _given(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        asked = shape(data=self.request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = asked.validated_data
        return given
