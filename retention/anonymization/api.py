"""Anonymization over REST: the same verbs, checks and job as the page and the command."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.connectors.base import ConnectorError
from catalog.models import DataSet
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest
from retention.anonymization import requesting
from retention.anonymization.advising import suggest
from retention.anonymization.destinations.base import DestinationError
from retention.anonymization.destinations.parsing import in_outlet
from retention.anonymization.filters import RunFilter
from retention.anonymization.forms import anonymizable
from retention.anonymization.models import Outlet, Run
from retention.anonymization.rule_files import rules_from
from retention.anonymization.runners import registry as runners
from retention.anonymization.techniques.base import TechniqueError
from retention.anonymization.uses import USES

REFUSALS = (TechniqueError, ConnectorError, DestinationError)
BY_API = "Given with the request."


class RunSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)
    job = serializers.UUIDField(source="job_id", read_only=True, help_text="Its progress is at /jobs/{id}/.")
    rules = serializers.JSONField(source="rules.rules", read_only=True)
    person = serializers.CharField(source="rules.person", read_only=True)
    validation = serializers.JSONField(read_only=True)

    class Meta:
        model = Run
        fields = [
            "id",
            "job",
            "state",
            "outcome",
            "source",
            "destination",
            "use",
            "contract",
            "runner",
            "person",
            "rules",
            "fingerprint",
            "record_count",
            "validation",
            "location",
            "digest",
            "problem",
            "operator",
            "asked_at",
            "finished_at",
        ]


class NewJobSerializer(serializers.Serializer):
    data_set = serializers.PrimaryKeyRelatedField(queryset=DataSet.objects.filter(gone_at=None))
    outlet = serializers.PrimaryKeyRelatedField(
        queryset=Outlet.objects.select_related("system"), help_text="Where jobs may deliver to."
    )
    name = serializers.CharField(max_length=300, help_text="The file, folder (it ends in /) or table in it.")
    use = serializers.CharField(max_length=100, default="analytics")
    runner = serializers.ChoiceField(choices=runners.choices(), default="local")
    person = serializers.CharField(max_length=400, default="", allow_blank=True)
    rules = serializers.DictField(
        default=dict,
        help_text="For columns that the contract and the catalog do not decide: {column: technique}.",
    )
    overwrite = serializers.BooleanField(default=False)


class RunViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "anonymization.view"),
        **dict.fromkeys(("create", "resume"), "anonymization.run"),
    }
    queryset = Run.objects.select_related("job")
    serializer_class = RunSerializer
    filterset_class = RunFilter

    @extend_schema(request=NewJobSerializer, responses={201: RunSerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Start a job; 400 says what keeps it from being done so, and nothing is begun then."""
        asked = NewJobSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        spec = {"system": given["data_set"].system_id, "data_set": given["data_set"].name}
        how = {"runner": given["runner"], "overwrite": given["overwrite"]}
        try:
            rules = rules_from(given["rules"], reason=BY_API)
            destination = in_outlet(given["outlet"], given["name"])
            made = requesting.draft(spec, use=given["use"], given=rules, person=given["person"], look=False)
            requesting.check(made, destination, **how)
            run = requesting.start(made, destination, by=request.user, **how)
        except REFUSALS as refused:
            raise serializers.ValidationError(str(refused)) from refused
        return Response(RunSerializer(run).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: StaffApiRequest, pk: str) -> Response:
        """Go on with a job that failed."""
        try:
            run = requesting.resume(self.get_object())
        except ValueError as refused:
            raise Conflict(str(refused)) from refused
        return Response(RunSerializer(run).data)


class SuggestionSerializer(serializers.Serializer):
    technique = serializers.CharField()
    parameters = serializers.DictField()
    why = serializers.CharField()
    warning = serializers.CharField()


class AdviceSerializer(serializers.Serializer):
    column = serializers.CharField()
    category = serializers.CharField()
    technique = serializers.CharField(help_text="What a job would use; empty where nobody decided.")
    reason = serializers.CharField()
    suggestions = SuggestionSerializer(many=True)


class AdviceView(APIView):
    """Which technique fits each column of a data set for a use, best first."""

    permissions = {"GET": "anonymization.view"}

    @extend_schema(
        parameters=[
            OpenApiParameter("data_set", OpenApiTypes.INT, required=True),
            OpenApiParameter("use", OpenApiTypes.STR, enum=list(USES), default="analytics"),
        ],
        responses=AdviceSerializer(many=True),
    )
    def get(self, request: StaffApiRequest) -> Response:
        asked = _Asked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data_set, use = asked.validated_data["data_set"], asked.validated_data["use"]
        try:
            made = requesting.draft(
                {"system": data_set.system_id, "data_set": data_set.name}, use=use, look=False
            )
        except REFUSALS as refused:
            raise serializers.ValidationError(str(refused)) from refused
        return Response(AdviceSerializer(_advice(made, use), many=True).data)


class _Asked(serializers.Serializer):
    data_set = serializers.PrimaryKeyRelatedField(queryset=DataSet.objects.none())
    use = serializers.ChoiceField(choices=list(USES), default="analytics")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["data_set"].queryset = anonymizable()  # type: ignore[attr-defined]


def _advice(made: requesting.Draft, use: str) -> list[dict[str, Any]]:
    whys = {each.column: each.why for each in made.resolution.undecided}
    found = []
    for column in made.columns:
        rule = made.resolution.rules.of(column.name)
        found.append(
            {
                "column": column.name,
                "category": column.category,
                "technique": rule.technique if rule else "",
                "reason": rule.reason if rule else whys[column.name],
                "suggestions": suggest(column, use=use, person=made.resolution.rules.person),
            }
        )
    return found
