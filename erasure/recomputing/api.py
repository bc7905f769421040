"""Recomputations over REST: `{id}` is the data set's."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, extend_schema_view
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from catalog.models import DataSet
from erasure.recomputing import declaring, jobs
from erasure.recomputing.filters import RecomputationFilter
from erasure.recomputing.models import AnonymousAggregate, Recomputation
from erasure.requests.states import NotNow
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest

DATA_SET = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH, description="Of the data set.")


class RecomputationSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)
    digest = serializers.CharField(read_only=True)

    class Meta:
        model = Recomputation
        fields = [
            "data_set",
            "state",
            "source",
            "columns",
            "query",
            "digest",
            "made_at",
            "approved_at",
            "ran_at",
            "rows",
            "problem",
        ]


class DeclareRecomputationSerializer(serializers.Serializer):
    data_set = serializers.PrimaryKeyRelatedField(queryset=DataSet.objects.select_related("system"))
    source = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]  # fields have a source of their own
        queryset=DataSet.objects.select_related("system"), required=False, allow_null=True
    )
    columns = serializers.DictField(
        child=serializers.CharField(max_length=200), required=False, help_text='{"readers": "count(*)"}'
    )
    query = serializers.CharField(required=False, allow_blank=True, max_length=20_000)


class ApproveRecomputationSerializer(serializers.Serializer):
    digest = serializers.CharField(max_length=64, help_text="Of the declaration that was read.")


class AnonymousAggregateSerializer(serializers.Serializer):
    smallest_group = serializers.IntegerField(min_value=declaring.SMALLEST)
    reason = serializers.CharField(max_length=300)


class RecomputationJobSerializer(serializers.Serializer):
    job = serializers.UUIDField()


@extend_schema_view(retrieve=extend_schema(parameters=[DATA_SET]))
class RecomputationViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "catalog.view"),
        **dict.fromkeys(("create", "destroy", "run"), "systems.manage"),
        **dict.fromkeys(("approve", "anonymous"), "catalog.review"),
    }
    queryset = Recomputation.objects.select_related("data_set__system", "source__system")
    serializer_class = RecomputationSerializer
    filterset_class = RecomputationFilter
    lookup_field = "data_set_id"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]+"

    @extend_schema(request=DeclareRecomputationSerializer, responses={201: RecomputationSerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Declare how a data set is recomputed; what was declared before goes."""
        asked = DeclareRecomputationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        declared = declaring.declare(**_named(asked.validated_data), by=request.user)
        return Response(RecomputationSerializer(declared).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[DATA_SET], responses={204: None})
    def destroy(self, request: StaffApiRequest, id: str) -> Response:
        declaring.remove(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[DATA_SET],
        request=ApproveRecomputationSerializer,
        responses={200: RecomputationSerializer},
    )
    @action(detail=True, methods=["post"])
    def approve(self, request: StaffApiRequest, id: str) -> Response:
        """By somebody other than who declared it. 409: it was declared anew since, or it is your own."""
        declared = self.get_object()
        asked = ApproveRecomputationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            declaring.approve(declared, digest=asked.validated_data["digest"], by=request.user)
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response(RecomputationSerializer(self.get_object()).data)

    @extend_schema(parameters=[DATA_SET], request=None, responses={202: RecomputationJobSerializer})
    @action(detail=True, methods=["post"])
    def run(self, request: StaffApiRequest, id: str) -> Response:
        """Recompute now. 409: nobody has approved it, or it is being done."""
        try:
            job = jobs.request(self.get_object())
        except NotNow as refusal:
            raise Conflict(str(refusal)) from refusal
        return Response({"job": job.pk}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[DATA_SET],
        request=AnonymousAggregateSerializer,
        responses={200: AnonymousAggregateSerializer, 204: None},
    )
    @action(detail=True, methods=["put", "delete"])
    def anonymous(self, request: StaffApiRequest, id: str) -> Response:
        """Confirm that nobody can be told from the data set (PUT), or withdraw it (DELETE)."""
        found = get_object_or_404(DataSet.objects.select_related("system"), pk=id)
        if request.method == "DELETE":
            declaring.withdraw_anonymous(get_object_or_404(AnonymousAggregate, data_set=found))
            return Response(status=status.HTTP_204_NO_CONTENT)
        asked = AnonymousAggregateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        declaring.confirm_anonymous(found, **asked.validated_data, by=request.user)
        return Response(asked.validated_data)


def _named(given: dict) -> dict:
    return {name: value for name, value in given.items() if value}
