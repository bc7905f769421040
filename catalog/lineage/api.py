"""OpenLineage over REST: producers send, people read what came.

The paths and answers of the two doors are those of the OpenLineage HTTP API 2-0-2, so that its clients can post here.
"""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from catalog.lineage import api_serializers as shapes
from catalog.lineage.bodies import EventsParser
from catalog.lineage.filters import LineageEventFilter, LineageJobFilter, LineageRunFilter
from catalog.lineage.receiving import Failure, receive
from catalog.models import LineageEvent, LineageJob, LineageRun


class NotAnEvent(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "not_an_event"


class TryAgain(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "try_again"


class ProducerRate(UserRateThrottle):
    """Producers that send one event at a time send many."""

    rate = "6000/minute"
    scope = "lineage"


class Lineage(APIView):
    """One event."""

    permissions = {"POST": "lineage.send"}
    parser_classes = [EventsParser]
    throttle_classes = [ProducerRate]

    @extend_schema(
        request=OpenApiTypes.OBJECT, responses=shapes.ReceivedSerializer, operation_id="lineage_send"
    )
    def post(self, request: Request) -> Response:
        """Send a RunEvent, DatasetEvent or JobEvent; sent again, it changes nothing. 422 names what is wrong in it."""
        failures = receive([request.data])
        if failures:
            wrong = TryAgain if failures[0].retriable else NotAnEvent
            raise wrong(failures[0].reason)
        return Response(_answer(1, []))


class LineageBatch(APIView):
    """Many events."""

    permissions = {"POST": "lineage.send"}
    parser_classes = [EventsParser]
    throttle_classes = [ProducerRate]

    @extend_schema(
        request={"application/json": {"type": "array", "items": {"type": "object"}}},
        responses=shapes.ReceivedSerializer,
        operation_id="lineage_send_batch",
    )
    def post(self, request: Request) -> Response:
        """Send a list of events. Those that are wrong are named in the answer; all others are stored."""
        if not isinstance(request.data, list):
            raise exceptions.ParseError("A batch is a list of events.")
        return Response(_answer(len(request.data), receive(request.data)))


def _answer(received: int, failures: list[Failure]) -> dict:
    retriable = sum(failure.retriable for failure in failures)
    summary = {
        "received": received,
        "successful": received - len(failures),
        "failed": len(failures),
        "retriable": retriable,
        "non_retriable": len(failures) - retriable,
    }
    answer = {
        "status": "partial_success" if failures else "success",
        "summary": summary,
        "failed_events": failures,
    }
    return dict(shapes.ReceivedSerializer(answer).data)


class LineageJobViewSet(viewsets.ReadOnlyModelViewSet):
    """Jobs that producers told of. One by itself with its SQL and facets, which may quote values."""

    permissions = {"list": "catalog.view", "retrieve": "catalog.scan"}
    queryset = LineageJob.objects.all()
    filterset_class = LineageJobFilter

    def get_serializer_class(self) -> type:
        detail = self.action == "retrieve"
        return shapes.LineageJobDetailSerializer if detail else shapes.LineageJobSerializer


class LineageRunViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {"list": "catalog.view", "retrieve": "catalog.view"}
    queryset = LineageRun.objects.order_by("-last_event_at", "-pk")
    serializer_class = shapes.LineageRunSerializer
    filterset_class = LineageRunFilter


class LineageEventViewSet(viewsets.ReadOnlyModelViewSet):
    """Events as they were received. One by itself with its payload, which may quote values."""

    permissions = {"list": "catalog.view", "retrieve": "catalog.scan"}
    queryset = LineageEvent.objects.all()
    filterset_class = LineageEventFilter

    def get_queryset(self) -> QuerySet[LineageEvent]:
        return (
            LineageEvent.objects.all() if self.action == "retrieve" else LineageEvent.objects.defer("payload")
        )

    def get_serializer_class(self) -> type:
        detail = self.action == "retrieve"
        return shapes.LineageEventDetailSerializer if detail else shapes.LineageEventSerializer
