"""Getting values of a job back over REST: the same verb, limit and ledger as the page."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from governance.console.api_http import StaffApiRequest
from retention.anonymization.models import Run
from retention.anonymization.recovering import recover
from retention.vault.api import NO_STORE, Refusing


class RecoverSerializer(serializers.Serializer):
    column = serializers.CharField(max_length=400)
    values = serializers.ListField(child=serializers.CharField(), help_text="As they stand in the output.")
    persons = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Whose each value is, where each person has a key of their own.",
    )
    reason = serializers.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")


class RecoveredValueSerializer(serializers.Serializer):
    given = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    problem = serializers.CharField(help_text="Why there is no value; empty where there is one.")


class RecoveredSerializer(serializers.Serializer):
    answers = RecoveredValueSerializer(many=True, help_text="In the order of the values.")


class RecoverView(Refusing):
    permissions = {"POST": "vault.detokenize"}

    @extend_schema(
        request=RecoverSerializer,
        responses=RecoveredSerializer,
        operation_id="anonymization_jobs_recover",
    )
    def post(self, request: StaffApiRequest, pk: str) -> Response:
        """What values of the job's output were made from, for a reason; counted, limited and recorded."""
        answers = recover(get_object_or_404(Run, pk=pk), **self.given(RecoverSerializer), by=request.user)
        return Response({"answers": RecoveredValueSerializer(answers, many=True).data}, headers=NO_STORE)
