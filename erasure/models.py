"""What people ask for, and the plans that destroy.

Everything about the person is sealed; what is in clear are counts, names of data sets, states and times.
"""

import uuid
from datetime import date, timedelta

from django.conf import settings
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
        RECTIFICATION = "rectification", "Rectification, Art. 16"
        ERASURE = "erasure", "Erasure, Art. 17"
        RESTRICTION = "restriction", "Restriction, Art. 18"
        PORTABILITY = "portability", "Portability, Art. 20"
        OBJECTION = "objection", "Objection, Art. 21"
        OPT_OUT = "opt out", "Opt-out of sale and sharing"

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        IDENTITY_PENDING = "identity pending", "Identity pending"
        VERIFIED = "verified", "Identity verified"
        SEARCHING = "searching", "Searching"
        FOUND = "found", "Data found"
        PLANNED = "planned", "Awaiting approval"
        APPROVED = "approved", "Approved"
        EXECUTING = "executing", "Executing"
        WAITING = "waiting", "Waiting for systems"
        COMPLETE = "complete", "Complete"
        RESIDUAL = "residual found", "Residual found"
        FAILED = "failed", "Failed"
        REJECTED = "rejected", "Rejected"

    class Channel(models.TextChoices):
        FORM = "form", "Public form"
        OFFICER = "officer", "Entered by an officer"
        API = "api", "API"
        FILE = "file", "CSV file"
        DRP = "drp", "Data Rights Protocol"
        OPENDSR = "opendsr", "OpenDSR"

    class Ground(models.TextChoices):
        """Art. 17(1) GDPR: why data must be erased."""

        NO_LONGER_NECESSARY = "a", "No longer necessary, Art. 17(1)(a)"
        CONSENT_WITHDRAWN = "b", "Consent withdrawn, Art. 17(1)(b)"
        OBJECTION = "c", "Objection, Art. 17(1)(c)"
        UNLAWFUL = "d", "Unlawful processing, Art. 17(1)(d)"
        LEGAL_OBLIGATION = "e", "Legal obligation to erase, Art. 17(1)(e)"
        CHILD = "f", "Collected from a child, Art. 17(1)(f)"

    class Appeal(models.TextChoices):
        """Where a law lets a person appeal against the answer, to the controller itself."""

        OPEN = "open", "Appeal to be decided"
        GRANTED = "granted", "Appeal granted"
        REFUSED = "refused", "Appeal refused"

    ENDED = (State.COMPLETE, State.REJECTED)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    ground = models.CharField(max_length=1, choices=Ground.choices, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.RECEIVED)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    regime = models.CharField(max_length=40, default="EU-GDPR")
    received_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    extended = models.BooleanField(default=False)
    extension_reason = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=8, default="en")
    acknowledge_by = models.DateField(null=True)  # where the regime asks for an acknowledgement
    acknowledged_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)  # the clock stands since then
    pause_reason = models.CharField(max_length=300, blank=True)
    paused_days = models.IntegerField(default=0)  # of pauses that are over
    started_on = models.DateField(null=True)  # the clock's first day, where it is not the day of receipt
    clock_waits = models.BooleanField(default=False)  # until the identity is proven, where the regime says so
    appeal = models.CharField(max_length=8, choices=Appeal.choices, blank=True)
    appealed_at = models.DateTimeField(null=True)
    expedited = models.BooleanField(default=False)  # stands first in the list
    assigned_to = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    duplicate_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="duplicates")
    subject = models.CharField(max_length=60)  # keyed reference, as in the ledger
    verified_at = models.DateTimeField(null=True)
    verified_how = models.CharField(max_length=200, blank=True)
    handled_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    problem = models.CharField(max_length=500, blank=True)
    searched_at = models.DateTimeField(null=True)
    unsearched = models.JSONField(default=list)  # [{data_set, problem}]: what the search could not look into
    unreached = models.JSONField(
        default=list
    )  # [{data_set, why}]: personal, and no identifier or link leads there
    residue = models.JSONField(default=list)  # [{data_set, rows, how}]: what the last verification found
    outcome = models.CharField(max_length=300, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    reopened = models.IntegerField(default=0)  # how many times
    look_again_at = models.DateTimeField(null=True)  # after completion: data come back

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
        return not self.ended and not self.clock_stands and self.due_on < timezone.localdate()

    @property
    def clock_stands(self) -> bool:
        """Whether no time passes: paused, or not started yet."""
        return self.paused_at is not None or self.clock_waits

    @property
    def target_on(self) -> date:
        """By when it ought to be answered, some days before it must."""
        return self.due_on - timedelta(days=settings.REQUEST_TARGET_DAYS)

    @property
    def acknowledgement_missing(self) -> bool:
        return self.acknowledge_by is not None and self.acknowledged_at is None and not self.ended


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
    """One link or code sent to the person: proof that they control the address."""

    class Method(models.TextChoices):
        LINK = "link", "Link"
        CODE = "code", "Code"

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="identity_checks")
    ticket = models.CharField(max_length=43, blank=True)  # the page where a code is entered
    method = models.CharField(max_length=4, choices=Method.choices, default=Method.LINK)
    asked_by = models.CharField(max_length=32, blank=True)  # staff, console, or a keyed hash of a network
    attempts = models.IntegerField(default=0)  # at a code
    digest = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_identity_check"
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=~Q(ticket=""), name="ticket_once")
        ]


class Hit(models.Model):
    """The person's rows in one data set: which keys (sealed), how many, and the routes that led there.

    Stored before the first write, so that an attempt that fails half way never loses the person.
    """

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="hits")
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="+")
    depth = models.IntegerField()  # 0: an identifier stands in the row itself
    rows = models.BigIntegerField()
    shared = models.BigIntegerField(default=0)  # rows beside these that are the person's and others' too
    accessed = models.BigIntegerField(default=0)  # rows that are others', and shown to the person
    routes = ArrayField(models.TextField())
    sealed_keys = models.BinaryField(null=True)
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "erasure_hit"
        ordering = ["depth", "data_set__system__name", "data_set__name"]
        constraints = [models.UniqueConstraint(fields=["request", "data_set"], name="hit_once_per_request")]


WITH_ROWS = Q(rows__gt=0) | Q(shared__gt=0)  # hits with rows that are the person's own


class Question(models.Model):
    """Why the search for a request's person stopped, and what an officer answered: see `erasure.doubting`."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "The rows are this person's"
        EXCLUDED = "excluded", "Do not look for the identifier there"

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, related_name="questions")
    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="+")
    category = models.CharField(max_length=60, choices=categories)  # of the identifier
    column = models.CharField(max_length=400)
    rows = models.BigIntegerField()
    of_rows = models.BigIntegerField(default=0)  # how many there are, where the share is what is odd
    numbering = models.CharField(max_length=400, blank=True)  # the column that has several values
    values = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_question"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "data_set", "category"], name="question_once_per_data_set"
            )
        ]

    def __str__(self) -> str:
        where = f"The {self.get_category_display().lower()} stands in {self.rows:,}"
        if self.of_rows:
            where += f" of {self.of_rows:,}"
        found = f"{where} rows of {self.data_set} ({self.column})"
        if self.numbering:
            return f"{found}, which have {self.values:,} different values of {self.numbering}."
        return f"{found}, {self.rows / max(self.of_rows, 1):.0%} of all."

    def ledger_name(self) -> str:
        return f"{self.request}: {self.data_set}"


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

    request = models.ForeignKey(SubjectRequest, on_delete=models.CASCADE, null=True, related_name="plans")
    title = models.CharField(max_length=120, blank=True)  # of a plan that no person asked for
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
        return f"{self.request.reference} plan {self.number}" if self.request else self.title

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("erasure:plan", args=[self.request_id, self.number])

    @property
    def subject(self) -> str:
        """The keyed reference of the person it is about; empty where it is about no one in particular."""
        return self.request.subject if self.request else ""

    @property
    def rows(self) -> int:
        return sum(step.rows_before for step in self.steps.all())


class Step(models.Model):
    """One thing a plan does: a method on rows of one data set, or a measure beside the stores (`hit` is null).

    `target` says in words what a measure acts on; `facts` holds names and counts, never a value of a person. What is
    personal (the new value of a rectified field) is in `sealed`.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"  # for a store's own time, a custodian, a recipient: asked again
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="steps")
    position = models.IntegerField()
    hit = models.ForeignKey(Hit, on_delete=models.PROTECT, null=True, related_name="steps")
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, null=True, related_name="+")
    target = models.CharField(max_length=200, blank=True)
    method = models.CharField(max_length=20)
    facts = models.JSONField(default=dict)
    condition = models.JSONField(default=dict)  # {column, before}: rows by their age
    sealed = models.BinaryField(null=True)
    identity = models.BooleanField(default=False)
    replacements = models.JSONField(default=dict)  # {column: {value, unique}}; empty for whole rows
    written = models.JSONField(default=list)  # the columns that held something when their turn came
    kept = models.JSONField(default=list)  # [{column, why}] that keep their values although personal
    reason = models.CharField(max_length=400, blank=True)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, null=True, related_name="+")
    schema_digest = models.CharField(max_length=64, blank=True)
    keys_digest = models.CharField(max_length=64, blank=True)
    rows_before = models.BigIntegerField(default=0)
    rows_after = models.BigIntegerField(null=True)  # rows that still hold the person, read back
    cursor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    problem = models.CharField(max_length=500, blank=True)
    waits_for = models.CharField(max_length=300, blank=True)
    waits_until = models.DateTimeField(null=True)  # when the store itself removes the rest, if it says so
    check_at = models.DateTimeField(null=True)  # when a waiting step is looked at again
    attempts = models.IntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "erasure_step"
        ordering = ["position"]
        indexes = [
            models.Index(fields=["check_at"], condition=Q(state="waiting"), name="step_waiting"),
        ]
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="step_position_once")]

    @property
    def part(self) -> str:
        """Which of the rows of the data set it is about: a part of the key set, as `KeySet.part` takes it."""
        return str(self.facts.get("part", ""))


class Package(models.Model):
    """A copy of the person's data: a ZIP file, sealed part by part, until it expires. Not whole without `sha256`."""

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
        """Whether it is whole, and can still be fetched."""
        return bool(self.sha256) and self.expires_at > timezone.now()


class PackagePart(models.Model):
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "erasure_package_part"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["package", "number"], name="part_once")]
