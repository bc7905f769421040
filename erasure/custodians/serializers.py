"""What the API shows and takes."""

from rest_framework import serializers

from catalog.models import DataSet
from erasure.custodians.exempting import REASON_LENGTH
from erasure.custodians.models import Evidence, Recipient, RowExemption, Task, Webhook
from erasure.models import SubjectRequest
from governance.activities.models import ProcessingActivity
from retention.models import Exemption


class EvidenceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Evidence
        fields = ["public_id", "content_type", "size", "sha256", "added_at"]


class TaskSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    reference = serializers.CharField(source="request.reference", read_only=True)
    to_do = serializers.CharField(read_only=True)
    overdue = serializers.BooleanField(read_only=True)
    note = serializers.CharField(read_only=True)
    evidence = EvidenceSerializer(many=True, read_only=True)

    class Meta:
        model = Task
        fields = [
            "id",
            "reference",
            "system",
            "recipient",
            "to_do",
            "data_sets",
            "state",
            "asked_at",
            "told_at",
            "due_on",
            "until",
            "overdue",
            "answered_at",
            "answered_by_way",
            "exemption",
            "note",
            "problem",
            "evidence",
        ]
        read_only_fields = fields


class TaskIdentifierSerializer(serializers.Serializer):
    category = serializers.CharField()
    value = serializers.CharField()


class TaskPersonSerializer(serializers.Serializer):
    identifiers = TaskIdentifierSerializer(many=True)
    rows = serializers.ListField(child=serializers.DictField())


class TaskConfirmSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=[state.value for state in Task.GOOD])
    note = serializers.CharField(help_text="What was done. Nothing about the person.")


class TaskRefuseSerializer(serializers.Serializer):
    exemption = serializers.ChoiceField(choices=Exemption.choices)
    reason = serializers.CharField()


class TaskDelaySerializer(serializers.Serializer):
    until = serializers.DateField()
    reason = serializers.CharField()


class TaskImpossibleSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=REASON_LENGTH)


class TaskEvidenceSerializer(serializers.Serializer):
    file = serializers.FileField(help_text="PDF, PNG, JPEG, TXT, CSV or EML, up to 10 MB.")


class RecipientSerializer(serializers.ModelSerializer):
    activities = serializers.PrimaryKeyRelatedField(
        many=True, queryset=ProcessingActivity.objects.all(), default=list
    )
    data_sets = serializers.PrimaryKeyRelatedField(many=True, queryset=DataSet.objects.all(), default=list)
    state = serializers.CharField(read_only=True)

    class Meta:
        model = Recipient
        fields = [
            "id",
            "name",
            "kind",
            "contact_email",
            "region",
            "activities",
            "data_sets",
            "state",
            "added_at",
            "ended_at",
        ]
        read_only_fields = ["added_at", "ended_at"]
        extra_kwargs = {"name": {"validators": []}}  # the verb says it in words


class RowExemptionSerializer(serializers.ModelSerializer):
    request = serializers.PrimaryKeyRelatedField(queryset=SubjectRequest.objects.all())
    data_set = serializers.PrimaryKeyRelatedField(queryset=DataSet.objects.all())
    keep_columns = serializers.ListField(child=serializers.CharField(max_length=400), default=list)

    class Meta:
        model = RowExemption
        fields = [
            "id",
            "request",
            "data_set",
            "exemption",
            "keep_columns",
            "reason",
            "made_by",
            "made_at",
            "withdrawn_at",
        ]
        read_only_fields = ["made_by", "made_at", "withdrawn_at"]
        validators: list = []


class WithdrawSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=REASON_LENGTH)


class WebhookSerializer(serializers.ModelSerializer):
    secret = serializers.SerializerMethodField(help_text="Shown when it is set, and never again.")

    class Meta:
        model = Webhook
        fields = ["url", "set_at", "tested_at", "problem", "secret"]
        read_only_fields = ["set_at", "tested_at", "problem"]

    def get_secret(self, webhook: Webhook) -> str:
        return str(self.context.get("secret", ""))


class WebhookAddressSerializer(serializers.Serializer):
    url = serializers.CharField(max_length=500)


class WebhookTestedSerializer(serializers.Serializer):
    problem = serializers.CharField(help_text="Empty: the receiver took the message.")
