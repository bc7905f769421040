"""What people ask for, and the plans that destroy.

Everything about the person is sealed; what is in clear are counts, names of data sets, states and times.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import DataSet, categories
from governance.console.models import Job, User
from governance.keyring.sealing import open_json, seal_json
from retention.models import Hold


class SubjectRequest(models.Model):
    """One request of one data subject, from intake to proof."""

    class Kind(models.TextChoices):
        ACCESS = "access", "Access, Art. 15"
        ERASURE = "erasure", "Erasure, Art. 17"

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        IDENTITY_PENDING = "identity pending", "Identity pending"
        VERIFIED = "verified", "Identity verified"
        SEARCHING = "searching", "Searching"
        FOUND = "found", "Data found"
        PLANNED = "planned", "Awaiting approval"
        APPROVED = "approved", "Approved"
        EXECUTING = "executing", "Executing"
        COMPLETE = "complete", "Complete"
        RESIDUAL = "residual found", "Residual found"
        FAILED = "failed", "Failed"
        REJECTED = "rejected", "Rejected"

    class Channel(models.TextChoices):
        FORM = "form", "Public form"
        OFFICER = "officer", "Entered by an officer"
        API = "api", "API"

    ENDED = (State.COMPLETE, State.REJECTED)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=20, choices=State.choices, default=State.RECEIVED)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    regime = models.CharField(max_length=40, default="EU-GDPR")
    received_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    extended = models.BooleanField(default=False)
    extension_reason = models.CharField(max_length=300, blank=True)
    subject = models.CharField(max_length=60)  # keyed reference, as in the ledger
    verified_at = models.DateTimeField(null=True)
    verified_how = models.CharField(max_length=200, blank=True)
    handled_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    problem = models.CharField(max_length=500, blank=True)
    searched_at = models.DateTimeField(null=True)
    unsearched = models.JSONField(default=list)  # [{data_set, problem}]: what the search could not look into
    residue = models.JSONField(default=list)  # [{data_set, rows, how}]: what the last verification found
    outcome = models.CharField(max_length=300, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_request"
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "due_on"], name="request_by_state"),
            models.Index(fields=["subject"], name="request_by_subject"),
        ]

    def __str__(self) -> str:
        return self.reference

    def ledger_name(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("erasure:request", args=[self.pk])

    @property
    def ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def overdue(self) -> bool:
        return not self.ended and self.due_on < timezone.localdate()


class Identifier(models.Model):
    """Something the person says identifies them: sealed, and found again by its keyed hash."""

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="identifiers")
    category = models.CharField(max_length=60, choices=categories)
    lookup = models.BinaryField(max_length=32)
    sealed = models.BinaryField(null=True)
    verified = models.BooleanField(default=False)

    class Meta:
        db_table = "erasure_identifier"
        constraints = [
            models.UniqueConstraint(fields=["request", "category", "lookup"], name="identifier_once")
        ]
        indexes = [models.Index(fields=["lookup"], name="identifier_by_lookup")]

    def set_value(self, value: str) -> None:
        self.sealed = seal_json(value, purpose="identifier", bound_to=str(self.request.public_id))

    @property
    def value(self) -> str:
        """The identifier in clear; empty once it has been destroyed."""
        if self.sealed is None:
            return ""
        return open_json(self.sealed, purpose="identifier", bound_to=str(self.request.public_id))


class IdentityCheck(models.Model):
    """One signed link sent to the person: proof that they control the address."""

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="identity_checks")
    digest = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_identity_check"
        ordering = ["-sent_at"]


class Hit(models.Model):
    """The person's rows in one data set: which keys (sealed), how many, and the routes that led there.

    Stored before the first write, so that an attempt that fails half way never loses the person.
    """

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="hits")
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="+")
    depth = models.IntegerField()  # 0: an identifier stands in the row itself
    rows = models.BigIntegerField()
    routes = ArrayField(models.TextField())
    sealed_keys = models.BinaryField(null=True)
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "erasure_hit"
        ordering = ["depth", "data_set__system__name", "data_set__name"]
        constraints = [models.UniqueConstraint(fields=["request", "data_set"], name="hit_once_per_request")]


class Plan(models.Model):
    """What is to be done, exactly. Approved by its fingerprint by somebody other than who made it."""

    class State(models.TextChoices):
        BLOCKED = "blocked", "Blocked"
        PROPOSED = "proposed", "Awaiting approval"
        APPROVED = "approved", "Approved"
        EXECUTING = "executing", "Executing"
        EXECUTED = "executed", "Executed"
        STALE = "stale", "Overtaken"
        REJECTED = "rejected", "Rejected"
        STOPPED = "stopped", "Stopped"

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="plans")
    number = models.IntegerField()
    state = models.CharField(max_length=10, choices=State.choices)
    fingerprint = models.CharField(max_length=64)
    problems = models.JSONField(default=list)  # [{where, message, remedy}]: why it cannot be carried out
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_plan"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="plan_number_once"),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(state__in=["proposed", "approved", "executing"]),
                name="one_plan_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request.reference} plan {self.number}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("erasure:plan", args=[self.request_id, self.number])

    @property
    def rows(self) -> int:
        return sum(step.rows_before for step in self.steps.all())


class Step(models.Model):
    """One data set of a plan: which method, which columns, how many rows, and what came of it."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="steps")
    position = models.IntegerField()
    hit = models.ForeignKey(Hit, on_delete=models.PROTECT, related_name="steps")
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=20)
    identity = models.BooleanField(default=False)
    replacements = models.JSONField(default=dict)  # {column: {value, unique}}; empty for whole rows
    written = models.JSONField(default=list)  # the columns that held something when their turn came
    kept = models.JSONField(default=list)  # [{column, why}] that keep their values although personal
    reason = models.CharField(max_length=400, blank=True)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, null=True, related_name="+")
    schema_digest = models.CharField(max_length=64)
    keys_digest = models.CharField(max_length=64)
    rows_before = models.BigIntegerField()
    rows_after = models.BigIntegerField(null=True)  # rows that still hold the person, read back
    cursor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    problem = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_step"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="step_position_once")]


class Package(models.Model):
    """The answer to an access request: a ZIP of JSON and HTML, sealed part by part, until it expires."""

    request = models.OneToOneField(SubjectRequest, on_delete=models.CASCADE, related_name="package")
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    link_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    downloads = models.IntegerField(default=0)

    class Meta:
        db_table = "erasure_package"

    @property
    def available(self) -> bool:
        return self.expires_at > timezone.now()


class PackagePart(models.Model):
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "erasure_package_part"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["package", "number"], name="part_once")]
