"""Training sets over REST: registered by engineers, asked by training jobs before they train."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from erasure.requests.states import NotNow
from erasure.training import consulting, registering
from erasure.training.filters import TrainedModelFilter, TrainingSetFilter
from erasure.training.models import TrainedModel, TrainingSet, Version
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest


class VersionSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)
    excluded = serializers.IntegerField(read_only=True)

    class Meta:
        model = Version
        fields = [
            "number",
            "state",
            "sha256",
            "rows",
            "persons",
            "left_out",
            "without_consent",
            "method",
            "anonymized_by",
            "consent_at",
            "consent_persons",
            "consent_digest",
            "excluded",
            "made_at",
        ]


class TrainingSetSerializer(serializers.ModelSerializer):
    versions = VersionSerializer(many=True, read_only=True)

    class Meta:
        model = TrainingSet
        fields = ["id", "name", "category", "purpose", "made_at", "versions"]
        read_only_fields = ["made_at"]
        extra_kwargs: dict[str, dict] = {"name": {"validators": []}}  # the verb says it in words


class TrainSerializer(serializers.Serializer):
    version = serializers.IntegerField(min_value=1, help_text="Its number.")
    model = serializers.CharField(max_length=120)
    sha256 = serializers.CharField(max_length=64, help_text="Of the file that is about to be trained on.")


class TrainedModelSerializer(serializers.ModelSerializer):
    training_set = serializers.CharField(source="version.training_set.name", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    state = serializers.CharField(read_only=True)

    class Meta:
        model = TrainedModel
        fields = [
            "id",
            "name",
            "state",
            "training_set",
            "version",
            "trained_at",
            "retrain_since",
            "retrain_because",
        ]


class TrainingSetViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "training.view"),
        **dict.fromkeys(("create", "train"), "training.manage"),
    }
    queryset = TrainingSet.objects.prefetch_related("versions__exclusions")
    serializer_class = TrainingSetSerializer
    filterset_class = TrainingSetFilter

    def create(self, request: StaffApiRequest) -> Response:
        asked = TrainingSetSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        added = registering.add_set(**asked.validated_data, by=request.user)
        return Response(TrainingSetSerializer(added).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TrainSerializer, responses={201: TrainedModelSerializer})
    @action(detail=True, methods=["post"])
    def train(self, request: StaffApiRequest, pk: str) -> Response:
        """Ask before training. 201: go ahead, and the model is noted; 409: somebody was excluded since."""
        asked = TrainSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        version = get_object_or_404(Version, training_set=self.get_object(), number=given["version"])
        try:
            trained = consulting.train(version, model=given["model"], sha256=given["sha256"], by=request.user)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(TrainedModelSerializer(trained).data, status=status.HTTP_201_CREATED)


class TrainedModelViewSet(viewsets.ReadOnlyModelViewSet):
    """Models and what they were trained on; `?state=retrain` is the queue."""

    permissions = dict.fromkeys(("list", "retrieve"), "training.view")
    queryset = TrainedModel.objects.select_related("version__training_set")
    serializer_class = TrainedModelSerializer
    filterset_class = TrainedModelFilter
