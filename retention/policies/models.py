"""How long data may live: policies, what a data set says of itself, and what is due."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalog.models import DataSet, categories, sensitivities
from governance.console.models import User


class Tier(models.TextChoices):
    """What becomes of data on their way: the nearer to the person, the shorter they live."""

    RAW = "raw", "Raw"
    PSEUDONYMOUS = "pseudonymous", "Pseudonymous"
    AGGREGATE = "aggregate", "Aggregates"
    TRAINING = "training", "Training set"
    BACKUP = "backup", "Backup"
    LOG = "log", "Audit log"


class Policy(models.Model):
    """A limit on age, for whatever its scope names. It is never changed: a new one retires it."""

    class Scope(models.TextChoices):
        """From the most to the least specific: the first that says something decides."""

        DATA_SET = "data_set", "One data set"
        TAG = "tag", "Data sets with a tag"
        CATEGORY = "category", "Data sets with a category of data"
        SENSITIVITY = "sensitivity", "Data sets with a sensitivity"
        TIER = "tier", "Data sets of a tier"
        EVERYTHING = "everything", "Every data set with personal data"

    class Bound(models.TextChoices):
        AT_MOST = "at most", "At most: then it has to go"
        AT_LEAST = "at least", "At least: a law requires it so long"

    class Unit(models.TextChoices):
        DAY = "day", "days"
        MONTH = "month", "months"
        YEAR = "year", "years"

    class Action(models.TextChoices):
        DELETE = "delete", "Delete"
        ANONYMIZE = "anonymize", "Overwrite personal fields"
        AGGREGATE = "aggregate", "Aggregate, then delete"

    name = models.CharField(max_length=120)
    scope = models.CharField(max_length=12, choices=Scope.choices)
    data_set = models.ForeignKey(
        DataSet, on_delete=models.CASCADE, null=True, blank=True, related_name="policies"
    )
    value = models.CharField(max_length=60, blank=True)  # the tag, category, sensitivity or tier
    bound = models.CharField(max_length=8, choices=Bound.choices, default=Bound.AT_MOST)
    number = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    unit = models.CharField(max_length=5, choices=Unit.choices)
    action = models.CharField(max_length=10, choices=Action.choices, default=Action.DELETE)
    reason = models.CharField(max_length=300)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    retired_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    # With it, what falls due is carried out without asking again; given by somebody other than who made the policy.
    standing_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    standing_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "policies_policy"
        ordering = ["retired_at", "scope", "name"]
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(retired_at=None), name="policy_name_once_in_force"
            ),
            models.CheckConstraint(
                condition=Q(data_set__isnull=False, scope="data_set")
                | (Q(data_set__isnull=True) & ~Q(scope="data_set")),
                name="policy_names_its_scope",
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="policy_has_a_period"),
        ]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("policies:policy", args=[self.pk])

    @property
    def state(self) -> str:
        return "retired" if self.retired_at else "active"

    @property
    def period(self) -> str:
        """`30 days`, `1 year`."""
        unit = self.get_unit_display()
        return f"{self.number} {unit[:-1] if self.number == 1 else unit}"

    @property
    def covers(self) -> str:
        """In words: what it is about."""
        named: dict[str, dict[str, str]] = {
            self.Scope.CATEGORY: dict(categories()),
            self.Scope.SENSITIVITY: dict(sensitivities()),
            self.Scope.TIER: dict(Tier.choices),
        }
        if self.scope == self.Scope.DATA_SET:
            return str(self.data_set)
        return named.get(self.scope, {}).get(self.value, self.value) or self.get_scope_display()


class Terms(models.Model):
    """What is known of a data set that policies ask for: its tier, its tags, and which column tells a row's age."""

    data_set = models.OneToOneField(DataSet, on_delete=models.CASCADE, related_name="terms")
    tier = models.CharField(max_length=12, choices=Tier.choices, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    age_column = models.TextField(blank=True)
    # For a policy that aggregates before it deletes: {group_by: [...], aggregates: [{column, function}], outlet, name}
    aggregate = models.JSONField(default=dict, blank=True)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "policies_terms"
        verbose_name_plural = "terms"

    def __str__(self) -> str:
        return str(self.data_set)

    def ledger_name(self) -> str:
        return str(self)


class Due(models.Model):
    """What the last count found in one data set: rows older than its policy allows."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        NOTHING = "nothing due", "Nothing due"
        HELD = "held", "Held"
        CONFLICT = "conflict", "Conflict"
        UNKNOWN = "unknown", "Cannot tell"

    data_set = models.OneToOneField(DataSet, on_delete=models.CASCADE, related_name="due")
    policy = models.ForeignKey(Policy, on_delete=models.SET_NULL, null=True, related_name="due")
    state = models.CharField(max_length=12, choices=State.choices)
    before = models.DateTimeField(null=True)  # rows from before this moment are due
    rows = models.BigIntegerField(null=True)
    why = models.CharField(max_length=500, blank=True)
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "policies_due"
        ordering = ["-rows", "data_set__system__name", "data_set__name"]
        verbose_name_plural = "due"
        indexes = [models.Index(fields=["state"], name="due_by_state")]

    def __str__(self) -> str:
        return str(self.data_set)

    def get_absolute_url(self) -> str:
        return reverse("policies:data_set", args=[self.data_set_id])
