"""What previews, corrections, restrictions and objections look like over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.classification.vocabulary import CATEGORIES
from catalog.models import DataSet
from erasure.answers.models import Correction, Lifting, Link, Mark, Notice, Objection, Preview, Selection
from erasure.answers.stating import STATEMENT_LENGTH
from erasure.packages.fetching import NAME_LENGTH
from erasure.packages.previewing import REASON_LENGTH
from erasure.requests.intake import MAX_LENGTH
from governance.activities.models import ProcessingActivity

KEPT = "Kept in the ledger for ever: nothing about the person."
MOST_ASKED = 100_000


class ColumnChoiceSerializer(serializers.Serializer):
    choice = serializers.ChoiceField(choices=Selection.Choice.choices)
    why = serializers.CharField(help_text="Why it was proposed.")
    others = serializers.IntegerField(help_text="In how many of the rows looked at another person stands.")


class SampleRowSerializer(serializers.Serializer):
    digest = serializers.CharField(help_text="Names the row in `left_out`.")
    cells = serializers.DictField(child=serializers.CharField())


class SelectionSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="data_set.__str__", read_only=True)
    columns = serializers.DictField(child=ColumnChoiceSerializer(), read_only=True)
    sample = serializers.SerializerMethodField(help_text="The first rows, in clear.")

    class Meta:
        model = Selection
        fields = [
            "id",
            "data_set",
            "name",
            "rows",
            "looked_at",
            "included",
            "reason",
            "columns",
            "left_out",
            "sample",
        ]
        read_only_fields = fields

    @extend_schema_field(SampleRowSerializer(many=True))
    def get_sample(self, selection: Selection) -> Any:
        return selection.sample


class PackagePreviewSerializer(serializers.ModelSerializer):
    selections = SelectionSerializer(many=True, read_only=True)

    class Meta:
        model = Preview
        fields = ["made_at", "released_at", "released_by", "selections"]
        read_only_fields = fields


class SelectionDecisionSerializer(serializers.Serializer):
    included = serializers.BooleanField(default=True)
    columns = serializers.DictField(
        child=serializers.ChoiceField(choices=Selection.Choice.choices),
        default=dict,
        help_text="By name; those not named stay as they are.",
    )
    left_out = serializers.ListField(
        child=serializers.CharField(max_length=64), default=list, max_length=1_000
    )
    reason = serializers.CharField(max_length=REASON_LENGTH, default="", allow_blank=True, help_text=KEPT)


class PackageLinkSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)

    class Meta:
        model = Link
        fields = [
            "id",
            "controller",
            "state",
            "issued_at",
            "issued_by",
            "expires_at",
            "used_at",
            "completed_at",
        ]
        read_only_fields = fields


class TransmissionSerializer(serializers.Serializer):
    controller = serializers.CharField(max_length=NAME_LENGTH)
    email = serializers.EmailField(max_length=MAX_LENGTH)


class CorrectionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Correction
        fields = ["id", "category", "stated_at", "stated_by"]
        read_only_fields = fields


class NewCorrectionSerializer(serializers.Serializer):
    category = serializers.ChoiceField(choices=[(key, each.title) for key, each in CATEGORIES.items()])
    wrong = serializers.CharField(max_length=MAX_LENGTH, write_only=True)
    right = serializers.CharField(max_length=MAX_LENGTH, write_only=True)


class StatementSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=STATEMENT_LENGTH, write_only=True)


class LiftingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Lifting
        fields = ["on", "reason", "told_at", "told_by", "begun_at"]
        read_only_fields = fields


class NewLiftingSerializer(serializers.Serializer):
    on = serializers.DateField(help_text="The day named to the person: one to come.")
    reason = serializers.CharField(max_length=REASON_LENGTH, help_text=f"The person reads it. {KEPT}")


class ObjectionSerializer(serializers.ModelSerializer):
    purpose = serializers.CharField(read_only=True)

    class Meta:
        model = Objection
        fields = ["id", "activity", "marketing", "purpose", "state", "reason", "decided_by", "decided_at"]
        read_only_fields = fields


class NewObjectionSerializer(serializers.Serializer):
    activity = serializers.PrimaryKeyRelatedField(
        queryset=ProcessingActivity.objects.all(), allow_null=True, default=None
    )
    marketing = serializers.BooleanField(default=False)


class ObjectionDecisionSerializer(serializers.Serializer):
    state = serializers.ChoiceField(
        choices=[each for each in Objection.State.choices if each[0] != Objection.State.OPEN]
    )
    reason = serializers.CharField(max_length=REASON_LENGTH, default="", allow_blank=True, help_text=KEPT)


class RestrictionMarkSerializer(serializers.ModelSerializer):
    data_set = serializers.PrimaryKeyRelatedField(queryset=DataSet.objects.filter(gone_at=None))
    name = serializers.CharField(source="data_set.__str__", read_only=True)

    class Meta:
        model = Mark
        fields = ["id", "data_set", "name", "column", "value", "otherwise", "declared_by", "declared_at"]
        read_only_fields = ["declared_by", "declared_at"]
        extra_kwargs = {"otherwise": {"default": ""}}


class NoticeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Notice
        fields = ["authority", "automated_decisions", "sources"]


class EffectsQuestionSerializer(serializers.Serializer):
    category = serializers.ChoiceField(
        choices=[(key, each.title) for key, each in CATEGORIES.items() if each.unique]
    )
    values = serializers.ListField(
        child=serializers.CharField(max_length=MAX_LENGTH), max_length=MOST_ASKED, write_only=True
    )
    purpose = serializers.CharField(max_length=160, default="", allow_blank=True)


class EffectsAnswerSerializer(serializers.Serializer):
    effects = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="One for each value, in their order: erased, restricted, objected, opted out.",
    )


class OptOutAnswerSerializer(serializers.Serializer):
    opted_out = serializers.BooleanField()
    may_be_asked_again = serializers.DateField(
        allow_null=True, help_text="The first day on which the person may be asked to opt in."
    )


class OptOutQuestionSerializer(serializers.Serializer):
    category = serializers.ChoiceField(
        choices=[(key, each.title) for key, each in CATEGORIES.items() if each.unique]
    )
    value = serializers.CharField(max_length=MAX_LENGTH, write_only=True)
