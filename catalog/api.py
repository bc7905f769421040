"""The catalog over REST: the same verbs, filters and permissions as its pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import api_serializers as shapes
from catalog import linking, registering, reviewing, scanning
from catalog.assigning import assign
from catalog.connector_schema import json_schema
from catalog.connectors import registry
from catalog.connectors.base import ConnectorError
from catalog.filters import (
    ChangeFilter,
    ColumnFilter,
    DataSetFilter,
    LinkFilter,
    SystemFilter,
    in_catalog_order,
)
from catalog.models import Change, Column, DataSet, Link, System
from catalog.system_pages import counted
from governance.console.api import JobSerializer
from governance.console.api_errors import Conflict

LIST_AND_ONE = ("list", "retrieve")


class NoAnswer(exceptions.APIException):
    """The store did not do what was asked; nothing was stored."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "store_does_not_answer"


class ConnectorViewSet(viewsets.ViewSet):
    """The kinds of store that a system can be, with the settings each needs."""

    permissions = {"list": "systems.view"}

    @extend_schema(responses=shapes.ConnectorSerializer(many=True), operation_id="connectors_list")
    def list(self, request: Request) -> Response:
        kinds = registry.classes.items()
        return Response(
            [{"kind": kind, "label": cls.label, "settings": json_schema(cls)} for kind, cls in kinds]
        )


class SystemViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(LIST_AND_ONE, "systems.view"),
        **dict.fromkeys(("create", "partial_update", "destroy", "test"), "systems.manage"),
        **dict.fromkeys(("crawl", "scan"), "catalog.scan"),
    }
    queryset = System.objects.all()
    serializer_class = shapes.SystemSerializer
    filterset_class = SystemFilter

    @extend_schema(request=shapes.SystemAddSerializer, responses={201: shapes.SystemSerializer})
    def create(self, request: Request) -> Response:
        """Register a system; 422 if its store does not answer, and nothing is stored."""
        asked = shapes.SystemAddSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            added = registering.add(**asked.validated_data)
        except ConnectorError as problem:
            raise NoAnswer(str(problem)) from problem
        return Response(shapes.SystemSerializer(added).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.SystemChangeSerializer, responses=shapes.SystemSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given; 422 if the store does not answer under new settings, and nothing is stored."""
        system: System = self.get_object()
        asked = shapes.SystemChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = asked.validated_data
        values = {
            name: given.get(name, getattr(system, name))
            for name in ("name", "region", "custodian", "nightly")
        }
        settings = {**system.settings, **given.get("settings", {})}
        try:
            changed = registering.change(system, settings=settings, **values)
        except ConnectorError as problem:
            raise NoAnswer(str(problem)) from problem
        return Response(shapes.SystemSerializer(changed).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Take the system out of the catalog; 409 while requests or holds refer to its data sets."""
        try:
            registering.remove(self.get_object())
        except registering.InUse as reason:
            raise Conflict(str(reason)) from reason
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=shapes.ReachedSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Reach the store; 422 with the reason if it does not answer."""
        try:
            return Response({"answer": registering.test(self.get_object())})
        except ConnectorError as problem:
            raise NoAnswer(str(problem)) from problem

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def crawl(self, request: Request, pk: str) -> Response:
        """Read the structure, as a job."""
        return self._started("catalog.crawl")

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def scan(self, request: Request, pk: str) -> Response:
        """Read the structure and samples of values, as a job."""
        return self._started("catalog.scan")

    def _started(self, kind: str) -> Response:
        job = scanning.request(self.get_object(), kind=kind)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class DataSetViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {**dict.fromkeys(LIST_AND_ONE, "catalog.view"), "activities": "activities.manage"}
    queryset = DataSet.objects.all()
    serializer_class = shapes.DataSetSerializer
    filterset_class = DataSetFilter

    def get_queryset(self) -> QuerySet[DataSet]:
        return counted(DataSet.objects.all()).prefetch_related("activities")

    @extend_schema(request=shapes.ActivitiesSerializer, responses=shapes.DataSetSerializer)
    @action(detail=True, methods=["put"])
    def activities(self, request: Request, pk: str) -> Response:
        """Say which processing activities use the data set."""
        asked = shapes.ActivitiesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        assign(self.get_object(), activities=asked.validated_data["activities"])
        return Response(self.get_serializer(self.get_object()).data)


class ColumnViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {**dict.fromkeys(LIST_AND_ONE, "catalog.view"), "review": "catalog.review"}
    queryset = in_catalog_order(Column.objects.select_related("data_set"))
    filterset_class = ColumnFilter

    def get_serializer_class(self) -> type:
        return shapes.ColumnDetailSerializer if self.action == "retrieve" else shapes.ColumnSerializer

    @extend_schema(request=shapes.ReviewSerializer, responses=shapes.ReviewedSerializer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def review(self, request: Request) -> Response:
        """Decide on many columns at once: all of it is done, or nothing."""
        asked = shapes.ReviewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        changed = reviewing.decide(
            Column.objects.filter(pk__in=given["columns"]),
            given["decision"],
            category=given["category"],
            sensitivity=given["sensitivity"],
            by=request.user,  # type: ignore[arg-type]
        )
        return Response({"changed": [column.pk for column in changed]})


class LinkViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(LIST_AND_ONE, "catalog.view"),
        **dict.fromkeys(("create", "partial_update", "destroy"), "links.manage"),
    }
    queryset = Link.objects.select_related("source", "target")
    serializer_class = shapes.LinkSerializer
    filterset_class = LinkFilter

    @extend_schema(request=shapes.LinkSerializer, responses={201: shapes.LinkSerializer})
    def create(self, request: Request) -> Response:
        """Declare a link between two data sets, also of different systems."""
        asked = shapes.LinkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        link = linking.declare(**asked.validated_data, by=request.user)  # type: ignore[arg-type]
        return Response(shapes.LinkSerializer(link).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.LinkDecisionSerializer, responses=shapes.LinkSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say whether a search for a person follows the link."""
        asked = shapes.LinkDecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        link = linking.decide(self.get_object(), follow=asked.validated_data["follow"], by=request.user)  # type: ignore[arg-type]
        return Response(shapes.LinkSerializer(link).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Take a declared link away; 400 for a foreign key."""
        linking.remove(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ChangeViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Drift: what later scans found different."""

    permissions = {"list": "catalog.view"}
    queryset = Change.objects.all()
    serializer_class = shapes.ChangeSerializer
    filterset_class = ChangeFilter
