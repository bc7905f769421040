"""Budgets of privacy loss, the ledger of what was charged to them, and the answers that were paid for.

Charges and draws are only ever added to: the database refuses to change, delete or truncate them (triggers that fire
`ALWAYS`). What is spent is their sum, and nothing else.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import DataSet
from governance.console.models import Job, User
from retention.statistics import queries, units

FIRST_DAY = date(1970, 1, 1)


class Period(models.TextChoices):
    MONTH = "month", "Each month"
    QUARTER = "quarter", "Each quarter"
    YEAR = "year", "Each year"
    ONCE = "once", "Once and for all"


MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


class Budget(models.Model):
    """How much may be learnt about any person of a data set, in a period. `limit` is in nano, `delta` in pico."""

    class Unit(models.TextChoices):
        EPSILON = queries.EPSILON, "ε (pure, or approximate with δ)"
        RHO = queries.RHO, "ρ (zero-concentrated: Gaussian noise)"

    class Accounting(models.TextChoices):
        BASIC = "basic", "Basic: amounts add up"
        PLD = "pld", "Privacy loss distributions: tighter for many small queries"

    data_set = models.OneToOneField(DataSet, on_delete=models.SET_NULL, null=True, related_name="budget")
    name = models.CharField(max_length=500)  # of the data set: it outlives it
    unit = models.CharField(max_length=8, choices=Unit.choices, default=Unit.EPSILON)
    accounting = models.CharField(max_length=8, choices=Accounting.choices, default=Accounting.BASIC)
    limit = models.BigIntegerField()
    delta = models.BigIntegerField(default=0)
    period = models.CharField(max_length=8, choices=Period.choices, default=Period.MONTH)
    # The column that tells persons apart: whom it protects is not for those who ask to choose. Empty: they do.
    person = models.CharField(max_length=400, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "statistics_budget"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(limit__gt=0, delta__gte=0), name="budget_of_something")
        ]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("statistics:budget", args=[self.pk])

    @property
    def symbol(self) -> str:
        return queries.SYMBOLS[self.unit]

    @property
    def limit_words(self) -> str:
        delta = f", δ {units.of_pico(self.delta)}" if self.delta else ""
        return f"{self.symbol} {units.of_nano(self.limit)}{delta}"

    def period_start(self, today: date) -> date:
        if self.period == Period.ONCE:
            return FIRST_DAY
        months = MONTHS[Period(self.period)]
        return date(today.year, (today.month - 1) // months * months + 1, 1)

    def renews(self, today: date) -> date | None:
        """The first day of the next period; None for one that has no end."""
        if self.period == Period.ONCE:
            return None
        start = self.period_start(today)
        month = start.month - 1 + MONTHS[Period(self.period)]
        return date(start.year + month // 12, month % 12 + 1, 1)

    def period_began(self, today: date) -> datetime:
        return timezone.make_aware(datetime.combine(self.period_start(today), time.min))


class Allotment(models.Model):
    """A share of a budget for one training run, which draws from it. Charged in full when it is made."""

    class Accountant(models.TextChoices):
        RDP = "rdp", "Rényi (RDP)"
        PLD = "pld", "Privacy loss distributions"

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="allotments")
    name = models.CharField(max_length=120)
    amount = models.BigIntegerField()
    delta = models.BigIntegerField()
    accountant = models.CharField(max_length=8, choices=Accountant.choices, default=Accountant.RDP)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "statistics_allotment"
        ordering = ["-made_at"]
        constraints = [models.UniqueConstraint(fields=["budget", "name"], name="allotment_once_in_budget")]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return f"{self.budget.name}: {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("statistics:allotment", args=[self.pk])

    @property
    def state(self) -> str:
        return "closed" if self.closed_at else "active"

    @property
    def amount_words(self) -> str:
        return f"ε {units.of_nano(self.amount)}, δ {units.of_pico(self.delta)}"


class Draw(models.Model):
    """Steps of DP-SGD that a training run declared before it made them. `total` is the ε of all draws so far."""

    allotment = models.ForeignKey(Allotment, on_delete=models.DO_NOTHING, related_name="draws")
    noise_multiplier = models.FloatField()
    sampling_rate = models.FloatField()
    steps = models.BigIntegerField()
    total = models.BigIntegerField()
    actor = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "statistics_draw"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.steps} steps"

    @property
    def total_words(self) -> str:
        return f"ε {units.of_nano(self.total)}"


class Release(models.Model):
    """One paid question and, once, its noisy answer. Asking the same in the same period shows it again for nothing."""

    class State(models.TextChoices):
        WAITING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        RETURNED = "returned", "Given back"

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="releases")
    title = models.CharField(max_length=300)
    query = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    period_start = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=500, blank=True)
    answer = models.JSONField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "statistics_release"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["budget", "fingerprint", "period_start"],
                condition=~Q(state="returned"),
                name="release_once_in_period",
            ),
            models.CheckConstraint(
                condition=Q(state="done", answer__isnull=False) | (~Q(state="done") & Q(answer__isnull=True)),
                name="release_done_has_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def ledger_name(self) -> str:
        return f"{self.budget.name}: {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("statistics:release", args=[self.pk])

    @property
    def asked(self) -> queries.Query:
        return queries.Query.from_json(self.query)

    @property
    def stopped(self) -> bool:
        """Paid for and without an answer, and nothing works on it."""
        if self.state == self.State.FAILED:
            return True
        return self.state == self.State.WAITING and (self.job is None or self.job.finished)

    @property
    def shown_state(self) -> str:
        return "stopped" if self.state == self.State.WAITING and self.stopped else self.state

    @property
    def cost(self) -> str:
        query = self.asked
        delta = f", δ {units.of_pico(query.delta)}" if query.delta else ""
        return f"{queries.SYMBOLS[query.unit]} {units.of_nano(query.amount)}{delta}"


class Charge(models.Model):
    """One line of a budget's ledger. `amount` (nano) and `delta` (pico) are below nought where it was given back.

    A release has `reserve` before anything is read, `draw` before any noise is drawn (again for each attempt), and
    `settle` with its answer. One without `draw` cannot have leaked anything: that is what `return` is for.
    """

    class Kind(models.TextChoices):
        RESERVE = "reserve", "Charged"
        DRAW = "draw", "Noise is drawn"
        SETTLE = "settle", "Answered"
        RETURN = "return", "Given back"

    budget = models.ForeignKey(Budget, on_delete=models.DO_NOTHING, related_name="charges")
    release = models.ForeignKey(Release, on_delete=models.DO_NOTHING, null=True, related_name="charges")
    allotment = models.ForeignKey(Allotment, on_delete=models.DO_NOTHING, null=True, related_name="charges")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount = models.BigIntegerField(default=0)
    delta = models.BigIntegerField(default=0)
    event = models.JSONField(default=dict)  # what an accountant composes
    what = models.CharField(max_length=300)
    reason = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "statistics_charge"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["budget", "made_at"], name="charge_by_time", include=["amount", "delta"])
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "kind"], condition=~Q(kind="draw"), name="charge_once_for_release"
            ),
            models.UniqueConstraint(fields=["allotment", "kind"], name="charge_once_for_allotment"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.what}"

    @property
    def amount_words(self) -> str:
        if not self.amount:
            return ""
        delta = f", δ {units.of_pico(self.delta)}" if self.delta else ""
        return f"{units.of_nano(self.amount)}{delta}"

    @classmethod
    def of(cls, subject: Release | Allotment) -> dict[str, Any]:
        return {"release": subject} if isinstance(subject, Release) else {"allotment": subject}
