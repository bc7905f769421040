"""The console over REST: who I am, tokens, jobs, people, and the description of the whole API."""

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from governance.console import jobs, people, tokens
from governance.console.api_errors import Conflict
from governance.console.api_http import StaffApiRequest
from governance.console.filters import JobFilter, PersonFilter
from governance.console.models import ApiToken, Job, User
from governance.console.permissions import PUBLIC


class MeSerializer(serializers.Serializer):
    id = serializers.UUIDField(source="public_id")
    username = serializers.CharField()
    name = serializers.CharField(source="display_name")
    role = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField(), help_text="What this request may do.")


class TokenSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)
    days = serializers.IntegerField(write_only=True, min_value=1, max_value=tokens.MAX_DAYS, default=90)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "hint", "scopes", "state", "days", "created_at", "expires_at", "last_used_at"]
        read_only_fields = ["hint", "expires_at", "last_used_at"]


class IssuedTokenSerializer(TokenSerializer):
    secret = serializers.CharField(help_text="Shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]


class JobSerializer(serializers.ModelSerializer):
    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "title",
            "state",
            "done",
            "total",
            "message",
            "attempt",
            "cancel_requested",
            "queued_at",
            "started_at",
            "finished_at",
            "correlation",
        ]


class PersonSerializer(serializers.ModelSerializer):
    active = serializers.BooleanField(source="is_active", required=False)

    class Meta:
        model = User
        fields = [
            "id",
            "public_id",
            "username",
            "first_name",
            "last_name",
            "email",
            "role",
            "active",
            "last_login",
        ]
        read_only_fields = ["last_login"]


class AccessSerializer(serializers.ModelSerializer):
    active = serializers.BooleanField(source="is_active", required=False)

    class Meta:
        model = User
        fields = ["role", "active"]


class PasswordLinkSerializer(serializers.Serializer):
    link = serializers.URLField(help_text="Shown this once: whoever opens it chooses the password.")


class Me(APIView):
    permissions = {"GET": "overview.view"}

    @extend_schema(responses=MeSerializer)
    def get(self, request: StaffApiRequest) -> Response:
        user = request.user
        user.scopes = tokens.scopes_for(user, token=_token(request))  # type: ignore[attr-defined]
        return Response(MeSerializer(user).data)


class TokenViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """One's own tokens."""

    permissions = dict.fromkeys(("list", "retrieve", "create", "revoke"), "account.manage")
    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer

    def get_queryset(self) -> Any:
        return ApiToken.objects.filter(user=self.request.user.pk)

    @extend_schema(request=TokenSerializer, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Issue a token. Its secret is in this answer and in no other."""
        asked = TokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        token, secret = tokens.issue(request.user, using=_token(request), **asked.validated_data)  # type: ignore[arg-type]
        body = {**TokenSerializer(token).data, "secret": secret}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @extend_schema(request=None, responses=TokenSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        token = self.get_object()
        if not tokens.revoke(token):
            raise Conflict("This token was revoked before.")
        token.refresh_from_db()
        return Response(TokenSerializer(token).data)


class JobViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {"list": "jobs.view", "retrieve": "jobs.view", "cancel": "jobs.cancel"}
    queryset = Job.objects.all()
    serializer_class = JobSerializer
    filterset_class = JobFilter

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Ask the job to stop after the step it is at."""
        job = self.get_object()
        if not jobs.may_cancel(request.user, job):  # type: ignore[arg-type]
            raise PermissionDenied("Only those who may handle what this job does may stop it.")
        if not jobs.cancel(job):
            raise Conflict("The job has ended already.")
        job.refresh_from_db()
        return Response(JobSerializer(job).data)


class PersonViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """Staff. A new person chooses their password by the link that `link` answers with."""

    permissions = dict.fromkeys(("list", "retrieve", "create", "partial_update", "link"), "people.manage")
    queryset = User.objects.all()
    serializer_class = PersonSerializer
    filterset_class = PersonFilter

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        serializer.instance = people.add(User(**serializer.validated_data))

    @extend_schema(request=AccessSerializer, responses=PersonSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Give another role, or close or open access."""
        person = self.get_object()
        asked = AccessSerializer(person, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        role = asked.validated_data.get("role", person.role)
        active = asked.validated_data.get("is_active", person.is_active)
        person = people.change(person, role=role, active=active, by=request.user)  # type: ignore[arg-type]
        return Response(PersonSerializer(person).data)

    @extend_schema(request=None, responses={201: PasswordLinkSerializer})
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: str) -> Response:
        """A link by which the person chooses a password, once."""
        link = request.build_absolute_uri(people.password_link(self.get_object()))
        return Response({"link": link}, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class SchemaRate(AnonRateThrottle):
    """It takes a second of work, and strangers may ask for it."""

    rate = "6/minute"
    scope = "schema"


class Schema(SpectacularAPIView):
    """The OpenAPI description of this API."""

    permissions = {"GET": PUBLIC}
    throttle_classes = [SchemaRate]


def _token(request: Request) -> ApiToken | None:
    return request.auth if isinstance(request.auth, ApiToken) else None
