"""The vault over REST: the same verbs, limits and permissions as its pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, Throttled
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from governance.console.api import JobSerializer
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest
from retention.anonymization.techniques.base import TechniqueError
from retention.vault import issuing, keyring, rekeying, shred_requests, standing
from retention.vault import serializers as shapes
from retention.vault.asking import TooMany
from retention.vault.detokenizing import resolve
from retention.vault.filters import DomainFilter, KeyFilter, ShredFilter
from retention.vault.kms.base import KmsUnavailable
from retention.vault.models import Key, ShredRequest, TokenDomain

NO_STORE = {"Cache-Control": "no-store"}


class ServiceDown(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "key_service_unavailable"


class Refusing(APIView):
    """Refusals of the vault as problems: 409, or 503 while the key service is down, or 429 for too many values."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, KmsUnavailable):
            exc = ServiceDown(str(exc))
        elif isinstance(exc, (TechniqueError, keyring.Rotated, shred_requests.NotNow)):
            exc = Conflict(str(exc))
        elif isinstance(exc, TooMany):
            exc = Throttled(wait=exc.seconds, detail=str(exc))
        return super().handle_exception(exc)

    def given(self, shape: type[Serializer]) -> dict[str, Any]:
        """The body of the request, checked."""
        asked = shape(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return asked.validated_data


class KeyViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "anonymization.view"),
        **dict.fromkeys(("create", "rotate"), "vault.manage"),
    }
    queryset = Key.objects.all()
    serializer_class = shapes.KeySerializer
    filterset_class = KeyFilter
    lookup_field = "name"
    lookup_value_regex = "[^/]+"

    def get_queryset(self) -> QuerySet[Key]:
        return standing.named_keys()

    @extend_schema(request=shapes.NewKeySerializer, responses={201: shapes.KeySerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Make a named key."""
        made = keyring.create(**self.given(shapes.NewKeySerializer), by=request.user)
        shown = shapes.KeySerializer(self.get_queryset().get(pk=made.pk))
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={201: shapes.KeyVersionSerializer})
    @action(detail=True, methods=["post"])
    def rotate(self, request: StaffApiRequest, name: str) -> Response:
        """A new version for all that is made from now on; older ones still read what they made."""
        version = keyring.rotate(self.get_object())
        return Response(shapes.KeyVersionSerializer(version).data, status=status.HTTP_201_CREATED)


class RekeyView(Refusing):
    permissions = {"POST": "vault.manage"}

    @extend_schema(request=None, responses={202: JobSerializer}, operation_id="vault_rekey")
    def post(self, request: StaffApiRequest) -> Response:
        """Bring everything in the vault under the newest versions: the job that does it."""
        return Response(JobSerializer(rekeying.request()).data, status=status.HTTP_202_ACCEPTED)


class DomainViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    permissions = {"list": "anonymization.view"}
    queryset = TokenDomain.objects.all()
    serializer_class = shapes.DomainSerializer
    filterset_class = DomainFilter

    def get_queryset(self) -> QuerySet[TokenDomain]:
        return standing.domains()


class TokenizeView(Refusing):
    permissions = {"POST": "vault.tokenize"}

    @extend_schema(
        request=shapes.TokenizeSerializer,
        responses=shapes.IssuedSerializer,
        operation_id="vault_tokenize",
    )
    def post(self, request: StaffApiRequest) -> Response:
        """The token of each value in a domain: the one it has, or a new one. All or none."""
        given = self.given(shapes.TokenizeSerializer)
        domain = given.pop("domain")
        tokens = issuing.tokenize(domain, given.pop("values"), **given)
        return Response({"domain": domain, "tokens": tokens}, headers=NO_STORE)


class DetokenizeView(Refusing):
    permissions = {"POST": "vault.detokenize"}

    @extend_schema(
        request=shapes.DetokenizeSerializer,
        responses=shapes.ResolvedSerializer,
        operation_id="vault_detokenize",
    )
    def post(self, request: StaffApiRequest) -> Response:
        """The values of tokens, for a reason; counted, limited and recorded."""
        given = self.given(shapes.DetokenizeSerializer)
        answers = resolve(given["domain"], given["tokens"], reason=given["reason"], by=request.user)
        shown = shapes.ResolvedValueSerializer(answers, many=True)
        return Response({"domain": given["domain"], "answers": shown.data}, headers=NO_STORE)


class ShredViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = dict.fromkeys(("list", "retrieve", "create", "approve", "reject", "resume"), "vault.shred")
    queryset = ShredRequest.objects.all()
    filterset_class = ShredFilter

    def get_serializer_class(self) -> type[shapes.ShredSerializer]:
        return shapes.ShredSerializer if self.action == "list" else shapes.ShredDetailSerializer

    @extend_schema(request=shapes.ProposeSerializer, responses={201: shapes.ShredDetailSerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Propose to shred a person; somebody else approves."""
        made = shred_requests.propose(**self.given(shapes.ProposeSerializer), by=request.user)
        return self._shown(made, status.HTTP_201_CREATED)

    @extend_schema(request=shapes.ShredApproveSerializer, responses=shapes.ShredDetailSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: StaffApiRequest, pk: str) -> Response:
        """Approve exactly what has this fingerprint, and carry it out."""
        found = self.get_object()
        shred_requests.approve(
            found, seen=self.given(shapes.ShredApproveSerializer)["fingerprint"], by=request.user
        )
        return self._shown(found)

    @extend_schema(request=shapes.ShredReasonSerializer, responses=shapes.ShredDetailSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: StaffApiRequest, pk: str) -> Response:
        found = self.get_object()
        shred_requests.reject(
            found, reason=self.given(shapes.ShredReasonSerializer)["reason"], by=request.user
        )
        return self._shown(found)

    @extend_schema(request=None, responses=shapes.ShredDetailSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: StaffApiRequest, pk: str) -> Response:
        """Queue again what a failure interrupted."""
        found = self.get_object()
        shred_requests.resume(found)
        return self._shown(found)

    def _shown(self, found: ShredRequest, code: int = status.HTTP_200_OK) -> Response:
        found.refresh_from_db()
        return Response(shapes.ShredDetailSerializer(found).data, status=code)
