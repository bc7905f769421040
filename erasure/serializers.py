"""What requests and plans look like over REST. No identifier is ever in clear here but in the answer to `reveal`."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from erasure.forms import unique_categories
from erasure.models import WITH_ROWS, Hit, Package, Plan, Question, Step, SubjectRequest
from erasure.requests import clock
from erasure.requests.intake import MAX_LENGTH
from erasure.requests.letters.wording import DEFAULT, LANGUAGES
from erasure.requests.revealing import masked_identifiers
from erasure.requests.stating import REASON_LENGTH


class GivenIdentifierSerializer(serializers.Serializer):
    category = serializers.ChoiceField(choices=unique_categories())
    value = serializers.CharField(max_length=MAX_LENGTH, write_only=True)


class NewRequestSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=SubjectRequest.Kind.choices)
    regime = serializers.ChoiceField(choices=clock.choices(), default="EU-GDPR")
    language = serializers.ChoiceField(
        choices=list(LANGUAGES.items()), default=DEFAULT, help_text="Of the letters to the person."
    )
    ground = serializers.ChoiceField(
        choices=SubjectRequest.Ground.choices,
        default="",
        allow_blank=True,
        help_text="Of an erasure, Art. 17(1).",
    )
    email = serializers.EmailField(
        max_length=MAX_LENGTH, default="", allow_blank=True, help_text="Needed for all rights but opting out."
    )
    identifiers = GivenIdentifierSerializer(many=True, default=list)


class RequestImportSerializer(serializers.Serializer):
    csv = serializers.CharField(
        trim_whitespace=False,
        help_text="The file as text, with the columns reference, kind and email at least.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Look at it and take nothing over.")


class RequestImportedSerializer(serializers.Serializer):
    lines = serializers.IntegerField()
    received = serializers.IntegerField(help_text="New requests; on a dry run, lines not taken over before.")
    repeated = serializers.IntegerField(help_text="Here already, and left alone.")


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(
        max_length=REASON_LENGTH, help_text="Kept in the ledger for ever: nothing about the person."
    )


class ConfirmIdentitySerializer(serializers.Serializer):
    how = serializers.CharField(max_length=200, help_text="How the identity was checked.")


class ApproveSerializer(serializers.Serializer):
    fingerprint = serializers.RegexField(
        r"^[0-9a-f]{64}$", help_text="Of the plan that was read: another one is not approved."
    )


class SeenPlanSerializer(ApproveSerializer):
    plan = serializers.IntegerField(min_value=1)


class ApproveManySerializer(serializers.Serializer):
    plans = SeenPlanSerializer(many=True, allow_empty=False, max_length=1_000)  # type: ignore[call-arg]


class RefusedPlanSerializer(serializers.Serializer):
    plan = serializers.IntegerField()
    reason = serializers.CharField()


class ApprovedManySerializer(serializers.Serializer):
    approved = serializers.ListField(child=serializers.IntegerField(), help_text="Plans, by their number.")
    refused = RefusedPlanSerializer(many=True)


class ShownIdentifierSerializer(serializers.Serializer):
    category = serializers.CharField()
    value = serializers.CharField()
    verified = serializers.BooleanField()


class RevealedSerializer(serializers.Serializer):
    identifiers = ShownIdentifierSerializer(many=True)


class HitSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="data_set.__str__", help_text="System and data set.")

    class Meta:
        model = Hit
        fields = ["data_set", "name", "depth", "rows", "shared", "accessed", "routes", "found_at"]


class QuestionSerializer(serializers.ModelSerializer):
    question = serializers.CharField(source="__str__")

    class Meta:
        model = Question
        fields = [
            "id",
            "data_set",
            "category",
            "column",
            "rows",
            "of_rows",
            "numbering",
            "values",
            "question",
            "answer",
            "reason",
            "answered_by",
            "answered_at",
        ]


class AnswerSerializer(ReasonSerializer):
    question = serializers.IntegerField(help_text="Its id.")
    answer = serializers.ChoiceField(choices=Question.Answer.choices)


class PackageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Package
        fields = ["size", "sha256", "rows", "made_at", "expires_at", "downloads"]


class RequestSerializer(serializers.ModelSerializer):
    overdue = serializers.BooleanField(read_only=True)
    target_on = serializers.DateField(read_only=True)
    duplicate_of = serializers.SlugRelatedField[SubjectRequest](slug_field="reference", read_only=True)

    class Meta:
        model = SubjectRequest
        fields = [
            "id",
            "reference",
            "kind",
            "state",
            "ground",
            "channel",
            "regime",
            "language",
            "received_at",
            "due_on",
            "overdue",
            "extended",
            "extension_reason",
            "target_on",
            "acknowledge_by",
            "acknowledged_at",
            "started_on",
            "clock_waits",
            "paused_at",
            "pause_reason",
            "paused_days",
            "appeal",
            "appealed_at",
            "expedited",
            "assigned_to",
            "duplicate_of",
            "reopened",
            "subject",
            "verified_at",
            "verified_how",
            "handled_by",
            "problem",
            "searched_at",
            "unsearched",
            "unreached",
            "residue",
            "outcome",
            "job",
            "closed_at",
        ]
        read_only_fields = fields


class RequestDetailSerializer(RequestSerializer):
    identifiers = serializers.SerializerMethodField(help_text="Masked.")
    hits = serializers.SerializerMethodField(
        help_text="Where rows of the person were found, and by which route."
    )
    questions = QuestionSerializer(many=True, read_only=True)
    plans = serializers.PrimaryKeyRelatedField[Plan](many=True, read_only=True)
    package = serializers.SerializerMethodField()

    class Meta(RequestSerializer.Meta):
        fields = [*RequestSerializer.Meta.fields, "identifiers", "questions", "hits", "plans", "package"]
        read_only_fields = fields

    @extend_schema_field(ShownIdentifierSerializer(many=True))
    def get_identifiers(self, request: SubjectRequest) -> Any:
        return ShownIdentifierSerializer(masked_identifiers(request), many=True).data

    @extend_schema_field(HitSerializer(many=True))
    def get_hits(self, request: SubjectRequest) -> Any:
        hits = request.hits.filter(WITH_ROWS | Q(accessed__gt=0)).select_related("data_set__system")
        return HitSerializer(hits, many=True).data

    @extend_schema_field(PackageSerializer(allow_null=True))
    def get_package(self, request: SubjectRequest) -> Any:
        package = getattr(request, "package", None)
        return PackageSerializer(package).data if package else None


class StepSerializer(serializers.ModelSerializer):
    name = serializers.SerializerMethodField(help_text="System and data set, or what a measure acts on.")

    class Meta:
        model = Step
        fields = [
            "position",
            "data_set",
            "name",
            "method",
            "identity",
            "replacements",
            "kept",
            "reason",
            "hold",
            "rows_before",
            "rows_after",
            "written",
            "state",
            "problem",
            "waits_for",
            "waits_until",
            "started_at",
            "finished_at",
        ]

    def get_name(self, step: Step) -> str:
        return str(step.data_set) if step.data_set else step.target


class PlanSerializer(serializers.ModelSerializer):
    reference = serializers.CharField(source="request.reference", read_only=True)
    rows = serializers.IntegerField(read_only=True)

    class Meta:
        model = Plan
        fields = [
            "id",
            "request",
            "reference",
            "number",
            "state",
            "fingerprint",
            "rows",
            "problems",
            "made_by",
            "made_at",
            "decided_by",
            "decided_at",
            "decision_reason",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class PlanDetailSerializer(PlanSerializer):
    steps = StepSerializer(many=True, read_only=True)

    class Meta(PlanSerializer.Meta):
        fields = [*PlanSerializer.Meta.fields, "steps"]
        read_only_fields = fields
