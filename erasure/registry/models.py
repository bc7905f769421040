"""Persons whom nothing may bring back or use: known by keyed hashes of their identifiers, never by the identifiers."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import System
from governance.console.models import User


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
    """The registry run against a restored copy before it goes live: whom it still held, and that nobody is left."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="replays")
    backup = models.ForeignKey(Backup, on_delete=models.SET_NULL, null=True, related_name="replays")
    persons = models.IntegerField(default=0)  # registered identifiers that stood in the copy
    rows = models.BigIntegerField(default=0)
    steps = models.JSONField(default=list)  # [{data_set, method, rows, left}]
    left = models.BigIntegerField(null=True)  # what the second search found; None until it ran
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "registry_replay"
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"Replay of {self.system}"

    def ledger_name(self) -> str:
        return str(self)

    @property
    def state(self) -> str:
        if self.finished_at is None:
            return "running"
        return "residual found" if self.left else "complete"
