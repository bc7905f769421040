"""Runs of anonymization: what was decided, what was done, and where it went. Rows are kept as the record of it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from catalog.models import System
from governance.console.models import Job, User
from governance.keyring.sealing import open_json, seal_json
from retention.anonymization.rules import RuleSet


class Run(models.Model):
    """One job: the source, the rules that every column got and why, and what came of it."""

    class Outcome(models.TextChoices):
        DELIVERED = "delivered", "Delivered"
        REFUSED = "refused", "Refused by validation"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="anonymization")
    source = models.CharField(max_length=1000)
    source_spec = models.JSONField()
    destination = models.CharField(max_length=1000)
    destination_spec = models.JSONField()
    overwrite = models.BooleanField(default=False)
    use = models.CharField(max_length=100)
    contract = models.CharField(max_length=300, blank=True)  # name and version
    runner = models.CharField(max_length=40)
    rules = models.JSONField()
    fingerprint = models.CharField(max_length=64)  # of the rules
    watched = ArrayField(models.TextField(), default=list)  # columns none of whose values may come out
    types = models.JSONField(default=dict)  # what the contract says of columns that are text in their store
    columns = models.JSONField(default=dict)  # what was known of each column when it was decided
    person_category = models.CharField(
        max_length=60, blank=True
    )  # what the catalog calls the person's identifier
    keys = models.JSONField(default=dict)  # the pinned versions; never a key
    plan = models.JSONField(default=dict)  # parts, schema and stamp of the source, once the run has begun
    record_count = models.BigIntegerField(null=True)
    validation = models.JSONField(default=dict)
    location = models.CharField(max_length=1000, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=12, blank=True, choices=Outcome.choices)
    problem = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    operator = models.CharField(
        max_length=80, blank=True
    )  # the ledger's name of who asked; outlives the user
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "anonymization_run"
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["location", "-finished_at"], name="anonymization_by_location")]

    def __str__(self) -> str:
        return f"{self.source} → {self.destination}"

    def ledger_name(self) -> str:
        return self.source

    def get_absolute_url(self) -> str:
        return reverse("anonymization:job", args=[self.pk])

    @property
    def state(self) -> str:
        """Its outcome; until there is one, that of its job."""
        return self.outcome or (self.job.state if self.job else "failed")

    @property
    def rule_set(self) -> RuleSet:
        return RuleSet.from_json(self.rules)

    def set_rules(self, rules: RuleSet) -> None:
        self.rules, self.fingerprint = rules.as_json(), rules.fingerprint

    @property
    def resumable(self) -> bool:
        """Whether it may go on from what is staged, or begin again."""
        ended = self.job is None or self.job.finished
        return ended and self.outcome in ("", self.Outcome.FAILED)


class RunPart(models.Model):
    """One part in the hands of workers: taken by a conditional UPDATE, by one at a time; `attempt` fences."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        TAKEN = "taken", "Taken"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempt = models.IntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "anonymization_part"
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="anonymization_part_once")]


class Touched(models.Model):
    """A piece of the sorted array of truncated keyed hashes of the persons a run processed; 8 bytes each, big-endian.

    `first` is the first of them, as the signed number that sorts as the hashes do.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="touched")
    first = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        db_table = "anonymization_touched"
        constraints = [models.UniqueConstraint(fields=["run", "first"], name="anonymization_touched_once")]


class Outlet(models.Model):
    """A system that jobs may deliver to: `inside` is the schema, folder or prefix that they are kept to."""

    system = models.OneToOneField(System, on_delete=models.CASCADE, related_name="outlet")
    inside = models.CharField(max_length=400, blank=True)
    allowed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    allowed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "anonymization_outlet"
        ordering = ["system__name"]

    def __str__(self) -> str:
        return f"{self.system.name}: {self.inside}" if self.inside else self.system.name

    def ledger_name(self) -> str:
        return str(self)


class Sink(models.Model):
    """Who is told when a job has ended: a webhook, or a topic of a Kafka system of the catalog."""

    name = models.CharField(max_length=80, unique=True)
    url = models.URLField(max_length=400, blank=True)
    secret = models.BinaryField(null=True)
    system = models.ForeignKey(System, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    topic = models.CharField(max_length=249, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "anonymization_sink"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(url="", system__isnull=False) & ~models.Q(topic="")
                | ~models.Q(url="") & models.Q(system=None, topic=""),
                name="anonymization_sink_is_one_or_the_other",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    @property
    def where(self) -> str:
        """In words. Of an address no more than the host: what follows is often the secret of whoever gave it."""
        if not self.url:
            return f"{self.system}: {self.topic}"
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"

    def set_secret(self, secret: str) -> None:
        """Needs a primary key."""
        self.secret = seal_json({"secret": secret}, purpose="sink", bound_to=str(self.pk))

    def opened_secret(self) -> str:
        """Raises CannotOpen where the key ring is not the one it was sealed with."""
        if not self.secret:
            return ""
        opened: dict[str, Any] = open_json(bytes(self.secret), purpose="sink", bound_to=str(self.pk))
        return opened["secret"]


class Notice(models.Model):
    """An event on its way to a sink: written with what it tells of, sent at least once, kept when it was."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="notices")
    sink = models.ForeignKey(Sink, on_delete=models.CASCADE, related_name="notices")
    body = models.JSONField()
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "anonymization_notice"
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(sent_at=None), name="anonymization_notice_due")
        ]
