"""What jobs, runs and events look like over REST, and what the receiver answers."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import LineageEvent, LineageJob, LineageRun


class FailedEventSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    reason = serializers.CharField()
    retriable = serializers.BooleanField()


class SummarySerializer(serializers.Serializer):
    received = serializers.IntegerField()
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    retriable = serializers.IntegerField()
    non_retriable = serializers.IntegerField()


class ReceivedSerializer(serializers.Serializer):
    status = serializers.ChoiceField(choices=["success", "partial_success"])
    summary = SummarySerializer()
    failed_events = FailedEventSerializer(many=True)


class LineageJobSerializer(serializers.ModelSerializer):
    class Meta:
        model = LineageJob
        fields = [
            "id",
            "namespace",
            "name",
            "kind",
            "description",
            "problem",
            "parent",
            "first_seen_at",
            "last_seen_at",
        ]


class LineageJobDetailSerializer(LineageJobSerializer):
    facets = serializers.SerializerMethodField(help_text="Its latest facets, as its producer sent them.")

    class Meta(LineageJobSerializer.Meta):
        fields = [*LineageJobSerializer.Meta.fields, "sql", "facets"]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_facets(self, job: LineageJob) -> dict:
        return {key: facet for key, facet in job.facets.items() if not (facet or {}).get("_deleted")}


class LineageRunSerializer(serializers.ModelSerializer):
    class Meta:
        model = LineageRun
        fields = ["id", "run_id", "job", "state", "started_at", "ended_at", "last_event_at", "parent_run_id"]


class LineageEventSerializer(serializers.ModelSerializer):
    class Meta:
        model = LineageEvent
        fields = ["id", "kind", "event_type", "event_time", "job", "run", "received_at"]


class LineageEventDetailSerializer(LineageEventSerializer):
    payload = serializers.DictField(help_text="As it was received.")

    class Meta(LineageEventSerializer.Meta):
        fields = [*LineageEventSerializer.Meta.fields, "payload"]
