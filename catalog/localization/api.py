"""Transfers, rules and safeguards over REST."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.localization import ruling
from catalog.localization.transfers import Transfer, transfers
from catalog.models import LocalizationRule, Safeguard

READ = dict.fromkeys(("list", "retrieve"), "catalog.view")


class TransferSerializer(serializers.Serializer):
    """Data of one category that get from one data set into another, out of where they may lie."""

    state = serializers.CharField()
    source_data_set = serializers.IntegerField(source="source.pk")
    source_name = serializers.CharField(source="source")
    source_region = serializers.CharField(source="source.system.region")
    target_data_set = serializers.IntegerField(source="target.pk")
    target_name = serializers.CharField(source="target")
    target_region = serializers.CharField(source="target.system.region")
    category = serializers.CharField()
    allowed = serializers.ListField(child=serializers.CharField())
    safeguard = serializers.IntegerField(source="safeguard.pk", default=None)
    edges = serializers.SerializerMethodField()

    def get_edges(self, transfer: Transfer) -> list[int]:
        return [edge.pk for edge in transfer.edges]


class RuleSerializer(serializers.ModelSerializer):
    regions = serializers.ListField(child=serializers.CharField(max_length=40))

    class Meta:
        model = LocalizationRule
        fields = ["id", "category", "regions", "note", "made_at"]
        extra_kwargs: dict[str, dict] = {
            "category": {"validators": []}
        }  # a new rule replaces the one of its category


class SafeguardSerializer(serializers.ModelSerializer):
    class Meta:
        model = Safeguard
        fields = [
            "id",
            "kind",
            "region",
            "system",
            "categories",
            "reference",
            "valid_from",
            "valid_until",
            "withdrawn_at",
        ]
        read_only_fields = ["withdrawn_at"]


class TransferViewSet(viewsets.ViewSet):
    permissions = {"list": "catalog.view"}

    @extend_schema(responses=TransferSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All transfers of today, those without a safeguard first."""
        return Response(TransferSerializer(transfers(timezone.localdate()), many=True).data)


class RuleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    permissions = {**READ, **dict.fromkeys(("create", "destroy"), "transfers.manage")}
    queryset = LocalizationRule.objects.all()
    serializer_class = RuleSerializer

    def create(self, request: Request) -> Response:
        """Say where data of a category may lie; it replaces an earlier rule."""
        asked = RuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = {"category": "", "note": "", **asked.validated_data}
        rule = ruling.allow_regions(**given, by=request.user)  # type: ignore[arg-type]
        return Response(RuleSerializer(rule).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove the rule."""
        ruling.remove_rule(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SafeguardViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    permissions = {**READ, **dict.fromkeys(("create", "destroy"), "transfers.manage")}
    queryset = Safeguard.objects.all()
    serializer_class = SafeguardSerializer

    def create(self, request: Request) -> Response:
        """Record what makes transfers into a region or a system lawful."""
        asked = SafeguardSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = ruling.put_safeguard(**asked.validated_data, by=request.user)  # type: ignore[arg-type]
        return Response(SafeguardSerializer(made).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw it: from now on it allows nothing, and it stays on record."""
        ruling.withdraw_safeguard(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
