"""Whether the log knows a report, by the SHA-256 of its file, with the proof that the verifier takes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.ledger.models import Entry
from audit.reports.checking import Making, check_digest, proof_of_making

is_digest = RegexValidator(r"\A[0-9a-f]{64}\Z", "A SHA-256 is 64 hexadecimal digits.")


class MakingSerializer(serializers.Serializer):
    entry = serializers.IntegerField(help_text="Of the log.")
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    kind = serializers.CharField()
    format = serializers.CharField()
    size = serializers.IntegerField(help_text="Of the checkpoint it was made at.")
    root = serializers.CharField()  # type: ignore[assignment]
    content_sha256 = serializers.CharField()
    problem = serializers.CharField(help_text="Why that is not proven; empty if it is.")
    proof = serializers.JSONField(help_text="What verifier.py report checks offline.")


class CheckedSerializer(serializers.Serializer):
    sha256 = serializers.CharField()
    known = serializers.BooleanField()
    makings = MakingSerializer(many=True)


class CheckReport(APIView):
    permissions = {"GET": "reports.view"}

    @extend_schema(
        parameters=[OpenApiParameter("sha256", str, required=True, description="Of the file, hexadecimal.")],
        operation_id="reports_check",
        responses=CheckedSerializer,
    )
    def get(self, request: Request) -> Response:
        """Whether the file with this SHA-256 is a report that the log knows."""
        digest = request.query_params.get("sha256", "").lower()
        try:
            is_digest(digest)
        except ValidationError as refusal:
            raise serializers.ValidationError({"sha256": refusal.messages}) from None
        found = check_digest(digest)
        told = {
            "sha256": digest,
            "known": found.known,
            "makings": [_told(making) for making in found.makings],
        }
        return Response(told)


def _told(making: Making) -> dict[str, Any]:
    return {
        "entry": making.entry,
        "at": making.at,
        "actor": making.actor,
        "kind": making.kind,
        "format": making.form,
        "size": making.size,
        "root": making.root,
        "content_sha256": making.content,
        "problem": making.problem,
        "proof": proof_of_making(Entry.objects.get(number=making.entry)),
    }
