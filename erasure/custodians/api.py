"""Tasks, recipients, exceptions and webhooks over REST: the same verbs, filters and permissions as their pages."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import System
from erasure.api import NO_STORE, Refusing
from erasure.custodians import answering, connecting, exempting, registering, sending
from erasure.custodians import serializers as shapes
from erasure.custodians.filters import RecipientFilter, TaskFilter
from erasure.custodians.models import Recipient, RowExemption, Task, Webhook
from erasure.custodians.seeing import own_tasks, tasks_of
from erasure.custodians.telling import reveal
from erasure.requests.attaching import check_upload
from governance.console.api_http import StaffApiRequest

OWN = ("identifiers", "confirm", "refuse", "delay", "evidence")


class TaskViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "tasks.view"),
        **dict.fromkeys(OWN, "tasks.confirm"),
        **dict.fromkeys(("send", "impossible"), "requests.handle"),
    }
    queryset = Task.objects.none()
    serializer_class = shapes.TaskSerializer
    filterset_class = TaskFilter
    lookup_field = "public_id"
    lookup_value_regex = "[0-9a-fA-F-]{1,36}"

    def get_queryset(self) -> QuerySet[Task]:
        user: Any = self.request.user
        if not user.is_authenticated:
            return Task.objects.none()  # the schema is made without anybody
        tasks = own_tasks(user) if self.action in OWN else tasks_of(user)
        return tasks.prefetch_related("evidence")

    @extend_schema(request=None, responses=shapes.TaskPersonSerializer)
    @action(detail=True, methods=["post"])
    def identifiers(self, request: StaffApiRequest, public_id: str) -> Response:
        """Whom it is about, in clear; the ledger says that you asked."""
        person = reveal(self.get_object())
        known = [{"category": category, "value": value} for category, value in person.identifiers]
        return Response({"identifiers": known, "rows": person.rows}, headers=NO_STORE)

    @extend_schema(request=shapes.TaskConfirmSerializer, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: StaffApiRequest, public_id: str) -> Response:
        """Done, or nothing was found. Attach evidence before."""
        given = self.given(shapes.TaskConfirmSerializer)
        return self._answered(lambda task: answering.confirm(task, **given, way="api", by=request.user))

    @extend_schema(request=shapes.TaskRefuseSerializer, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: StaffApiRequest, public_id: str) -> Response:
        """An exception of Art. 17(3) applies."""
        given = self.given(shapes.TaskRefuseSerializer)
        return self._answered(lambda task: answering.refuse(task, **given, way="api", by=request.user))

    @extend_schema(request=shapes.TaskDelaySerializer, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"])
    def delay(self, request: StaffApiRequest, public_id: str) -> Response:
        """Ask for time."""
        given = self.given(shapes.TaskDelaySerializer)
        return self._answered(lambda task: answering.take_time(task, **given, way="api", by=request.user))

    @extend_schema(
        request={"multipart/form-data": shapes.TaskEvidenceSerializer}, responses=shapes.TaskSerializer
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def evidence(self, request: StaffApiRequest, public_id: str) -> Response:
        """Attach a file to an open task."""
        given = self.given(shapes.TaskEvidenceSerializer)
        file = check_upload(given["file"])
        return self._answered(lambda task: answering.add_evidence(task, file, by=request.user))

    @extend_schema(request=None, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"])
    def send(self, request: StaffApiRequest, public_id: str) -> Response:
        """Send it again, by webhook or letter."""
        return self._answered(sending.send_again)

    @extend_schema(request=shapes.TaskImpossibleSerializer, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"])
    def impossible(self, request: StaffApiRequest, public_id: str) -> Response:
        """Declare that a recipient cannot be told: Art. 19."""
        given = self.given(shapes.TaskImpossibleSerializer)
        return self._answered(lambda task: answering.declare_impossible(task, **given, by=request.user))

    def _answered(self, verb: Any) -> Response:
        task = self.get_object()
        verb(task)
        return Response(self.get_serializer(self.get_object()).data)


class RecipientViewSet(Refusing, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "activities.view"),
        **dict.fromkeys(("create", "update", "end"), "requests.configure"),
    }
    queryset = Recipient.objects.prefetch_related("activities", "data_sets")
    serializer_class = shapes.RecipientSerializer
    filterset_class = RecipientFilter

    def create(self, request: StaffApiRequest) -> Response:
        """Add a recipient to the register."""
        added = registering.add(**self.given(shapes.RecipientSerializer))
        return Response(self.get_serializer(added).data, status=status.HTTP_201_CREATED)

    def update(self, request: StaffApiRequest, pk: str) -> Response:
        """Change it: all fields, as they are to be."""
        registering.change(self.get_object(), **self.given(shapes.RecipientSerializer))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=shapes.RecipientSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: StaffApiRequest, pk: str) -> Response:
        """Take it out of the register: no further plan tells them."""
        found = self.get_object()
        registering.end(found)
        return Response(self.get_serializer(found).data)


class RowExemptionViewSet(
    Refusing, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet
):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "requests.view"),
        **dict.fromkeys(("create", "withdraw"), "requests.handle"),
    }
    queryset = RowExemption.objects.select_related("request", "data_set__system")
    serializer_class = shapes.RowExemptionSerializer
    filterset_fields = ["request", "data_set"]

    def create(self, request: StaffApiRequest) -> Response:
        """Except the rows found of one person in one data set from erasure: Art. 17(3)."""
        given = self.given(shapes.RowExemptionSerializer)
        made = exempting.exempt(given.pop("request"), given.pop("data_set"), **given, by=request.user)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.WithdrawSerializer, responses=shapes.RowExemptionSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: StaffApiRequest, pk: str) -> Response:
        """The next plan erases these rows like any other."""
        made = self.get_object()
        exempting.withdraw(made, reason=self.given(shapes.WithdrawSerializer)["reason"])
        return Response(self.get_serializer(made).data)


class WebhookView(APIView):
    """The webhook of one system or recipient."""

    owner_model: Any
    field: str

    @extend_schema(responses=shapes.WebhookSerializer)
    def get(self, request: StaffApiRequest, pk: int) -> Response:
        """Without its secret."""
        return Response(shapes.WebhookSerializer(self._webhook(pk)).data)

    @extend_schema(request=shapes.WebhookAddressSerializer, responses=shapes.WebhookSerializer)
    def put(self, request: StaffApiRequest, pk: int) -> Response:
        """Set it, with a new secret that this answer shows once."""
        owner = get_object_or_404(self.owner_model, pk=pk)
        asked = shapes.WebhookAddressSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        webhook, secret = connecting.set_webhook(owner, asked.validated_data["url"])
        shown = shapes.WebhookSerializer(webhook, context={"secret": secret})
        return Response(shown.data, headers=NO_STORE)

    @extend_schema(request=None, responses=shapes.WebhookTestedSerializer)
    def post(self, request: StaffApiRequest, pk: int) -> Response:
        """Send a signed test message."""
        return Response({"problem": connecting.test(self._webhook(pk))})

    @extend_schema(responses={204: None})
    def delete(self, request: StaffApiRequest, pk: int) -> Response:
        """Remove it: tasks go to a person."""
        connecting.remove_webhook(self._webhook(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _webhook(self, pk: int) -> Webhook:
        return get_object_or_404(Webhook, **{self.field: pk})


class SystemWebhookView(WebhookView):
    owner_model, field = System, "system"
    permissions = {"GET": "systems.view", **dict.fromkeys(("PUT", "POST", "DELETE"), "systems.manage")}


class RecipientWebhookView(WebhookView):
    owner_model, field = Recipient, "recipient"
    permissions = {"GET": "activities.view", **dict.fromkeys(("PUT", "POST", "DELETE"), "requests.configure")}
