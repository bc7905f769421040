"""The registry and the backups over REST."""

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from audit.ledger.recording import record
from catalog.models import System
from erasure.registry import backups, events
from erasure.registry.checking import FORBID, check
from erasure.registry.filters import BackupFilter, RegistrationFilter
from erasure.registry.models import Backup, Registration
from governance.console.api_http import StaffApiRequest

MOST_VALUES = 50_000


class RegistrationSerializer(serializers.ModelSerializer):
    """One entry; the identifier itself is nowhere, not even here."""

    class Meta:
        model = Registration
        fields = ["id", "request", "effect", "category", "purpose", "since", "lifted_at"]


class RegistryCheckSerializer(serializers.Serializer):
    category = serializers.CharField(
        max_length=60, help_text="What the values are: contact.email, id.customer …"
    )
    use = serializers.ChoiceField(choices=list(FORBID), default="keep")
    purpose = serializers.CharField(max_length=160, default="", allow_blank=True)
    values = serializers.ListField(
        child=serializers.CharField(max_length=400, allow_blank=True), max_length=MOST_VALUES
    )


class RegistryAnswerSerializer(serializers.Serializer):
    asked = serializers.IntegerField()
    registered = serializers.ListField(
        child=serializers.IntegerField(), help_text="The positions, from 0, of values of registered persons."
    )


class BackupSerializer(serializers.ModelSerializer):
    system = serializers.SlugRelatedField(slug_field="name", queryset=System.objects.all())
    state = serializers.CharField(read_only=True)

    class Meta:
        model = Backup
        fields = ["id", "system", "name", "place", "state", "made_at", "kept_until", "destroyed_at"]
        read_only_fields = ["destroyed_at"]
        validators: list = []  # the verb says it in words


class BackupDestroyedSerializer(serializers.Serializer):
    evidence = serializers.CharField(max_length=300)


class RegistrationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    permissions = {"list": "retention.view", "check": "registry.check"}
    queryset = Registration.objects.all()
    serializer_class = RegistrationSerializer
    filterset_class = RegistrationFilter

    @extend_schema(request=RegistryCheckSerializer, responses=RegistryAnswerSerializer)
    @action(detail=False, methods=["post"])
    def check(self, request: StaffApiRequest) -> Response:
        """Which of many persons' data must not be put to a use. The values are not kept."""
        asked = RegistryCheckSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        found = check(given["category"], given["values"], use=given["use"], purpose=given["purpose"])
        positions = [position for position, registered in enumerate(found) if registered]
        with transaction.atomic():
            record(
                events.CHECKED,
                category=given["category"],
                use=given["use"],
                asked=len(found),
                registered=len(positions),
            )
        return Response({"asked": len(found), "registered": positions})


class BackupViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "retention.view"),
        **dict.fromkeys(("create", "destroyed"), "backups.manage"),
    }
    queryset = Backup.objects.select_related("system")
    serializer_class = BackupSerializer
    filterset_class = BackupFilter

    def create(self, request: StaffApiRequest) -> Response:
        """Note a backup, as the tool that makes it should each time."""
        asked = BackupSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        noted = backups.note(**asked.validated_data, by=request.user)
        return Response(BackupSerializer(noted).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=BackupDestroyedSerializer, responses=BackupSerializer)
    @action(detail=True, methods=["post"])
    def destroyed(self, request: StaffApiRequest, pk: str) -> Response:
        """Confirm that the copy is gone."""
        asked = BackupDestroyedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        backup = self.get_object()
        backups.confirm_destroyed(backup, evidence=asked.validated_data["evidence"])
        return Response(BackupSerializer(backup).data)
