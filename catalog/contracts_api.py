"""Contracts over REST: the same verbs, filter and permissions as their pages."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.contracts import activating
from catalog.contracts.checking import CODES
from catalog.contracts.document import from_plain
from catalog.contracts.filters import ContractFilter, listed
from catalog.contracts.loading import load
from catalog.contracts.odcs import to_odcs
from catalog.contracts.problems import ContractError
from catalog.contracts.reading import MOST_BYTES
from catalog.contracts.standing import standing
from catalog.models import Contract


class ContractSerializer(serializers.ModelSerializer):
    system = serializers.CharField(source="data_set.system.name", read_only=True)
    data_set_name = serializers.CharField(source="data_set.name", read_only=True)

    class Meta:
        model = Contract
        fields = [
            "id",
            "system",
            "data_set",
            "data_set_name",
            "version",
            "state",
            "format",
            "made_by",
            "made_at",
        ]


class ContractDetailSerializer(ContractSerializer):
    document = serializers.DictField(read_only=True, help_text="In our own form.")

    class Meta(ContractSerializer.Meta):
        fields = [*ContractSerializer.Meta.fields, "document"]


class ImportSerializer(serializers.Serializer):
    """A contract as text: our YAML or JSON, ODCS 3, an Avro schema, a .proto file or dbt properties."""

    content = serializers.CharField(max_length=MOST_BYTES, trim_whitespace=False)
    name = serializers.CharField(
        max_length=200, default="contract.yaml", help_text="Its suffix tells a .proto file."
    )
    system = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class BreachSerializer(serializers.Serializer):
    code = serializers.ChoiceField(choices=list(CODES.items()))
    field = serializers.CharField(help_text="The column; empty for the data set as a whole.")
    message = serializers.CharField()
    remedy = serializers.CharField()


class EffectSerializer(serializers.Serializer):
    state = serializers.CharField()
    labels_added = serializers.IntegerField()
    labels_withdrawn = serializers.IntegerField()
    questioned = serializers.ListField(
        child=serializers.CharField(),
        help_text="Columns whose review the contract contradicts; the review stands.",
    )


class ContractViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve", "check", "odcs"), "catalog.view"),
        **dict.fromkeys(("create", "activate", "retire"), "contracts.manage"),
    }
    queryset = Contract.objects.all()
    filterset_class = ContractFilter

    def get_queryset(self) -> QuerySet[Contract]:
        return listed() if self.action == "list" else Contract.objects.select_related("data_set__system")

    def get_serializer_class(self) -> Any:
        return ContractSerializer if self.action == "list" else ContractDetailSerializer

    @extend_schema(request=ImportSerializer, responses={201: ContractSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Store the contracts of a text as drafts, all or none; 400 says what is wrong and where."""
        asked = ImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            with transaction.atomic():
                loaded = load(given["content"].encode(), name=given["name"], system=given["system"])
                made = [
                    activating.propose(each.document, format=each.format, by=request.user)  # type: ignore[arg-type]
                    for each in loaded
                ]
        except ContractError as error:
            raise _refused(error) from error
        return Response(ContractSerializer(made, many=True).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=EffectSerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Put the version in force in place of the one that is; 400 names columns that are not there."""
        contract = self.get_object()
        try:
            return _effect(contract, activating.activate(contract))
        except ContractError as error:
            raise _refused(error) from error

    @extend_schema(request=None, responses=EffectSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Take the version out of force without another."""
        contract = self.get_object()
        return _effect(contract, activating.retire(contract))

    @extend_schema(responses=BreachSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def check(self, request: Request, pk: str) -> Response:
        """Where the catalog, as it is now, breaks the contract."""
        return Response(BreachSerializer(standing(self.get_object()), many=True).data)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def odcs(self, request: Request, pk: str) -> Response:
        """The contract in the form of the Open Data Contract Standard."""
        contract = self.get_object()
        return Response(to_odcs([from_plain(contract.document)], status=contract.state))


def _refused(error: ContractError) -> serializers.ValidationError:
    return serializers.ValidationError({"content": [str(problem) for problem in error.problems]})


def _effect(contract: Contract, effect: activating.Effect) -> Response:
    said = {
        "state": contract.state,
        "labels_added": len(effect.added),
        "labels_withdrawn": len(effect.withdrawn),
        "questioned": effect.questioned,
    }
    return Response(EffectSerializer(said).data)
