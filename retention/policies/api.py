"""Retention policies, what governs a data set, and the due list, over REST."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from catalog.models import DataSet
from governance.console.api_http import StaffApiRequest
from retention.policies import jobs, keeping
from retention.policies.filters import DueFilter, PolicyFilter
from retention.policies.models import Due, Policy, Tier
from retention.policies.resolving import Resolution, resolve


class PolicySerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)
    covers = serializers.CharField(read_only=True)

    class Meta:
        model = Policy
        fields = [
            "id",
            "name",
            "state",
            "scope",
            "data_set",
            "value",
            "covers",
            "bound",
            "number",
            "unit",
            "action",
            "reason",
            "made_at",
            "retired_at",
            "standing_at",
        ]
        read_only_fields = ["made_at", "retired_at", "standing_at"]


class PolicyReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class DueSerializer(serializers.ModelSerializer):
    data_set_name = serializers.CharField(source="data_set", read_only=True)

    class Meta:
        model = Due
        fields = ["data_set", "data_set_name", "policy", "state", "before", "rows", "why", "counted_at"]


class TermsSerializer(serializers.Serializer):
    tier = serializers.ChoiceField(choices=Tier.choices, allow_blank=True, default="")
    tags = serializers.ListField(child=serializers.CharField(max_length=60), default=list)
    age_column = serializers.CharField(max_length=400, allow_blank=True, default="")
    aggregate = serializers.DictField(default=dict)


class CandidateSerializer(serializers.Serializer):
    policy = serializers.IntegerField(source="policy.pk")
    name = serializers.CharField(source="policy.name")
    because = serializers.CharField()
    verdict = serializers.CharField()


class GovernanceSerializer(serializers.Serializer):
    """What governs one data set."""

    data_set = serializers.IntegerField(source="data_set.pk")
    policy = serializers.IntegerField(source="policy.pk", default=None)
    hold = serializers.IntegerField(source="hold.pk", default=None)
    conflict = serializers.CharField()
    tier = serializers.CharField(source="terms.tier")
    tags = serializers.ListField(child=serializers.CharField())
    age_column = serializers.CharField(source="terms.age_column")
    candidates = CandidateSerializer(many=True)


class PolicyViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "retention.view"),
        **dict.fromkeys(("create", "retire"), "retention.manage"),
        "standing": "retention.run",
    }
    queryset = Policy.objects.select_related("data_set__system")
    serializer_class = PolicySerializer
    filterset_class = PolicyFilter

    def create(self, request: StaffApiRequest) -> Response:
        """Add a policy; it is in force at once."""
        asked = PolicySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        added = keeping.add(by=request.user, **asked.validated_data)
        return Response(PolicySerializer(added).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PolicyReasonSerializer, responses=PolicySerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: StaffApiRequest, pk: str) -> Response:
        asked = PolicyReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        policy = self.get_object()
        keeping.retire(policy, by=request.user, reason=asked.validated_data["reason"])
        return Response(PolicySerializer(policy).data)

    @extend_schema(request=None, responses=PolicySerializer)
    @action(detail=True, methods=["post", "delete"])
    def standing(self, request: StaffApiRequest, pk: str) -> Response:
        """Approve all runs of the policy (POST), or ask each time again (DELETE)."""
        policy = self.get_object()
        if request.method == "DELETE":
            keeping.ask_each_time(policy)
        else:
            keeping.approve_for_good(policy, by=request.user)
        return Response(PolicySerializer(policy).data)


class DueViewSet(viewsets.ReadOnlyModelViewSet):
    """What the last count found, by data set."""

    permissions = {
        **dict.fromkeys(("list", "retrieve", "governance"), "retention.view"),
        **dict.fromkeys(("count", "terms"), "retention.manage"),
    }
    queryset = Due.objects.select_related("data_set__system", "policy")
    serializer_class = DueSerializer
    filterset_class = DueFilter
    lookup_field = "data_set"
    lookup_value_regex = r"\d+"

    @extend_schema(request=None, responses={202: None})
    @action(detail=False, methods=["post"])
    def count(self, request: StaffApiRequest) -> Response:
        """Count again, as a job; the answer names it."""
        return Response({"job": str(jobs.request().pk)}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=GovernanceSerializer)
    @action(detail=True, methods=["get"])
    def governance(self, request: StaffApiRequest, data_set: str) -> Response:
        """Which policy decides on a data set, and what became of the others."""
        return Response(GovernanceSerializer(self._resolution(data_set)).data)

    @extend_schema(request=TermsSerializer, responses=GovernanceSerializer)
    @action(detail=True, methods=["put"])
    def terms(self, request: StaffApiRequest, data_set: str) -> Response:
        """Say what tells the age of its rows, its tier and its tags."""
        asked = TermsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        keeping.set_terms(self._data_set(data_set), by=request.user, **asked.validated_data)
        return Response(GovernanceSerializer(self._resolution(data_set)).data)

    def _data_set(self, pk: Any) -> DataSet:
        return get_object_or_404(DataSet.objects.select_related("system"), pk=int(pk), gone_at=None)

    def _resolution(self, pk: Any) -> Resolution:
        return resolve(self._data_set(pk))
