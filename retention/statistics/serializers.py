"""How questions, releases and budgets look over the API. Amounts are decimal text, exact to the nano."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalog.models import DataSet
from retention.statistics import allotments, budgets, queries, units
from retention.statistics.models import Allotment, Budget, Charge, Draw, Period, Release


class QuestionSerializer(serializers.Serializer):
    """Only names and shapes are checked here; `reading_queries` knows what goes together."""

    kind = serializers.ChoiceField(choices=queries.KIND_CHOICES)
    value = serializers.CharField(
        required=False, help_text="Numeric column of a sum, mean, quantile or histogram."
    )
    lower = serializers.CharField(required=False, help_text="Stated, never read off the data.")
    upper = serializers.CharField(required=False)
    decimals = serializers.IntegerField(required=False, min_value=0, max_value=6)
    quantile = serializers.CharField(required=False)
    steps = serializers.IntegerField(required=False)
    grouping = serializers.ChoiceField(required=False, choices=list(queries.GROUPINGS.items()))
    group = serializers.CharField(required=False)
    keys = serializers.ListField(child=serializers.CharField(allow_blank=True), required=False)
    edges = serializers.ListField(child=serializers.CharField(), required=False)
    person = serializers.CharField(required=False, help_text="Column that tells persons apart.")
    each_row = serializers.BooleanField(
        required=False, help_text="Each row is one person, declared on purpose."
    )
    rows_per_person = serializers.IntegerField(required=False)
    groups_per_person = serializers.IntegerField(required=False)
    epsilon = serializers.CharField(required=False, help_text="Of a budget in ε.")
    rho = serializers.CharField(required=False, help_text="Of a budget in ρ.")
    delta = serializers.CharField(required=False, help_text="For groups found in the data.")
    edition = serializers.CharField(
        required=False, max_length=40, help_text="Another word asks, and pays, anew."
    )


class AskSerializer(QuestionSerializer):
    data_set = serializers.PrimaryKeyRelatedField(
        queryset=DataSet.objects.filter(gone_at=None, budget__isnull=False),
        help_text="A data set that has a budget.",
    )


class BatchSerializer(serializers.Serializer):
    data_set = serializers.PrimaryKeyRelatedField(
        queryset=DataSet.objects.filter(gone_at=None, budget__isnull=False)
    )
    questions = serializers.ListField(child=QuestionSerializer(), min_length=1, max_length=100)


class AnswerRowSerializer(serializers.Serializer):
    group = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="None where too few rows are left to say.")
    error = serializers.FloatField(
        allow_null=True, help_text="It is off by this at most, in 95 of 100 cases."
    )
    count = serializers.IntegerField(required=False, help_text="Of a mean: the noisy number of rows.")
    ranks = serializers.IntegerField(required=False, help_text="Of a quantile: its error in ranks.")


class AnswerSerializer(serializers.Serializer):
    rows = AnswerRowSerializer(many=True)
    as_of = serializers.DateField()


class ReleaseSerializer(serializers.ModelSerializer):
    data_set = serializers.IntegerField(source="budget.data_set_id", allow_null=True)
    state = serializers.CharField(source="shown_state")
    cost = serializers.CharField()
    answer = AnswerSerializer(allow_null=True)

    class Meta:
        model = Release
        fields = [
            "id",
            "title",
            "data_set",
            "budget",
            "state",
            "cost",
            "problem",
            "answer",
            "fingerprint",
            "period_start",
            "job",
            "asked_at",
            "released_at",
        ]


class ExpectedSerializer(serializers.Serializer):
    what = serializers.CharField()
    error = serializers.CharField()


class PreviewSerializer(serializers.Serializer):
    title = serializers.CharField()
    cost = serializers.CharField(help_text="In the unit of the budget; 0 where it is answered already.")
    left = serializers.CharField()
    suffices = serializers.BooleanField()
    stored = serializers.IntegerField(allow_null=True, help_text="The release that answers it already.")
    expected = ExpectedSerializer(
        many=True, help_text="By how much it will be off at most, in 95 of 100 cases."
    )


class BillSerializer(serializers.Serializer):
    cost = serializers.CharField()
    delta = serializers.CharField()
    left = serializers.CharField()
    suffices = serializers.BooleanField()
    renews = serializers.DateField(allow_null=True)
    questions = PreviewSerializer(many=True)


class StatedReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")


class TrueValueSerializer(serializers.Serializer):
    group = serializers.CharField()
    value = serializers.FloatField(allow_null=True)


class TrueValuesSerializer(serializers.Serializer):
    rows = TrueValueSerializer(many=True)


class BudgetSerializer(serializers.ModelSerializer):
    limit = serializers.SerializerMethodField()
    delta = serializers.SerializerMethodField()
    spent = serializers.SerializerMethodField()
    left = serializers.SerializerMethodField()
    renews = serializers.SerializerMethodField()

    class Meta:
        model = Budget
        fields = [
            "id",
            "name",
            "data_set",
            "unit",
            "accounting",
            "period",
            "person",
            "limit",
            "delta",
            "spent",
            "left",
            "renews",
            "set_at",
        ]

    def to_representation(self, instance: Budget) -> dict[str, Any]:
        listed = self.context.get("standings")
        self.standing = listed[instance.pk] if listed else budgets.standing(instance)
        return super().to_representation(instance)

    def get_limit(self, budget: Budget) -> str:
        return units.of_nano(budget.limit)

    def get_delta(self, budget: Budget) -> str:
        return units.of_pico(budget.delta)

    def get_spent(self, budget: Budget) -> str:
        return units.of_nano(self.standing.spent)

    def get_left(self, budget: Budget) -> str:
        return units.of_nano(self.standing.left)

    def get_renews(self, budget: Budget) -> str | None:
        renews = self.standing.renews
        return renews.isoformat() if renews else None


class SetBudgetSerializer(serializers.Serializer):
    data_set = serializers.PrimaryKeyRelatedField(queryset=DataSet.objects.filter(gone_at=None))
    limit = serializers.CharField()
    delta = serializers.CharField(default="0")
    unit = serializers.ChoiceField(choices=Budget.Unit.choices, default=Budget.Unit.EPSILON)
    accounting = serializers.ChoiceField(choices=Budget.Accounting.choices, default=Budget.Accounting.BASIC)
    period = serializers.ChoiceField(choices=Period.choices, default=Period.MONTH)
    person = serializers.CharField(
        max_length=400, default="", allow_blank=True, help_text="Column of the persons that it protects."
    )
    reason = serializers.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")


class ChargeSerializer(serializers.ModelSerializer):
    amount = serializers.SerializerMethodField()
    delta = serializers.SerializerMethodField()

    class Meta:
        model = Charge
        fields = [
            "id",
            "kind",
            "amount",
            "delta",
            "what",
            "reason",
            "release",
            "allotment",
            "event",
            "actor",
            "made_at",
        ]

    def get_amount(self, charge: Charge) -> str:
        return units.of_nano(charge.amount)

    def get_delta(self, charge: Charge) -> str:
        return units.of_pico(charge.delta)


class DrawSerializer(serializers.ModelSerializer):
    epsilon = serializers.SerializerMethodField(help_text="Of all draws so far, at the allotment's δ.")

    class Meta:
        model = Draw
        fields = ["id", "noise_multiplier", "sampling_rate", "steps", "epsilon", "actor", "made_at"]

    def get_epsilon(self, draw: Draw) -> str:
        return units.of_nano(draw.total)


class AllotmentSerializer(serializers.ModelSerializer):
    state = serializers.CharField()
    amount = serializers.SerializerMethodField()
    delta = serializers.SerializerMethodField()
    spent = serializers.SerializerMethodField()

    class Meta:
        model = Allotment
        fields = [
            "id",
            "budget",
            "name",
            "state",
            "amount",
            "delta",
            "spent",
            "accountant",
            "made_at",
            "closed_at",
        ]

    def get_amount(self, allotment: Allotment) -> str:
        return units.of_nano(allotment.amount)

    def get_delta(self, allotment: Allotment) -> str:
        return units.of_pico(allotment.delta)

    def get_spent(self, allotment: Allotment) -> str:
        return units.of_nano(allotments.spent(allotment))


class AllotSerializer(serializers.Serializer):
    budget = serializers.PrimaryKeyRelatedField(queryset=Budget.objects.exclude(data_set=None))
    name = serializers.CharField(max_length=120)
    amount = serializers.CharField(help_text="ε")
    delta = serializers.CharField()
    accountant = serializers.ChoiceField(
        choices=Allotment.Accountant.choices, default=Allotment.Accountant.RDP
    )


class DrawRequestSerializer(serializers.Serializer):
    noise_multiplier = serializers.FloatField(
        help_text="Standard deviation of the noise over the clipping norm."
    )
    sampling_rate = serializers.FloatField(help_text="The chance of each person to be in a batch.")
    steps = serializers.IntegerField()
