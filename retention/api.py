"""Legal holds over REST."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from catalog.models import DataSet
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest
from retention import holds
from retention.filters import HoldFilter
from retention.models import Exemption, Hold


class HoldSerializer(serializers.ModelSerializer):
    data_set_name = serializers.CharField(source="data_set", read_only=True)
    state = serializers.CharField(read_only=True)

    class Meta:
        model = Hold
        fields = [
            "id",
            "data_set",
            "data_set_name",
            "state",
            "keep_columns",
            "exemption",
            "reason",
            "until",
            "placed_at",
            "released_at",
        ]


class PlaceSerializer(serializers.Serializer):
    data_set = serializers.PrimaryKeyRelatedField(queryset=DataSet.objects.filter(gone_at=None))
    keep_columns = serializers.ListField(child=serializers.CharField(), default=list)
    exemption = serializers.ChoiceField(choices=Exemption.choices)
    reason = serializers.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")
    until = serializers.DateField(required=False, allow_null=True)


class ReleaseSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class HoldViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "holds.view"),
        **dict.fromkeys(("create", "release"), "holds.manage"),
    }
    queryset = Hold.objects.select_related("data_set__system")
    serializer_class = HoldSerializer
    filterset_class = HoldFilter

    @extend_schema(request=PlaceSerializer, responses={201: HoldSerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Place a hold on a data set; it has one in force at a time."""
        asked = PlaceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        placed = holds.place(
            asked.validated_data.pop("data_set"), **asked.validated_data, placed_by=request.user
        )
        return Response(HoldSerializer(placed).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReleaseSerializer, responses=HoldSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: StaffApiRequest, pk: str) -> Response:
        asked = ReleaseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        hold = self.get_object()
        if hold.released_at:
            raise Conflict("This hold has been released already.")
        holds.release(hold, reason=asked.validated_data["reason"], released_by=request.user)
        return Response(HoldSerializer(hold).data)
