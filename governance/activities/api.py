"""The record of processing activities over REST, with the page's rules."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.activities import keeping
from governance.activities.filters import ActivityFilter, ProcessorFilter
from governance.activities.forms import ActivityForm, OrganisationForm, ProcessorForm
from governance.activities.models import Organisation, ProcessingActivity, ProcessorActivity


class OrganisationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Organisation
        fields = OrganisationForm.Meta.fields


class ActivitySerializer(serializers.ModelSerializer):
    recipients = serializers.ListField(
        child=serializers.CharField(max_length=160), allow_empty=False, help_text="Art. 30(1)(d)."
    )
    subject_categories = serializers.ListField(
        child=serializers.CharField(max_length=80), allow_empty=False, help_text="Art. 30(1)(c)."
    )

    class Meta:
        model = ProcessingActivity
        fields = ["id", *ActivityForm.Meta.fields, "created_at", "changed_at"]
        read_only_fields = ["created_at", "changed_at"]


class ActivityViewSet(viewsets.ModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "activities.view"),
        **dict.fromkeys(("create", "update", "partial_update", "destroy"), "activities.manage"),
    }
    queryset = ProcessingActivity.objects.all()
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = keeping.add(ProcessingActivity(**serializer.validated_data))

    def perform_update(self, serializer: Any) -> None:
        for name, value in serializer.validated_data.items():
            setattr(serializer.instance, name, value)
        keeping.change(serializer.instance)

    def perform_destroy(self, instance: ProcessingActivity) -> None:
        keeping.remove(instance)


class ProcessorSerializer(serializers.ModelSerializer):
    categories = serializers.ListField(
        child=serializers.CharField(max_length=160), allow_empty=False, help_text="Art. 30(2)(b)."
    )

    class Meta:
        model = ProcessorActivity
        fields = ["id", *ProcessorForm.Meta.fields, "created_at", "changed_at"]
        read_only_fields = ["created_at", "changed_at"]


class ProcessorViewSet(viewsets.ModelViewSet):
    """Processing on behalf of other controllers, Art. 30(2)."""

    permissions = {
        **dict.fromkeys(("list", "retrieve"), "activities.view"),
        **dict.fromkeys(("create", "update", "partial_update", "destroy"), "activities.manage"),
    }
    queryset = ProcessorActivity.objects.all()
    serializer_class = ProcessorSerializer
    filterset_class = ProcessorFilter

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = keeping.add_on_behalf(ProcessorActivity(**serializer.validated_data))

    def perform_update(self, serializer: Any) -> None:
        for name, value in serializer.validated_data.items():
            setattr(serializer.instance, name, value)
        keeping.change_on_behalf(serializer.instance)

    def perform_destroy(self, instance: ProcessorActivity) -> None:
        keeping.remove_on_behalf(instance)


class OrganisationView(APIView):
    """The controller itself."""

    permissions = {"GET": "activities.view", "PUT": "activities.manage"}

    @extend_schema(responses=OrganisationSerializer)
    def get(self, request: Request) -> Response:
        return Response(OrganisationSerializer(keeping.organisation()).data)

    @extend_schema(request=OrganisationSerializer, responses=OrganisationSerializer)
    def put(self, request: Request) -> Response:
        described = keeping.organisation()
        asked = OrganisationSerializer(described, data=request.data)
        asked.is_valid(raise_exception=True)
        for name, value in asked.validated_data.items():
            setattr(described, name, value)
        keeping.save_organisation(described)
        return Response(OrganisationSerializer(described).data)
