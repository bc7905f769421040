"""Statistics with noise over REST: the same verbs, questions and refusals as their pages."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from catalog.connectors.base import ConnectorError
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest
from retention.statistics import allotments, asking, budgets, looking, units
from retention.statistics import serializers as shapes
from retention.statistics.asking import Priced
from retention.statistics.filters import ReleaseFilter
from retention.statistics.models import Budget, Release
from retention.statistics.pricing import expected_errors
from retention.statistics.queries import Query

REFUSED = OpenApiResponse(description="The budget does not suffice: what is left, and when it renews.")


class Refusing(viewsets.GenericViewSet):
    """What a budget or a state does not allow is 409 with its sentence; a budget says also what is left of it."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, budgets.Refused):
            response = super().handle_exception(Conflict(str(exc)))
            standing = exc.standing
            response.data |= {
                "left": units.of_nano(standing.left),
                "delta_left": units.of_pico(standing.delta_left),
                "renews": standing.renews.isoformat() if standing.renews else None,
            }
            return response
        not_now = (asking.NotNow, allotments.Closed, allotments.Overdrawn, ConnectorError)
        return super().handle_exception(Conflict(str(exc)) if isinstance(exc, not_now) else exc)

    def given(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        """The body of the request, checked."""
        asked = shape(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)


class ReleaseViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "anonymization.view"),
        **dict.fromkeys(("create", "preview", "price", "again"), "statistics.query"),
        "true_values": "statistics.true_values",
        "give_back": "budgets.manage",
    }
    queryset = Release.objects.select_related("budget__data_set", "job")
    serializer_class = shapes.ReleaseSerializer
    filterset_class = ReleaseFilter

    @extend_schema(
        request=shapes.AskSerializer,
        responses={200: shapes.ReleaseSerializer, 202: shapes.ReleaseSerializer, 409: REFUSED},
    )
    def create(self, request: StaffApiRequest) -> Response:
        """Ask: 202 is charged and on its way, 200 is the stored answer to the same question, for nothing."""
        budget, query = self._question()
        release, new = asking.ask(budget, query, by=request.user)
        code = status.HTTP_202_ACCEPTED if new else status.HTTP_200_OK
        return Response(shapes.ReleaseSerializer(release).data, status=code)

    @extend_schema(request=shapes.AskSerializer, responses=shapes.PreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: StaffApiRequest) -> Response:
        """What it would cost, and how far off the answer would be; nothing is spent or read."""
        budget, query = self._question()
        bill = asking.price(budget, [query])
        return Response(shapes.PreviewSerializer(_preview(bill.questions[0], bill)).data)

    @extend_schema(request=shapes.BatchSerializer, responses=shapes.BillSerializer)
    @action(detail=False, methods=["post"])
    def price(self, request: StaffApiRequest) -> Response:
        """What a batch of questions would cost together."""
        given = self.given(shapes.BatchSerializer)
        budget = given["data_set"].budget
        bill = asking.price(budget, [asking.understand(budget, each) for each in given["questions"]])
        shown = {
            "cost": units.of_nano(bill.amount),
            "delta": units.of_pico(bill.delta),
            "left": units.of_nano(bill.standing.left),
            "suffices": bill.suffices,
            "renews": bill.standing.renews,
            "questions": [_preview(each, bill) for each in bill.questions],
        }
        return Response(shapes.BillSerializer(shown).data)

    @extend_schema(request=None, responses={202: shapes.ReleaseSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: StaffApiRequest, pk: str) -> Response:
        """Take up one that stopped without an answer; its charge still pays for it."""
        release = asking.again(self.get_object())
        return Response(shapes.ReleaseSerializer(release).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=shapes.StatedReasonSerializer, responses=shapes.ReleaseSerializer)
    @action(detail=True, methods=["post"], url_path="give-back")
    def give_back(self, request: StaffApiRequest, pk: str) -> Response:
        """Undo the charge of one that stopped before any noise was drawn."""
        release = self.get_object()
        given = self.given(shapes.StatedReasonSerializer)
        return Response(shapes.ReleaseSerializer(asking.give_back(release, reason=given["reason"])).data)

    @extend_schema(request=shapes.StatedReasonSerializer, responses=shapes.TrueValuesSerializer)
    @action(detail=True, methods=["post"], url_path="true-values")
    def true_values(self, request: StaffApiRequest, pk: str) -> Response:
        """Without noise and bounds, as the data are now; the ledger records the look."""
        release = self.get_object()
        given = self.given(shapes.StatedReasonSerializer)
        seen = looking.true_values(release, reason=given["reason"])
        rows = [{"group": group, "value": value} for group, value in seen.items()]
        return Response(
            shapes.TrueValuesSerializer({"rows": rows}).data, headers={"Cache-Control": "no-store"}
        )

    def _question(self) -> tuple[Budget, Query]:
        given = self.given(shapes.AskSerializer)
        budget = given.pop("data_set").budget
        return budget, asking.understand(budget, given)


def _preview(priced: Priced, bill: asking.Bill) -> dict[str, Any]:
    return {
        "title": priced.planned.query.title,
        "cost": units.of_nano(priced.amount),
        "left": units.of_nano(bill.standing.left),
        "suffices": priced.amount <= bill.standing.left and priced.delta <= bill.standing.delta_left,
        "stored": priced.stored.pk if priced.stored else None,
        "expected": [{"what": what, "error": error} for what, error in expected_errors(priced.planned)],
    }
