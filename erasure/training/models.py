"""What models were trained on: versions of training sets, who is in them, who must not be any more."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import categories
from governance.console.models import User
from retention.anonymization.models import Run as AnonymizationRun


class TrainingSet(models.Model):
    """One training set in all its versions; `category` is what its persons are told apart by."""

    name = models.CharField(max_length=120, unique=True)
    category = models.CharField(max_length=60, choices=categories)
    purpose = models.CharField(max_length=160, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "training_set"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("training:set", args=[self.pk])


class Version(models.Model):
    """One version, never changed: its file's digest, its persons' hashes, what was left out, and on what consent.

    `consent_digest` is the SHA-256 over the sorted keyed hashes of the persons who had consented when it was made: the
    snapshot can be checked against a list of persons without being one.
    """

    training_set = models.ForeignKey(TrainingSet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    persons = models.BigIntegerField()
    left_out = models.BigIntegerField()  # rows of registered persons that were not taken in
    without_consent = models.BigIntegerField(default=0)  # rows not taken in for want of consent
    method = models.CharField(max_length=160)  # how it was de-identified, in words
    anonymized_by = models.ForeignKey(
        AnonymizationRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    consent_at = models.DateTimeField(null=True)
    consent_persons = models.BigIntegerField(null=True)
    consent_digest = models.CharField(max_length=64, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "training_version"
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["training_set", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.training_set} version {self.number}"

    def ledger_name(self) -> str:
        return str(self)

    @property
    def excluded(self) -> int:
        return self.exclusions.count()

    @property
    def state(self) -> str:
        """Whether it may be trained on: a version with excluded persons is not, since they are still in its file."""
        return "blocked" if self.excluded else "ready"


class Persons(models.Model):
    """A piece of the sorted keyed hashes (uint64, big-endian) of a version's persons."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="pieces")
    first = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        db_table = "training_persons"
        indexes = [models.Index(fields=["version", "-first"], name="training_persons_by_first")]


class Exclusion(models.Model):
    """A person of a version who must not be trained on any more, by the hash in it, and whose request says so."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="exclusions")
    hash = models.BigIntegerField()
    request = models.CharField(max_length=20)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "training_exclusion"
        ordering = ["-since"]
        constraints = [models.UniqueConstraint(fields=["version", "hash"], name="excluded_once")]


class TrainedModel(models.Model):
    """A model that was trained on a version; `retrain_since` puts it into the queue."""

    name = models.CharField(max_length=120)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="models")
    trained_at = models.DateTimeField(default=timezone.now)
    retrain_since = models.DateTimeField(null=True)
    retrain_because = models.CharField(max_length=300, blank=True)  # references of requests
    replaced_at = models.DateTimeField(null=True)  # by a model of the same name on another version
    noted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "training_model"
        ordering = ["retrain_since", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(replaced_at=None), name="model_name_once_in_use"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def ledger_name(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.replaced_at:
            return "replaced"
        return "to be retrained" if self.retrain_since else "in use"
