"""Scheduled reports over REST, with the pages' rules."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers, viewsets

from audit.reports.models import Delivery, Issue, Schedule
from audit.reports.renderers import renderers
from audit.reports.schedules import scheduling
from audit.reports.schedules.forms import ScheduleForm, asked_for
from governance.console.api_permissions import may


class DeliverySerializer(serializers.ModelSerializer):
    to = serializers.SerializerMethodField(help_text="How, and not to whom.")

    class Meta:
        model = Delivery
        fields = ["to", "state", "attempts", "problem", "ended_at"]

    def get_to(self, delivery: Delivery) -> str:
        return "e-mail" if delivery.address else "write-once storage"


class IssueSerializer(serializers.ModelSerializer):
    deliveries = DeliverySerializer(many=True, read_only=True)

    class Meta:
        model = Issue
        fields = ["due_at", "state", "attempts", "problem", "made_at", "name", "sha256", "deliveries"]


class ScheduleSerializer(serializers.ModelSerializer):
    parameters = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Of the report."
    )
    form = serializers.ChoiceField(choices=sorted(renderers.classes))
    recipients = serializers.ListField(
        child=serializers.EmailField(),
        required=False,
        help_text="Told to those alone who may schedule reports.",
    )
    issues = serializers.SerializerMethodField(help_text="The last 20 times it came due.")

    class Meta:
        model = Schedule
        fields = [
            "id",
            "kind",
            "parameters",
            "form",
            "rhythm",
            "window",
            "recipients",
            "to_worm",
            "made_at",
            "next_at",
            "stopped_at",
            "issues",
        ]
        read_only_fields = ["made_at", "next_at", "stopped_at"]

    @extend_schema_field(IssueSerializer(many=True))
    def get_issues(self, schedule: Schedule) -> list[dict[str, Any]]:
        return list(
            IssueSerializer(schedule.issues.defer("body").prefetch_related("deliveries")[:20], many=True).data
        )

    def to_representation(self, instance: Schedule) -> dict[str, Any]:
        told: dict[str, Any] = super().to_representation(instance)
        if not may(self.context["request"], "reports.schedule"):
            del told["recipients"]
        return told

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """As the page's forms say."""
        allowed = partial(may, self.context["request"])
        known = {cls.kind: cls for cls in scheduling.schedulable(allowed)}
        if given["kind"] not in known:
            raise serializers.ValidationError({"kind": f"There are: {', '.join(sorted(known))}."})
        report = known[given["kind"]]()
        data = {**given, "recipients": "\n".join(given.get("recipients", []))}
        form = ScheduleForm(data, report=report)
        parameters = report.Parameters(given.get("parameters", {}))
        if not form.is_valid() or not parameters.is_valid():
            wrong = [*form.errors.items(), *parameters.errors.items()]
            raise serializers.ValidationError({name: list(map(str, said)) for name, said in wrong})
        described: Schedule = form.save(commit=False)
        described.kind, described.parameters = given["kind"], asked_for(report, parameters.data)
        return {"described": described}

    def create(self, given: dict[str, Any]) -> Schedule:
        return scheduling.add(given["described"], by=self.context["request"].user)


class ScheduleViewSet(
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet,
):
    """Deleting one stops it: what it was stays."""

    permissions = {
        **dict.fromkeys(("list", "retrieve"), "reports.view"),
        **dict.fromkeys(("create", "destroy"), "reports.schedule"),
    }
    queryset = Schedule.objects.all()
    serializer_class = ScheduleSerializer

    def perform_destroy(self, instance: Schedule) -> None:
        scheduling.stop(instance)
