"""Agents, controllers and what they sent, over REST: the same verbs, filters and permissions as their pages."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from erasure.api import NO_STORE, Refusing
from erasure.protocols import registering, withdrawing
from erasure.protocols import serializers as shapes
from erasure.protocols.filters import AgentFilter, ControllerFilter, ReceivedFilter
from erasure.protocols.models import Agent, Business, Controller, Received
from erasure.protocols.opendsr import signing
from governance.console.api_http import StaffApiRequest

READ = ("list", "retrieve")
VIEW, MANAGE = "protocols.view", "protocols.manage"


class AuthorizedAgentViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(READ, VIEW),
        **dict.fromkeys(("create", "partial_update", "end"), MANAGE),
    }
    queryset = Agent.objects.all()
    serializer_class = shapes.AuthorizedAgentSerializer
    filterset_class = AgentFilter

    def create(self, request: StaffApiRequest) -> Response:
        """Register an agent: from now on, what is signed with its key is taken."""
        agent = registering.register_agent(**self.given(shapes.AuthorizedAgentSerializer))
        return Response(self.get_serializer(agent).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.AuthorizedAgentChangeSerializer, responses=shapes.AuthorizedAgentSerializer)
    def partial_update(self, request: StaffApiRequest, pk: str) -> Response:
        """Change it. A new verify key ends its token."""
        agent = self.get_object()
        asked = shapes.AuthorizedAgentChangeSerializer(agent, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        now = {name: getattr(agent, name) for name in shapes.AuthorizedAgentChangeSerializer.Meta.fields}
        registering.change_agent(agent, **now | asked.validated_data)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def end(self, request: StaffApiRequest, pk: str) -> Response:
        """Take nothing more from it."""
        registering.end_agent(self.get_object())
        return Response(self.get_serializer(self.get_object()).data)


class OpenDsrControllerViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(READ, VIEW),
        **dict.fromkeys(("create", "renew", "end"), MANAGE),
    }
    queryset = Controller.objects.all()
    serializer_class = shapes.OpenDsrControllerSerializer
    filterset_class = ControllerFilter

    def create(self, request: StaffApiRequest) -> Response:
        """Register a controller; its token is in this answer and nowhere else."""
        controller, token = registering.register_controller(**self.given(shapes.OpenDsrControllerSerializer))
        shown = shapes.OpenDsrControllerSerializer(controller, context={"token": token})
        return Response(shown.data, status=status.HTTP_201_CREATED, headers=NO_STORE)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def renew(self, request: StaffApiRequest, pk: str) -> Response:
        """A new token; the earlier one opens nothing any more."""
        controller = self.get_object()
        token = registering.renew_token(controller)
        shown = shapes.OpenDsrControllerSerializer(self.get_object(), context={"token": token})
        return Response(shown.data, headers=NO_STORE)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def end(self, request: StaffApiRequest, pk: str) -> Response:
        """Take nothing more from it."""
        registering.end_controller(self.get_object())
        return Response(self.get_serializer(self.get_object()).data)


class ReceivedByProtocolViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {**dict.fromkeys(READ, "requests.view"), "deny": "requests.handle"}
    queryset = Received.objects.none()
    serializer_class = shapes.ReceivedByProtocolSerializer
    filterset_class = ReceivedFilter
    lookup_field = "public_id"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> QuerySet[Received]:
        return Received.objects.select_related("request", "agent", "controller")

    @extend_schema(request=shapes.DenyByProtocolSerializer, responses=shapes.ReceivedByProtocolSerializer)
    @action(detail=True, methods=["post"])
    def deny(self, request: StaffApiRequest, id: str) -> Response:
        """Reject the request with a reason that the protocol has a word for."""
        given = self.given(shapes.DenyByProtocolSerializer)
        withdrawing.deny(self.get_object(), **given, by=request.user)
        return Response(self.get_serializer(self.get_object()).data)


class ProtocolBusinessView(APIView):
    permissions = {"GET": VIEW, "PUT": MANAGE}

    @extend_schema(responses=shapes.ProtocolBusinessSerializer)
    def get(self, request: StaffApiRequest) -> Response:
        """How the controller is known in the Data Rights Protocol."""
        return Response(shapes.ProtocolBusinessSerializer(get_object_or_404(Business)).data)

    @extend_schema(request=shapes.ProtocolBusinessSerializer, responses=shapes.ProtocolBusinessSerializer)
    def put(self, request: StaffApiRequest) -> Response:
        """Set it: messages to this business id are taken."""
        asked = shapes.ProtocolBusinessSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        business = registering.set_business(**asked.validated_data)
        return Response(shapes.ProtocolBusinessSerializer(business).data)


class OpenDsrCertificateView(APIView):
    permissions = {"GET": VIEW, "PUT": MANAGE}

    @extend_schema(responses=shapes.OpenDsrCertificateSerializer)
    def get(self, request: StaffApiRequest) -> Response:
        """The certificate that answers to OpenDSR are verified with, and the request for one."""
        return Response(self._shown())

    @extend_schema(request=shapes.OpenDsrCertificateSerializer, responses=shapes.OpenDsrCertificateSerializer)
    def put(self, request: StaffApiRequest) -> Response:
        """Set what an authority has issued."""
        asked = shapes.OpenDsrCertificateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        signing.set_certificate(asked.validated_data["certificate"])
        return Response(self._shown())

    def _shown(self) -> dict[str, object]:
        key = signing.signing_key()
        return {
            "certificate": key.certificate,
            "certificate_request": signing.certificate_request(),
            "issued": key.issued,
        }
