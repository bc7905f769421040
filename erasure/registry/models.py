"""Persons whom nothing may bring back or use: known by keyed hashes of their identifiers, never by the identifiers."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import DataSet, System
from erasure.models import Plan
from governance.console.models import Job, User


class Registration(models.Model):
    """One identifier of one person, and what follows from their request."""

    class Effect(models.TextChoices):
        ERASED = "erased", "Erased"  # must not be in a restored copy or a training set
        RESTRICTED = "restricted", "Restricted"  # stored, but not used: Art. 18
        OBJECTED = "objected", "Objected"  # not used for `purpose`: Art. 21
        OPTED_OUT = "opted out", "Opted out"  # not sold or shared

    effect = models.CharField(max_length=10, choices=Effect.choices)
    category = models.CharField(max_length=60)
    lookup = models.BinaryField(max_length=32)  # `governance.keyring.lookups.lookup_of(category, value)`
    purpose = models.CharField(max_length=160, blank=True)  # empty: all
    request = models.CharField(max_length=20)  # its reference, which outlives the request
    since = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "registry_registration"
        ordering = ["-since", "-pk"]
        indexes = [models.Index(fields=["lookup"], name="registration_by_lookup")]
        constraints = [
            models.UniqueConstraint(
                fields=["effect", "category", "lookup", "purpose"],
                condition=Q(lifted_at=None),
                name="registered_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.get_effect_display()}"


class Backup(models.Model):
    """One copy of a system kept elsewhere: until it is destroyed it holds whoever was erased after it was made."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="backups")
    name = models.CharField(max_length=120)
    place = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    kept_until = models.DateField()
    destroyed_at = models.DateTimeField(null=True)  # confirmed, not assumed
    noted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    noted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "registry_backup"
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["system", "name"], name="backup_once_per_system"),
            models.CheckConstraint(
                condition=Q(kept_until__gte=F("made_at__date")), name="backup_ends_after_it_is_made"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.system}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("registry:backup", args=[self.pk])

    @property
    def state(self) -> str:
        if self.destroyed_at:
            return "destroyed"
        return "overdue" if self.kept_until < timezone.localdate() else "kept"


class Replay(models.Model):
    """The registry run against a restored copy before it goes live: whom it still held, and that nobody is left.

    The copy has the structure of `system`. It lies where the system does, or at the address in `settings`.
    """

    class State(models.TextChoices):
        LOOKING = "looking", "Looking"
        ASKING = "asking", "Questions to answer"
        BLOCKED = "blocked", "Blocked"
        PLANNED = "planned", "Awaiting approval"
        EXECUTING = "executing", "Erasing again"
        COMPLETE = "complete", "Holds nobody"
        RESIDUAL = "residual found", "Residual found"
        REJECTED = "rejected", "Rejected"
        OVERTAKEN = "overtaken", "Overtaken"
        FAILED = "failed", "Failed"

    OPEN = (State.LOOKING, State.ASKING, State.BLOCKED, State.PLANNED, State.EXECUTING)

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="replays")
    backup = models.ForeignKey(Backup, on_delete=models.SET_NULL, null=True, related_name="replays")
    settings = models.JSONField(null=True)  # of the copy, where it lies elsewhere; without its secrets
    secrets = models.BinaryField(null=True)  # sealed as those of the system
    state = models.CharField(max_length=16, choices=State.choices, default=State.LOOKING)
    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, null=True, related_name="replay")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    persons = models.IntegerField(default=0)  # registered persons who stood in the copy
    rows = models.BigIntegerField(default=0)  # rows that were to change for them
    steps = models.JSONField(default=list)  # [{data_set, method, rows, left, why}]
    newer = models.JSONField(default=list)  # [{data_set, rows}]: since the erasure, and so left alone
    unsearched = models.JSONField(default=list)  # [{data_set, problem}]
    left = models.BigIntegerField(null=True)  # what the last search found; None until it ran
    problem = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "registry_replay"
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.reference}, {self.system}"

    def ledger_name(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("registry:replay", args=[self.pk])

    @property
    def reference(self) -> str:
        return f"RP-{self.started_at.year}-{self.pk:05d}"

    @property
    def where(self) -> str:
        """Where the copy lies, in a word."""
        return "elsewhere" if self.settings is not None else "in the place of the system"


class ReplayQuestion(models.Model):
    """What the copy does not tell by itself, and an officer does: whether rows are to be erased or left alone."""

    class Why(models.TextChoices):
        UNDATED = "undated", "Nothing says whether the rows are from before the erasure"
        NEWER = "newer", "Rows from after the erasure hang on rows from before it"
        DOUBT = "doubt", "The identifier stands in the rows of many"

    class Answer(models.TextChoices):
        ERASE = "erase", "Erase them"
        LEAVE = "leave", "Leave them alone"

    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="questions")
    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="+")
    why = models.CharField(max_length=8, choices=Why.choices)
    category = models.CharField(max_length=60, blank=True)  # of the identifier, where that is in doubt
    persons = models.IntegerField(default=0)
    rows = models.BigIntegerField()
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=5, choices=Answer.choices, blank=True)
    reason = models.CharField(max_length=250, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "registry_replay_question"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["replay", "data_set", "why", "category"], name="replay_asks_once")
        ]

    def __str__(self) -> str:
        whose = f"{self.persons:,} person{'' if self.persons == 1 else 's'}"
        return f"{self.get_why_display()}: {self.rows:,} rows of {self.data_set}, of {whose}."
