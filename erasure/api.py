"""Requests and plans over REST: the same verbs, filters and permissions as their pages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from erasure import approving, asking
from erasure import serializers as shapes
from erasure.delivering import as_download
from erasure.filters import PlanFilter, RequestFilter
from erasure.models import Plan, SubjectRequest
from erasure.requests import closing, identifying, identity, importing, intake, starting
from erasure.requests.handling_api import PERMISSIONS, Handling
from erasure.requests.reading_files import look
from erasure.requests.revealing import reveal
from erasure.requests.states import NotNow
from governance.console.api import JobSerializer
from governance.console.api_errors import Conflict

READ = ("list", "retrieve")
HANDLE = (
    "create",
    "take_over",
    "send_link",
    "send_code",
    "confirm_identity",
    "identifiers",
    "reveal",
    "search",
    "answer",
    "plan",
    "package",
    "extend",
    "reject",
)
NO_STORE = {"Cache-Control": "no-store"}


class FirstRenderer(DefaultContentNegotiation):
    """Downloads are what they are, and errors are JSON, whatever the client says it accepts."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Refusing(viewsets.GenericViewSet):
    """NotNow is 409 with its sentence; a request that is open already is named with its address."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, intake.AlreadyOpen):
            response = super().handle_exception(Conflict(str(exc)))
            response.data["request"] = reverse("api-request-detail", args=[exc.request.pk])
            return response
        return super().handle_exception(Conflict(str(exc)) if isinstance(exc, NotNow) else exc)

    def given(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        """The body of the request, checked."""
        asked = shape(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return asked.validated_data


class RequestViewSet(Handling, Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(READ, "requests.view"),
        **dict.fromkeys(HANDLE, "requests.handle"),
        **PERMISSIONS,
        "download": "packages.read",
    }
    queryset = SubjectRequest.objects.all()
    filterset_class = RequestFilter

    def get_serializer_class(self) -> type[serializers.Serializer]:
        return shapes.RequestSerializer if self.action == "list" else shapes.RequestDetailSerializer

    @extend_schema(
        request=shapes.NewRequestSerializer,
        responses={201: shapes.RequestDetailSerializer, 409: OpenApiResponse(description="Open already.")},
    )
    def create(self, request: Request) -> Response:
        """Receive a request; 409 names the one that is open already for this person."""
        given = self.given(shapes.NewRequestSerializer)
        email = [(intake.EMAIL, given["email"])] if given["email"] else []
        others = [(other["category"], other["value"]) for other in given["identifiers"]]
        received = intake.receive(
            kind=given["kind"],
            identifiers=[*email, *others],
            channel=SubjectRequest.Channel.API,
            regime=given["regime"],
            language=given["language"],
            ground=given["ground"],
            handled_by=request.user,  # type: ignore[arg-type]
        )
        return self._shown(received, status.HTTP_201_CREATED)

    @extend_schema(
        request=shapes.RequestImportSerializer,
        responses={
            200: shapes.RequestImportedSerializer,
            409: OpenApiResponse(description="Taken over just now."),
        },
    )
    @action(detail=False, methods=["post"], url_path="import", pagination_class=None, filterset_class=None)
    def take_over(self, request: Request) -> Response:
        """Take requests over from a CSV file: all lines or none; 400 names each line that has to be mended."""
        given = self.given(shapes.RequestImportSerializer)
        content = given["csv"].encode()
        if given["dry_run"]:
            looked = look(content)
            if looked.problems:
                raise ValidationError({"csv": [str(problem) for problem in looked.problems]})
            again = len(importing.known(looked.lines))
            counts = {"lines": len(looked.lines), "received": len(looked.lines) - again, "repeated": again}
        else:
            try:
                taken = importing.take(importing.keep(content, by=request.user))  # type: ignore[arg-type]
            except ValidationError as refusal:
                raise ValidationError({"csv": refusal.messages}) from None
            counts = {
                "lines": taken.received + taken.repeated,
                "received": taken.received,
                "repeated": taken.repeated,
            }
        return Response(shapes.RequestImportedSerializer(counts).data)

    @extend_schema(request=None, responses=shapes.RequestDetailSerializer)
    @action(detail=True, methods=["post"], url_path="send-link")
    def send_link(self, request: Request, pk: str) -> Response:
        """Send the person a link to confirm their address."""
        found = self.get_object()
        identity.send_link(found)
        return self._shown(found)

    @extend_schema(request=None, responses=shapes.RequestDetailSerializer)
    @action(detail=True, methods=["post"], url_path="send-code")
    def send_code(self, request: Request, pk: str) -> Response:
        """Send the person a code of six digits, with the page to enter it."""
        found = self.get_object()
        identity.send_code(found)
        return self._shown(found)

    @extend_schema(request=shapes.ConfirmIdentitySerializer, responses=shapes.RequestDetailSerializer)
    @action(detail=True, methods=["post"], url_path="confirm-identity")
    def confirm_identity(self, request: Request, pk: str) -> Response:
        """Vouch for the identity, and for all identifiers given."""
        found = self.get_object()
        identity.confirm_by_officer(found, **self.given(shapes.ConfirmIdentitySerializer))
        return self._shown(found)

    @extend_schema(request=shapes.GivenIdentifierSerializer, responses={201: shapes.RequestDetailSerializer})
    @action(detail=True, methods=["post"])
    def identifiers(self, request: Request, pk: str) -> Response:
        """Add an identifier that was established to be the person's own."""
        found = self.get_object()
        identifying.identify(found, **self.given(shapes.GivenIdentifierSerializer))
        return self._shown(found, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=shapes.RevealedSerializer)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> Response:
        """The identifiers in clear; the ledger records who read them."""
        shown = shapes.RevealedSerializer({"identifiers": reveal(self.get_object())})
        return Response(shown.data, headers=NO_STORE)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def search(self, request: Request, pk: str) -> Response:
        """Search for the person, as a job; an erasure is planned in it too."""
        return _started(starting.search(self.get_object()))

    @extend_schema(request=shapes.AnswerSerializer, responses=shapes.RequestDetailSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Say whose the rows are that made the search stop; the next search goes by it."""
        found = self.get_object()
        given = self.given(shapes.AnswerSerializer)
        question = get_object_or_404(found.questions, pk=given.pop("question"))
        asking.answer(question, **given, by=request.user)  # type: ignore[arg-type]
        return self._shown(found)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def plan(self, request: Request, pk: str) -> Response:
        """Plan again from what was found, as a job."""
        return _started(starting.plan(self.get_object()))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], content_negotiation_class=FirstRenderer)
    def package(self, request: Request, pk: str) -> Response:
        """Make the package of an access request, as a job."""
        return _started(starting.package(self.get_object()))

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @package.mapping.get
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """The package as a ZIP file; the ledger records who read it."""
        package = getattr(self.get_object(), "package", None)
        if package is None or not package.available:
            raise Conflict("There is no package, or it has expired.")
        return as_download(package)

    @extend_schema(request=shapes.ReasonSerializer, responses=shapes.RequestDetailSerializer)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, pk: str) -> Response:
        """Move the deadline, once; the person is told the reason."""
        found = self.get_object()
        closing.extend(found, **self.given(shapes.ReasonSerializer))
        return self._shown(found)

    @extend_schema(request=shapes.ReasonSerializer, responses=shapes.RequestDetailSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """End the request without doing what it asks; the person is told the reason."""
        found = self.get_object()
        closing.reject(found, **self.given(shapes.ReasonSerializer), by=request.user)  # type: ignore[arg-type]
        return self._shown(found)

    def _shown(self, found: SubjectRequest, code: int = status.HTTP_200_OK) -> Response:
        found.refresh_from_db()
        return Response(shapes.RequestDetailSerializer(found).data, status=code)


class PlanViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(READ, "requests.view"),
        **dict.fromkeys(("approve", "approve_many", "reject"), "plans.approve"),
        "resume": "requests.handle",
    }
    queryset = Plan.objects.select_related("request").prefetch_related("steps__data_set__system")
    filterset_class = PlanFilter

    def get_serializer_class(self) -> type[serializers.Serializer]:
        return shapes.PlanSerializer if self.action == "list" else shapes.PlanDetailSerializer

    @extend_schema(request=shapes.ApproveSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve exactly the plan with this fingerprint; answers with the job that carries it out."""
        plan = self.get_object()
        approving.approve(plan, **self.given(shapes.ApproveSerializer), by=request.user)  # type: ignore[arg-type]
        return _started(plan.request.job)

    @extend_schema(
        operation_id="plans_approve_many",
        request=shapes.ApproveManySerializer,
        responses=shapes.ApprovedManySerializer,
    )
    @action(detail=False, methods=["post"], url_path="approve")
    def approve_many(self, request: Request) -> Response:
        """Approve many plans, each by its fingerprint; one that is refused stops no other."""
        asked = self.given(shapes.ApproveManySerializer)["plans"]
        fingerprints = {each["plan"]: each["fingerprint"] for each in asked}
        approved, refused = approving.approve_many(fingerprints, by=request.user)  # type: ignore[arg-type]
        answer = {
            "approved": [plan.pk for plan in approved],
            "refused": [{"plan": pk, "reason": reason} for pk, reason in refused.items()],
        }
        return Response(shapes.ApprovedManySerializer(answer).data)

    @extend_schema(request=shapes.ReasonSerializer, responses=shapes.PlanDetailSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Send the plan back."""
        plan = self.get_object()
        approving.reject(plan, **self.given(shapes.ReasonSerializer), by=request.user)  # type: ignore[arg-type]
        return Response(shapes.PlanDetailSerializer(plan).data)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on with a plan that was interrupted."""
        plan = self.get_object()
        approving.resume(plan)
        return _started(plan.request.job)


def _started(job: Any) -> Response:
    return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
