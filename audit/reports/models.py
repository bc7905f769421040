"""Reports that are made by themselves: the schedule, each time it came due, and each place that the file goes to.

Addresses stand here and nowhere else: the ledger knows how many there are.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone

from governance.console.models import User


class Schedule(models.Model):
    """One report in one form, made again and again. It is made for who set it up, as long as they may read it."""

    class Rhythm(models.TextChoices):
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every Monday"
        MONTHLY = "monthly", "On the first of each month"

    kind = models.CharField(max_length=60)
    parameters = models.JSONField(default=dict)  # as they were typed: cleaned anew each time
    form = models.CharField(max_length=10)
    rhythm = models.CharField(max_length=8, choices=Rhythm.choices)
    window = models.BooleanField(default=False)  # only what happened since the time before
    recipients = ArrayField(models.EmailField(), default=list, blank=True)
    to_worm = models.BooleanField(default=False)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reports_schedule"
        ordering = ["stopped_at", "kind", "pk"]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(stopped_at=None), name="schedule_in_use")
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.get_rhythm_display().lower()}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("reports:schedule", args=[self.pk])

    @property
    def state(self) -> str:
        return "stopped" if self.stopped_at else "active"


class Issue(models.Model):
    """One time that a schedule came due: the file is made once, and kept until every place has it."""

    class State(models.TextChoices):
        QUEUED = "queued", "To be made"
        MADE = "made", "Made"
        FAILED = "failed", "Could not be made"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="issues")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, default=timezone.now)
    problem = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "reports_issue"
        ordering = ["-due_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["schedule", "due_at"], name="issue_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="queued"), name="issue_queued")
        ]

    def __str__(self) -> str:
        return f"{self.schedule} of {self.due_at:%Y-%m-%d}"


class Delivery(models.Model):
    """The file on its way to one place: an address, or write-once storage where there is none."""

    class State(models.TextChoices):
        QUEUED = "queued", "To be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        UNSURE = "unsure", "Not known whether it arrived"
        FAILED = "failed", "Could not be sent"

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="deliveries")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = models.EmailField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, default=timezone.now)
    problem = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reports_delivery"
        ordering = ["issue", "address"]
        constraints = [models.UniqueConstraint(fields=["issue", "address"], name="delivery_once")]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="delivery_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.issue} to {self.where}"

    @property
    def where(self) -> str:
        return self.address or "write-once storage"
