"""Replays over REST: begun by the tool that restores, read until nobody is left."""

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from catalog.models import System
from erasure.models import Step
from erasure.registry.models import Backup, Replay, ReplayQuestion
from erasure.registry.replays import approving, jobs
from erasure.registry.replays.filters import ReplayFilter
from erasure.requests.states import NotNow
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest


class ReplayStepSerializer(serializers.ModelSerializer):
    data_set = serializers.CharField(read_only=True)

    class Meta:
        model = Step
        fields = ["position", "data_set", "method", "state", "rows_before", "rows_after", "reason", "problem"]


class ReplayQuestionSerializer(serializers.ModelSerializer):
    data_set = serializers.CharField(read_only=True)

    class Meta:
        model = ReplayQuestion
        fields = ["id", "data_set", "why", "category", "persons", "rows", "answer", "reason", "answered_at"]


class ReplaySerializer(serializers.ModelSerializer):
    """Counts and names of data sets; no identifier, and nothing of the address of the copy."""

    reference = serializers.CharField(read_only=True)
    system = serializers.CharField(source="system.name", read_only=True)
    backup = serializers.CharField(source="backup.name", read_only=True, default="")
    fingerprint = serializers.CharField(source="plan.fingerprint", read_only=True, default="")
    plan_state = serializers.CharField(source="plan.state", read_only=True, default="")
    problems = serializers.ListField(source="plan.problems", read_only=True, default=list)
    plan_steps = ReplayStepSerializer(source="plan.steps", many=True, read_only=True, default=list)
    questions = ReplayQuestionSerializer(many=True, read_only=True)

    class Meta:
        model = Replay
        fields = [
            "id",
            "reference",
            "system",
            "backup",
            "where",
            "state",
            "persons",
            "rows",
            "left",
            "steps",
            "newer",
            "unsearched",
            "problem",
            "questions",
            "fingerprint",
            "plan_state",
            "problems",
            "plan_steps",
            "started_at",
            "finished_at",
        ]


class BeginReplaySerializer(serializers.Serializer):
    system = serializers.SlugRelatedField(slug_field="name", queryset=System.objects.all())
    backup = serializers.CharField(max_length=120, default="", help_text="Its name, as it was noted.")
    at_system = serializers.SlugRelatedField(
        slug_field="name",
        queryset=System.objects.all(),
        default=None,
        allow_null=True,
        help_text="Where the copy is registered as a system of the same kind.",
    )
    settings = serializers.DictField(
        required=False, help_text="Of the copy, where they differ from the system's: it lies elsewhere then."
    )


class AnswerReplaySerializer(serializers.Serializer):
    question = serializers.IntegerField()
    answer = serializers.ChoiceField(choices=ReplayQuestion.Answer.choices)
    reason = serializers.CharField(max_length=250)


class ApproveReplaySerializer(serializers.Serializer):
    fingerprint = serializers.CharField(max_length=64, help_text="Of the plan as you have read it.")


class RejectReplaySerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=250)


class ReplayViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "retention.view"),
        **dict.fromkeys(("create", "resume"), "backups.manage"),
        **dict.fromkeys(("answer", "approve", "reject"), "retention.run"),
    }
    queryset = Replay.objects.select_related("system", "backup", "plan", "job").prefetch_related(
        "questions__data_set__system", "plan__steps__data_set__system"
    )
    serializer_class = ReplaySerializer
    filterset_class = ReplayFilter

    @extend_schema(request=BeginReplaySerializer, responses={201: ReplaySerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Look for everybody in the registry in a restored copy, as a job: read the replay until it has a plan."""
        asked = BeginReplaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if given.get("settings") is not None and not request.user.may("systems.manage"):
            raise PermissionDenied("Your role may not connect to other addresses: systems.manage.")
        backup = None
        if given["backup"]:
            backup = Backup.objects.filter(system=given["system"], name=given["backup"]).first()
            if backup is None:
                raise ValidationError(
                    {"backup": f"No backup {given['backup']} of {given['system']} is noted."}
                )
        at_system = given["at_system"]
        if at_system and at_system.kind != given["system"].kind:
            raise ValidationError({"at_system": f"{at_system} is of another kind than {given['system']}."})
        settings = at_system.all_settings() if at_system else given.get("settings")
        begun = jobs.start(given["system"], backup=backup, settings=settings, by=request.user)
        return Response(ReplaySerializer(begun).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AnswerReplaySerializer, responses=ReplaySerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: StaffApiRequest, pk: str) -> Response:
        """Say of rows that may be a new customer's whether they are to be erased."""
        asked = AnswerReplaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given, found = asked.validated_data, self.get_object()
        question = found.questions.select_related("data_set__system").filter(pk=given["question"]).first()
        if question is None:
            raise ValidationError({"question": f"{found} has no such question."})
        try:
            approving.answer(question, said=given["answer"], reason=given["reason"], by=request.user)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return self._now()

    @extend_schema(request=ApproveReplaySerializer, responses=ReplaySerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: StaffApiRequest, pk: str) -> Response:
        """Approve the plan with this fingerprint, by somebody other than who made it; it is carried out at once."""
        asked = ApproveReplaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            approving.approve(self.get_object(), **asked.validated_data, by=request.user)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return self._now()

    @extend_schema(request=RejectReplaySerializer, responses=ReplaySerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: StaffApiRequest, pk: str) -> Response:
        """Put the plan aside: the copy still holds whom it holds."""
        asked = RejectReplaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            approving.reject(self.get_object(), **asked.validated_data, by=request.user)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return self._now()

    @extend_schema(request=None, responses=ReplaySerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: StaffApiRequest, pk: str) -> Response:
        """Go on with what a silent copy interrupted, or look again where nothing is approved yet."""
        found = self.get_object()
        try:
            jobs.resume(found) if found.state == Replay.State.EXECUTING else jobs.look_again(found)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return self._now()

    def _now(self) -> Response:
        return Response(ReplaySerializer(self.get_object()).data)
