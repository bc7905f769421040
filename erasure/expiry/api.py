"""Runs of expiry over REST."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from erasure.expiry import approving, jobs
from erasure.expiry.filters import RunFilter
from erasure.expiry.models import Run
from erasure.models import Step
from erasure.requests.states import NotNow
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest
from retention.policies.models import Due


class RunStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = Step
        fields = ["position", "method", "state", "rows_before", "rows_after", "condition", "facts", "problem"]


class ExpiryRunSerializer(serializers.ModelSerializer):
    title = serializers.CharField(source="plan.title", read_only=True)
    state = serializers.CharField(read_only=True)
    rows = serializers.IntegerField(read_only=True)
    fingerprint = serializers.CharField(source="plan.fingerprint", read_only=True)
    problems = serializers.ListField(source="plan.problems", read_only=True)
    made_at = serializers.DateTimeField(source="plan.made_at", read_only=True)
    decided_at = serializers.DateTimeField(source="plan.decided_at", read_only=True)
    finished_at = serializers.DateTimeField(source="plan.finished_at", read_only=True)
    steps = RunStepSerializer(source="plan.steps", many=True, read_only=True)

    class Meta:
        model = Run
        fields = [
            "id",
            "title",
            "state",
            "data_set",
            "policy",
            "before",
            "rows",
            "standing",
            "problem",
            "problems",
            "fingerprint",
            "made_at",
            "decided_at",
            "finished_at",
            "steps",
        ]


class PlanRunsSerializer(serializers.Serializer):
    data_sets = serializers.ListField(
        child=serializers.IntegerField(), allow_empty=False, max_length=1_000, help_text="That are due."
    )


class ApproveRunSerializer(serializers.Serializer):
    fingerprint = serializers.CharField(max_length=64, help_text="Of the plan as you have read it.")


class RejectRunSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=250)


class RunViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "retention.view"),
        **dict.fromkeys(("create", "approve", "reject", "resume"), "retention.run"),
    }
    queryset = Run.objects.select_related("plan", "policy", "data_set__system").prefetch_related(
        "plan__steps"
    )
    serializer_class = ExpiryRunSerializer
    filterset_class = RunFilter

    @extend_schema(request=PlanRunsSerializer, responses={202: None})
    def create(self, request: StaffApiRequest) -> Response:
        """Plan what is due in these data sets, as a job; the answer names it."""
        asked = PlanRunsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        due = Due.objects.filter(state=Due.State.DUE, data_set__in=asked.validated_data["data_sets"])
        data_sets = list(due.values_list("data_set_id", flat=True))
        if not data_sets:
            raise Conflict("None of these data sets is due: count again, or see why.")
        return Response({"job": str(jobs.request(data_sets).pk)}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=ApproveRunSerializer, responses=ExpiryRunSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: StaffApiRequest, pk: str) -> Response:
        """Approve the plan with this fingerprint, by somebody other than who made it; it is carried out at once."""
        asked = ApproveRunSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run = self.get_object()
        try:
            approving.approve(run, **asked.validated_data, by=request.user)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(ExpiryRunSerializer(run).data)

    @extend_schema(request=RejectRunSerializer, responses=ExpiryRunSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: StaffApiRequest, pk: str) -> Response:
        asked = RejectRunSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run = self.get_object()
        try:
            approving.reject(run, **asked.validated_data, by=request.user)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(ExpiryRunSerializer(run).data)

    @extend_schema(request=None, responses=ExpiryRunSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: StaffApiRequest, pk: str) -> Response:
        """Go on with a run that a store's silence interrupted."""
        run = self.get_object()
        try:
            jobs.resume(run)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(ExpiryRunSerializer(self.get_object()).data)
