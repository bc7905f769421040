"""Budgets and shares for training over REST; a training job draws here before each epoch."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from governance.console.api_http import StaffApiRequest
from retention.statistics import allotments, budgets
from retention.statistics import serializers as shapes
from retention.statistics.api import REFUSED, Refusing
from retention.statistics.filters import AllotmentFilter, BudgetFilter
from retention.statistics.models import Allotment, Budget


class BudgetViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve", "charges"), "anonymization.view"),
        "create": "budgets.manage",
    }
    queryset = Budget.objects.all()
    serializer_class = shapes.BudgetSerializer
    filterset_class = BudgetFilter

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        return context | {"standings": budgets.standings()} if self.action == "list" else context

    @extend_schema(request=shapes.SetBudgetSerializer, responses=shapes.BudgetSerializer)
    def create(self, request: StaffApiRequest) -> Response:
        """Set the budget of a data set: its first one, or other terms for it. What was charged stays charged."""
        given = self.given(shapes.SetBudgetSerializer)
        budget = budgets.set_budget(
            given.pop("data_set"), accounting_by=given.pop("accounting"), by=request.user, **given
        )
        return Response(shapes.BudgetSerializer(budget).data)

    @extend_schema(responses=shapes.ChargeSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None)
    def charges(self, request: StaffApiRequest, pk: str) -> Response:
        """Its ledger, the latest first, in pages."""
        rows = self.paginate_queryset(self.get_object().charges.all())
        return self.get_paginated_response(shapes.ChargeSerializer(rows, many=True).data)


class AllotmentViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "anonymization.view"),
        **dict.fromkeys(("create", "close"), "budgets.manage"),
        "draw": "statistics.query",
    }
    queryset = Allotment.objects.prefetch_related("draws")
    serializer_class = shapes.AllotmentSerializer
    filterset_class = AllotmentFilter

    @extend_schema(request=shapes.AllotSerializer, responses={201: shapes.AllotmentSerializer, 409: REFUSED})
    def create(self, request: StaffApiRequest) -> Response:
        """Share out part of a budget to a training run; it is charged at once."""
        given = self.given(shapes.AllotSerializer)
        made = allotments.allot(given.pop("budget"), by=request.user, **given)
        return Response(shapes.AllotmentSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=shapes.DrawRequestSerializer,
        responses={
            201: shapes.DrawSerializer,
            409: OpenApiResponse(description="The share does not suffice, or is closed: do not train."),
        },
    )
    @action(detail=True, methods=["post"])
    def draw(self, request: StaffApiRequest, pk: str) -> Response:
        """Before each epoch or job: may these steps be made?"""
        allotment = self.get_object()
        made = allotments.draw(allotment, **self.given(shapes.DrawRequestSerializer))
        return Response(shapes.DrawSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=shapes.AllotmentSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: StaffApiRequest, pk: str) -> Response:
        """No more draws; its charge is given back only if it never drew."""
        allotment = self.get_object()
        allotments.close(allotment)
        allotment.refresh_from_db()
        return Response(shapes.AllotmentSerializer(allotment).data)
