"""Lineage over REST: edges, the graph around a data set, and “where is my data?”."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins, serializers, status, viewsets
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.lineage import where
from catalog.lineage.declaring import SUBTYPES, declare, remove
from catalog.lineage.graph import Box, Graph, Line, neighbourhood
from catalog.lineage.links import numbers
from catalog.models import Column, DataSet, Edge
from governance.console.api_permissions import may


class EdgeSerializer(serializers.ModelSerializer):
    job = serializers.CharField(source="job.name", default="", read_only=True)
    evidence = serializers.SerializerMethodField(
        help_text="The expression in its SQL, or its producer's words. They may quote values: only for who may scan."
    )

    class Meta:
        model = Edge
        fields = [
            "id",
            "source",
            "source_column",
            "target",
            "target_column",
            "origin",
            "kind",
            "subtype",
            "masking",
            "job",
            "evidence",
            "confidence",
            "first_seen_at",
            "last_seen_at",
        ]

    def get_evidence(self, edge: Edge) -> str:
        return edge.evidence if may(self.context["request"], "catalog.scan") else ""


class DeclaredEdgeSerializer(serializers.Serializer):
    """Where the content of a column goes."""

    source_column = serializers.PrimaryKeyRelatedField(
        queryset=Column.objects.select_related("data_set__system")
    )
    target_column = serializers.PrimaryKeyRelatedField(
        queryset=Column.objects.select_related("data_set__system")
    )
    kind = serializers.ChoiceField(choices=Edge.Kind.choices, default=Edge.Kind.DIRECT)
    subtype = serializers.ChoiceField(
        choices=[word for words in SUBTYPES.values() for word in words], default="IDENTITY"
    )
    masking = serializers.BooleanField(default=False)


class EdgeFilter(django_filters.FilterSet):
    data_set = django_filters.ModelChoiceFilter(queryset=DataSet.objects.all(), method="at_data_set")
    origin = django_filters.ChoiceFilter(choices=Edge.Origin.choices)

    class Meta:
        model = Edge
        fields: list[str] = []

    def at_data_set(self, queryset: QuerySet, name: str, value: DataSet) -> QuerySet:
        return queryset.filter(Q(source=value) | Q(target=value))


class EdgeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Edges of lineage that are there now."""

    permissions = {
        **dict.fromkeys(("list", "retrieve"), "catalog.view"),
        **dict.fromkeys(("create", "destroy"), "links.manage"),
    }
    queryset = Edge.objects.filter(gone_at=None).select_related("job").order_by("pk")
    serializer_class = EdgeSerializer
    filterset_class = EdgeFilter

    @extend_schema(request=DeclaredEdgeSerializer, responses={201: EdgeSerializer})
    def create(self, request: Request) -> Response:
        """Declare an edge by hand; labels travel along it."""
        asked = DeclaredEdgeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(asked.validated_data)
        edge = declare(source=given.pop("source_column"), target=given.pop("target_column"), **given)
        return Response(self.get_serializer(edge).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """Take a declared edge away; 400 for one that an event, a query or a view tells of."""
        remove(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class GraphView(APIView):
    """What a drawing of the lineage around one data set shows."""

    permissions = {"GET": "catalog.view"}

    @extend_schema(
        operation_id="lineage_graph",
        parameters=[
            OpenApiParameter("expand", OpenApiTypes.STR, description="Data sets to open as well: 12,40."),
            OpenApiParameter("columns", OpenApiTypes.STR, enum=["personal", "all"]),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Data sets with their columns, and the flows between them."""
        center = get_object_or_404(DataSet.objects.select_related("system"), pk=pk)
        expand = numbers(request.query_params.get("expand", ""))
        graph = neighbourhood(center, expand=expand, all_columns=request.query_params.get("columns") == "all")
        return Response(graph_data(graph))


class WhereView(APIView):
    """Where is my data?"""

    permissions = {"GET": "catalog.view"}

    @extend_schema(
        operation_id="where_is_my_data",
        parameters=[
            OpenApiParameter("column", OpenApiTypes.INT),
            OpenApiParameter("category", OpenApiTypes.STR),
            OpenApiParameter(
                "identifier", OpenApiTypes.STR, description="A category that identifies one person."
            ),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """For one of: a column, a category, the identifier that a person is searched by."""
        asked = {
            name: value
            for name in ("column", "category", "identifier")
            if (value := request.query_params.get(name))
        }
        if len(asked) != 1:
            raise exceptions.ValidationError(
                {"non_field_errors": ["Name one of: column, category, identifier."]}
            )
        ((name, value),) = asked.items()
        try:
            return Response(ANSWERS[name](value))
        except (KeyError, ValueError) as unknown:
            raise exceptions.ValidationError({name: [f"There is no such {name}."]}) from unknown


def graph_data(graph: Graph) -> dict[str, Any]:
    """The graph as JSON."""
    return {
        "center": graph.center.pk,
        "cut": graph.cut,
        "data_sets": [_box(box) for box in graph.boxes.values()],
        "flows": [_line(line) for line in graph.lines],
    }


def _box(box: Box) -> dict[str, Any]:
    return {
        **_data_set(box.data_set),
        "opened": box.opened,
        "columns": [_column(column) for column in box.columns],
        "folded": box.folded,
        "more_upstream": box.more_upstream,
        "more_downstream": box.more_downstream,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "source": line.source,
        "source_column": line.source_column,
        "target": line.target,
        "target_column": line.target_column,
        "indirect": line.indirect,
        "masking": line.masking,
        "how": line.how,
        "by": line.by,
        "edges": line.edges,
    }


def _data_set(data_set: DataSet) -> dict[str, Any]:
    system = data_set.system
    return {"id": data_set.pk, "name": data_set.name, "system": system.name, "region": system.region}


def _column(column: Column) -> dict[str, Any]:
    return {
        "id": column.pk,
        "name": column.name,
        "category": column.category,
        "sensitivity": column.sensitivity,
        "state": column.state,
    }


def _place(place: where.Place) -> dict[str, Any]:
    return {
        **_column(place.column),
        "data_set": _data_set(place.column.data_set),
        "depth": place.depth,
        "masked": place.masked,
        "indirect": place.indirect,
        "route": [column.pk for column in place.route],
    }


def _of_column(value: str) -> dict[str, Any]:
    column = Column.objects.select_related("data_set__system").filter(pk=int(value)).first()
    if column is None:
        raise KeyError(value)
    answer = where.of_column(column)
    return {
        "column": {**_column(column), "data_set": _data_set(column.data_set)},
        "upstream": [_place(place) for place in answer.upstream],
        "downstream": [_place(place) for place in answer.downstream],
        "whole": [_data_set(data_set) for data_set in answer.whole],
        "cut": answer.cut,
    }


def _of_category(value: str) -> dict[str, Any]:
    answer = where.of_category(value)
    systems = [
        {
            "id": row.system_id,
            "name": row.system,
            "region": row.region,
            "data_sets": row.data_sets,
            "columns": row.columns,
            "by_lineage": row.by_lineage,
        }
        for row in answer.systems
    ]
    columns = [{**_column(column), "data_set": _data_set(column.data_set)} for column in answer.columns]
    return {"category": answer.category, "systems": systems, "columns": columns, "cut": answer.cut}


def _of_identifier(value: str) -> dict[str, Any]:
    answer = where.of_identifier(value)
    searched, beyond = (
        [{**_data_set(one.data_set), "reasons": one.reasons} for one in part]
        for part in (answer.searched, answer.beyond)
    )
    return {"identifier": answer.category, "searched": searched, "beyond": beyond, "cut": answer.cut}


ANSWERS = {"column": _of_column, "category": _of_category, "identifier": _of_identifier}
