"""What the catalog looks like over REST. Nothing here ever holds a secret."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.connectors import registry
from catalog.models import Change, Column, DataSet, Label, Link, System
from catalog.reviewing import DECISIONS
from governance.activities.models import ProcessingActivity
from governance.console.models import User


class ConnectorSerializer(serializers.Serializer):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    settings = serializers.DictField(help_text="JSON schema of the settings; secrets are writeOnly.")


class SystemSerializer(serializers.ModelSerializer):
    settings = serializers.DictField(read_only=True, help_text="Without its secrets.")
    secrets_set = serializers.SerializerMethodField(help_text="Whether secrets are stored for it.")
    state = serializers.CharField(read_only=True)

    class Meta:
        model = System
        fields = [
            "id",
            "name",
            "kind",
            "region",
            "custodian",
            "nightly",
            "settings",
            "secrets_set",
            "state",
            "problem",
            "added_at",
            "crawled_at",
            "scanned_at",
        ]

    def get_secrets_set(self, system: System) -> bool:
        return bool(system.secrets)


class SystemChangeSerializer(serializers.Serializer):
    """What is left out stays as it is."""

    name = serializers.CharField(max_length=80, required=False)
    region = serializers.CharField(max_length=40, required=False, allow_blank=True)
    custodian = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    nightly = serializers.BooleanField(required=False, help_text="Scanned every night at two o'clock.")
    settings = serializers.DictField(
        required=False,
        write_only=True,
        help_text="See /connectors/. A secret left out is kept, unless another setting changes.",
    )


class SystemAddSerializer(SystemChangeSerializer):
    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=registry.choices())
    settings = serializers.DictField(write_only=True, help_text="See /connectors/.")


class ReachedSerializer(serializers.Serializer):
    answer = serializers.CharField(help_text="What the store says of itself.")


class DataSetSerializer(serializers.ModelSerializer):
    column_count = serializers.IntegerField(read_only=True)
    unreviewed_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = DataSet
        fields = [
            "id",
            "system",
            "name",
            "kind",
            "primary_key",
            "row_estimate",
            "problem",
            "activities",
            "column_count",
            "unreviewed_count",
            "first_seen_at",
            "gone_at",
            "scanned_at",
        ]


class ActivitiesSerializer(serializers.Serializer):
    activities = serializers.PrimaryKeyRelatedField(queryset=ProcessingActivity.objects.all(), many=True)


class LabelSerializer(serializers.ModelSerializer):
    class Meta:
        model = Label
        fields = [
            "origin",
            "category",
            "sensitivity",
            "contained",
            "confidence",
            "evidence",
            "state",
            "made_by",
            "made_at",
        ]


class ColumnSerializer(serializers.ModelSerializer):
    system = serializers.IntegerField(source="data_set.system_id", read_only=True)
    data_set_name = serializers.CharField(source="data_set.name", read_only=True)
    personal = serializers.BooleanField(read_only=True)

    class Meta:
        model = Column
        fields = [
            "id",
            "system",
            "data_set",
            "data_set_name",
            "name",
            "position",
            "data_type",
            "kind",
            "nullable",
            "unique",
            "category",
            "sensitivity",
            "confidence",
            "contains",
            "personal",
            "state",
            "questioned",
            "sampled",
            "distinct",
            "reviewed_by",
            "reviewed_at",
            "gone_at",
        ]


class ColumnDetailSerializer(ColumnSerializer):
    labels = serializers.SerializerMethodField(help_text="How the verdict came about, the latest first.")

    class Meta(ColumnSerializer.Meta):
        fields = [*ColumnSerializer.Meta.fields, "labels"]

    @extend_schema_field(LabelSerializer(many=True))
    def get_labels(self, column: Column) -> list:
        return list(LabelSerializer(column.labels.all(), many=True).data)


class ReviewSerializer(serializers.Serializer):
    """One decision on the columns named, at most 10,000."""

    decision = serializers.ChoiceField(choices=DECISIONS)
    columns = serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=10_000)
    category = serializers.CharField(required=False, allow_blank=True, default="")
    sensitivity = serializers.CharField(required=False, allow_blank=True, default="")


class ReviewedSerializer(serializers.Serializer):
    changed = serializers.ListField(child=serializers.IntegerField(), help_text="The columns this changed.")


class LinkSerializer(serializers.ModelSerializer):
    class Meta:
        model = Link
        fields = [
            "id",
            "source",
            "source_columns",
            "target",
            "target_columns",
            "origin",
            "follow",
            "decided_by",
            "decided_at",
            "gone_at",
        ]
        read_only_fields = ["origin", "decided_by", "decided_at", "gone_at"]
        # The verb checks columns and duplicates itself, in words of the catalog.
        validators: list = []


class LinkDecisionSerializer(serializers.Serializer):
    follow = serializers.ChoiceField(choices=Link.Follow.choices)


class ChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Change
        fields = ["id", "data_set", "column_name", "sort", "detail", "job", "seen_at"]
